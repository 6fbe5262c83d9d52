import type { Config } from '../core/policy/config';
import { decide } from '../core/policy/decide';
import { readRetentionTags } from '../core/policy/tags';
import type { EvaluatedSnapshot, Inventory } from '../core/report/report-model';
import type { Problem } from '../core/snapshot/snapshot';

/** What the tags of an account say of a configuration. */
export interface AccountCheck {
  /** Tags that cannot be followed, each once, snapshots' before sources'. */
  readonly tagProblems: readonly Problem[];
  /** What else could not be read or evaluated. */
  readonly otherProblems: readonly Problem[];
  readonly snapshots: number;
  /** How many snapshots each policy evaluates, the most first; inline ones by what their tags spell. */
  readonly policies: readonly PolicyCount[];
  /** Rules that give no snapshot its policy now. */
  readonly idleRules: readonly string[];
  readonly held: number;
  readonly unmanaged: number;
}

export interface PolicyCount {
  readonly name: string;
  readonly snapshots: number;
  /** True where every one of them has it by a tag. */
  readonly byTagsOnly: boolean;
}

function policyCounts(items: readonly EvaluatedSnapshot[]): readonly PolicyCount[] {
  const counts = new Map<string, { name: string; snapshots: number; byTagsOnly: boolean }>();
  for (const { policy } of items) {
    if (policy === null) continue;
    const entry = counts.get(policy.id) ?? { name: policy.name, snapshots: 0, byTagsOnly: true };
    entry.snapshots += 1;
    entry.byTagsOnly &&= policy.origin === 'snapshot-tag' || policy.origin === 'source-tag';
    counts.set(policy.id, entry);
  }
  return [...counts.values()].sort((a, b) => b.snapshots - a.snapshots || (a.name < b.name ? -1 : 1));
}

/** Sources without a snapshot count too: their tags are wrong before the first snapshot is made. */
function sourceProblems({ sourceList, sources }: Inventory, config: Config): readonly Problem[] {
  return sourceList.flatMap(({ arn, name }) => {
    const source = sources(arn);
    if (source.state !== 'exists') return [];
    return readRetentionTags(source.tags, 'source', config).problems.map(({ code, message }) => ({
      code,
      arn,
      message: `source ${name ?? arn}: ${message}`,
    }));
  });
}

const isTagProblem = ({ code }: Problem): boolean => code.startsWith('tag.');

/** Reads every tag of an inventory against a configuration. Pure; `now` is epoch ms. */
export function checkAccount(inventory: Inventory, config: Config, now: number): AccountCheck {
  const { items, problems } = decide({ snapshots: inventory.snapshots, sources: inventory.sources, config, now });
  const all = [...problems, ...sourceProblems(inventory, config)].filter(isTagProblem);
  const tagProblems = [...new Map(all.map((problem) => [`${problem.arn} ${problem.message}`, problem])).values()];
  const matched = new Set(items.flatMap(({ policy }) => policy?.rule ?? []));
  return {
    tagProblems,
    otherProblems: [...inventory.problems, ...problems.filter((problem) => !isTagProblem(problem))],
    snapshots: items.length,
    policies: policyCounts(items),
    idleRules: config.rules.map(({ name }) => name).filter((name) => !matched.has(name)),
    held: items.filter(({ status }) => status === 'held').length,
    unmanaged: items.filter(({ status }) => status === 'unmanaged').length,
  };
}

/** The checks of several accounts as one: a rule is idle only if it is idle in each of them. */
export function uniteChecks(checks: readonly AccountCheck[], { rules }: Pick<Config, 'rules'>): AccountCheck {
  const counts = new Map<string, PolicyCount>();
  for (const { name, snapshots, byTagsOnly } of checks.flatMap(({ policies }) => policies)) {
    const known = counts.get(name);
    counts.set(name, {
      name,
      snapshots: snapshots + (known?.snapshots ?? 0),
      byTagsOnly: byTagsOnly && (known?.byTagsOnly ?? true),
    });
  }
  const sum = (of: (check: AccountCheck) => number): number => checks.reduce((total, check) => total + of(check), 0);
  return {
    tagProblems: checks.flatMap(({ tagProblems }) => tagProblems),
    otherProblems: checks.flatMap(({ otherProblems }) => otherProblems),
    snapshots: sum(({ snapshots }) => snapshots),
    policies: [...counts.values()].sort((a, b) => b.snapshots - a.snapshots || (a.name < b.name ? -1 : 1)),
    idleRules: rules
      .map(({ name }) => name)
      .filter((name) => checks.every(({ idleRules }) => idleRules.includes(name))),
    held: sum(({ held }) => held),
    unmanaged: sum(({ unmanaged }) => unmanaged),
  };
}

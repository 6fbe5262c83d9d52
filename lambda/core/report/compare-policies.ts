import type { Config, ConfigOrigin, Pricing } from '../policy/config';
import type { Kind } from '../snapshot/snapshot';
import { longestGapDays, wholeDaysBetween } from '../time/ages';
import { compareText } from '../util/compare-text';
import type { EvaluatedSnapshot, ListName, Report, Totals, Verdict } from './report-model';
import type { RollUpAccount } from './roll-up';

/**
 * The decisions of one configuration. `items` are in the order of the inventory, which is the same for all
 * configurations.
 */
export interface EvaluatedPolicy extends ConfigOrigin {
  readonly totals: Totals;
  readonly items: readonly EvaluatedSnapshot[];
  readonly pricing: Pricing;
}

/**
 * A snapshot about which a later configuration decides otherwise than the first. `against` is the index of the later
 * one.
 */
export interface PolicyChange {
  readonly against: number;
  readonly before: EvaluatedSnapshot;
  readonly after: EvaluatedSnapshot;
}

/**
 * What the configurations keep of one source: an entry for each, in their order. Ages and gaps are whole days; null
 * where nothing is kept.
 */
export interface SourceOutcome {
  readonly arn: string;
  readonly name: string | null;
  readonly kind: Kind;
  readonly account: string | null;
  readonly region: string;
  readonly kept: readonly number[];
  readonly newestKeptAgeDays: readonly (number | null)[];
  readonly oldestKeptAgeDays: readonly (number | null)[];
  /** The longest time between two consecutive kept snapshots; null where fewer than two are kept. */
  readonly longestGapDays: readonly (number | null)[];
}

export interface PolicyComparison {
  readonly evaluatedAt: number;
  /** `live`, or the id of the report that the inventory was read from. */
  readonly inventory: string;
  readonly complete: boolean;
  /** The accounts of an organization that were read or not; absent: one account. */
  readonly accounts?: readonly RollUpAccount[];
  readonly policies: readonly EvaluatedPolicy[];
  /** Newly expiring first, then newly kept; each in the order of a report. */
  readonly changes: readonly PolicyChange[];
  readonly sources: readonly SourceOutcome[];
}

const NEWLY: readonly Verdict[] = ['expire', 'keep'];

/** Returns the snapshots whose decision differs between the first configuration and each later one. */
function changesOf(
  policies: readonly EvaluatedPolicy[],
  order: (a: EvaluatedSnapshot, b: EvaluatedSnapshot) => number,
): readonly PolicyChange[] {
  const [first, ...later] = policies;
  const changes = later.flatMap(({ items }, index) =>
    items.flatMap((after, position): PolicyChange[] => {
      const before = first?.items[position];
      return before === undefined || before.verdict === after.verdict ? [] : [{ against: index + 1, before, after }];
    }),
  );
  return changes.sort(
    (a, b) =>
      a.against - b.against ||
      NEWLY.indexOf(a.after.verdict) - NEWLY.indexOf(b.after.verdict) ||
      order(a.after, b.after),
  );
}

/** Creation times (epoch ms) of the kept snapshots of each source, by ARN. */
function keptTimes({ items }: EvaluatedPolicy): ReadonlyMap<string, readonly (number | null)[]> {
  const times = new Map<string, (number | null)[]>();
  for (const { verdict, snapshot } of items) {
    const arn = snapshot.source?.arn ?? null;
    if (verdict !== 'keep' || arn === null) continue;
    const known = times.get(arn);
    if (known === undefined) times.set(arn, [snapshot.createdAt]);
    else known.push(snapshot.createdAt);
  }
  return times;
}

/**
 * Returns what each configuration keeps of each source that a snapshot names, ordered by account, region, kind, name
 * and ARN.
 */
function sourcesOf(policies: readonly EvaluatedPolicy[], now: number): readonly SourceOutcome[] {
  const kept = policies.map(keptTimes);
  const first = new Map<string, EvaluatedSnapshot['snapshot']>();
  for (const { snapshot } of policies[0]?.items ?? [])
    if (snapshot.source?.arn != null && !first.has(snapshot.source.arn)) first.set(snapshot.source.arn, snapshot);
  const sources = [...first].map(([arn, { source, kind, account, region }]): SourceOutcome => {
    const times = kept.map((byArn) => byArn.get(arn) ?? []);
    const sorted = times.map((all) => all.filter((time) => time !== null).sort((a, b) => a - b));
    const ageOf = (time: number | undefined): number | null =>
      time === undefined ? null : wholeDaysBetween(time, now);
    return {
      ...{ arn, name: source?.name ?? null, kind, account, region },
      kept: times.map(({ length }) => length),
      newestKeptAgeDays: sorted.map((all) => ageOf(all.at(-1))),
      oldestKeptAgeDays: sorted.map((all) => ageOf(all[0])),
      longestGapDays: sorted.map(longestGapDays),
    };
  });
  return sources.sort(
    (a, b) =>
      compareText(a.account ?? '', b.account ?? '') ||
      compareText(a.region, b.region) ||
      compareText(a.kind, b.kind) ||
      compareText(a.name ?? '', b.name ?? '') ||
      compareText(a.arn, b.arn),
  );
}

/** What a stored report never read of that which a configuration reads, in words; none: it covers the configuration. */
export function neverRead(
  { allRegions, scopes }: Pick<Report, 'allRegions'> & { readonly scopes: readonly ListName[] },
  { regions, kinds }: Pick<Config, 'regions' | 'kinds'>,
): readonly string[] {
  const known = [...new Set(scopes.map(({ region }) => region))];
  const others = regions === 'all' && !allRegions ? [`regions other than ${known.join(', ')}`] : [];
  const wanted = (regions === 'all' ? known : regions).flatMap((region) => kinds.map((kind) => ({ region, kind })));
  const lists = wanted.filter((one) => !scopes.some(({ region, kind }) => region === one.region && kind === one.kind));
  return [...others, ...lists.map(({ region, kind }) => `${region} ${kind}`)];
}

/** Compares the decisions of several configurations over one inventory: each later one against the first. */
export function comparePolicies(
  subject: Pick<PolicyComparison, 'evaluatedAt' | 'inventory' | 'complete' | 'accounts' | 'policies'>,
  order: (a: EvaluatedSnapshot, b: EvaluatedSnapshot) => number,
): PolicyComparison {
  const { policies, evaluatedAt } = subject;
  return { ...subject, changes: changesOf(policies, order), sources: sourcesOf(policies, evaluatedAt) };
}

/** What `--fail-on` can name. */
export const FAIL_ON = ['newly-expiring', 'newly-kept', 'any'] as const;
export type FailOn = (typeof FAIL_ON)[number];

const FAILS: Readonly<Record<FailOn, (verdict: Verdict) => boolean>> = {
  'newly-expiring': (verdict) => verdict === 'expire',
  'newly-kept': (verdict) => verdict === 'keep',
  any: () => true,
};

/** Whether a comparison has a change of this sort. */
export const failsOn = ({ changes }: PolicyComparison, what: FailOn): boolean =>
  changes.some(({ after }) => FAILS[what](after.verdict));

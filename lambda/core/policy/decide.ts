import type { EvaluatedSnapshot } from '../report/report-model';
import type { Problem, Snapshot, SourceLookup, SourceRef, SourceState } from '../snapshot/snapshot';
import { appendTo } from '../util/append-to';
import type { RetentionConfig } from './config';
import { type GroupDraft, makeGroupEvaluator } from './evaluate-group';
import { causesOf, excludeSnapshot, isWhole, type WholeSnapshot } from './exclusions';
import type { PolicyUse } from './policy';
import { makeResolver, type Resolution } from './resolve';

export interface DecideInput {
  readonly snapshots: readonly Snapshot[];
  readonly sources: SourceLookup;
  readonly config: RetentionConfig;
  /** The instant of evaluation, epoch milliseconds. */
  readonly now: number;
  /** For a kept snapshot, list also the rules that do not keep it. */
  readonly everyRule?: boolean;
}

export interface Decision {
  /** One for each snapshot of the input, in its order. */
  readonly items: readonly EvaluatedSnapshot[];
  /** Tag problems, each once for the snapshot or the source that has it. */
  readonly problems: readonly Problem[];
}

/** The decision on a snapshot while the rules evaluate it: kept by default. */
type Draft = EvaluatedSnapshot & GroupDraft & { readonly snapshot: WholeSnapshot; readonly policy: PolicyUse };

function existenceOf(source: SourceState | null): boolean | null {
  if (source?.state === 'exists') return true;
  return source?.state === 'gone' ? false : null;
}

/** Collects tag problems with the resource that has the tag, each once per resource. */
function noteProblems(noted: Map<string, Problem>, snapshot: Snapshot, index: number, { problems }: Resolution): void {
  for (const { on, code, message } of problems) {
    const owner = on === 'snapshot' ? snapshot : snapshot.source;
    const arn = owner?.arn ?? null;
    noted.set(`${arn ?? index} ${message}`, {
      code,
      arn,
      message: `${on} ${owner?.name ?? arn ?? '(no name)'}: ${message}`,
    });
  }
}

/**
 * The group of a snapshot: snapshots of one source compete for slots. A snapshot without source ARN is a group of its
 * own.
 */
export function groupKey(snapshot: Snapshot, arn: string): string {
  const source = snapshot.source?.arn ?? null;
  return source === null ? `alone ${arn}` : `${source} ${snapshot.region} ${snapshot.kind} ${snapshot.account ?? ''}`;
}

/** Drafts by group. */
interface Groups {
  add(draft: Draft): void;
  all(): Iterable<Draft[]>;
}

/**
 * Makes the groups of one decision. Records that share a source object find their group by it, without building the
 * key.
 */
function makeGroups(): Groups {
  const byKey = new Map<string, Draft[]>();
  const latest = new Map<SourceRef, Draft[]>();
  const isOf = (group: readonly Draft[], { kind, region, account }: Snapshot): boolean => {
    const other = group[0]?.snapshot;
    return other?.kind === kind && other.region === region && other.account === account;
  };
  return {
    add(draft) {
      const { snapshot } = draft;
      const near = snapshot.source === null ? undefined : latest.get(snapshot.source);
      if (near !== undefined && isOf(near, snapshot)) {
        near.push(draft);
        return;
      }
      const group = appendTo(byKey, groupKey(snapshot, snapshot.arn), draft);
      if (snapshot.source !== null && snapshot.source.arn !== null) latest.set(snapshot.source, group);
    },
    all: () => byKey.values(),
  };
}

/**
 * Decides: every snapshot gets a verdict and its reasons. Pure; the order of the input does not matter. A snapshot that
 * is unreadable, malformed, unmatched or unfinished is kept and not counted.
 */
export function decide({ snapshots, sources, config, now, everyRule = false }: DecideInput): Decision {
  const resolve = makeResolver(config, now);
  const problems = new Map<string, Problem>();
  const groups = makeGroups();

  const items = snapshots.map((snapshot, index): EvaluatedSnapshot => {
    const source = snapshot.source?.arn == null ? null : sources(snapshot.source.arn);
    const sourceExists = existenceOf(source);
    const resolution = resolve(snapshot, source);
    noteProblems(problems, snapshot, index, resolution);
    const causes = causesOf(snapshot, source, resolution, now, config.zone);
    const { policy } = resolution;
    if (causes.length > 0 || policy === null || !isWhole(snapshot))
      return excludeSnapshot(snapshot, sourceExists, policy, causes);
    const draft: Draft = { snapshot, sourceExists, verdict: 'keep', status: 'managed', policy, reasons: [] };
    groups.add(draft);
    return draft;
  });

  const evaluate = makeGroupEvaluator(config, now, everyRule);
  for (const group of groups.all()) evaluate(group);
  return { items, problems: [...problems.values()] };
}

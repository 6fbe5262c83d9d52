import type { RetentionConfig } from '../../lambda/core/policy/config';
import { type DecideInput, type Decision, decide } from '../../lambda/core/policy/decide';
import { describeReason as sentence } from '../../lambda/core/policy/reason';
import type { EvaluatedSnapshot } from '../../lambda/core/report/report-model';
import type { Snapshot, SourceLookup, SourceState, Tags } from '../../lambda/core/snapshot/snapshot';
import { aConfig } from './config-builder';
import { aSnapshot, DAY, NOW } from './report-builder';

type Written = Readonly<Record<string, unknown>>;

/** A configuration whose default is this policy, named `standard`, both as they are written in retention.yaml. */
export const byDefault = ({ policies, ...given }: Written, policy: Written): RetentionConfig =>
  aConfig({ policies: { standard: policy, ...(policies as Written | undefined) }, default: 'standard', ...given });

/** Tags: `{ env: 'prod', no_delete: null }`, where null is a key-only tag. */
export const tagged = (tags: Readonly<Record<string, string | null>>): Tags => new Map(Object.entries(tags));

/** A living source with its tags. */
export const living = (
  tags: Readonly<Record<string, string | null>> = {},
  name: string | null = 'web',
): SourceState => ({
  state: 'exists',
  name,
  tags: tagged(tags),
});

/** Every source exists, untagged, unless told otherwise by ARN. */
export const sources =
  (known: Readonly<Record<string, SourceState>> = {}): SourceLookup =>
  (arn) =>
    known[arn] ?? living();

/** One snapshot of `web` for each instant, named after its UTC day and hour: `web-2026-11-20T08`. */
export const series = (instants: readonly string[], given: Partial<Snapshot> = {}): Snapshot[] =>
  instants.map((instant) =>
    aSnapshot({ name: `web-${instant.slice(0, 13)}`, createdAt: Date.parse(instant), ...given }),
  );

/**
 * One snapshot of `web` a day at 03:00 UTC, newest first, the newest five hours before NOW; named after its day:
 * `web-1123`.
 */
export const daily = (days: number, given: Partial<Snapshot> = {}): Snapshot[] =>
  Array.from({ length: days }, (_, i) => {
    const createdAt = NOW - 5 * 3_600_000 - i * DAY;
    return aSnapshot({
      name: `web-${new Date(createdAt).toISOString().slice(5, 10).replace('-', '')}`,
      createdAt,
      ...given,
    });
  });

/** Decides at NOW over living, untagged sources, unless told otherwise. */
export const decided = (
  snapshots: readonly Snapshot[],
  config: RetentionConfig,
  given: Partial<DecideInput> = {},
): Decision => decide({ snapshots, sources: sources(), config, now: NOW, ...given });

/** The one decision of this name. */
export function of(name: string | null, { items }: Decision): EvaluatedSnapshot {
  const found = items.filter(({ snapshot }) => snapshot.name === name);
  const [evaluated] = found;
  if (evaluated === undefined || found.length > 1) throw new Error(`${found.length} snapshots are named ${name}`);
  return evaluated;
}

/**
 * The decision on a snapshot, 400 days old unless told otherwise, that has a younger sibling, so that no floor keeps
 * it.
 */
export function amongSiblings(
  given: Partial<Snapshot>,
  config: RetentionConfig,
  more: Partial<DecideInput> = {},
): EvaluatedSnapshot {
  const old = aSnapshot({ name: 'old', createdAt: NOW - 400 * DAY, ...given });
  const sibling: Snapshot = {
    ...old,
    ...aSnapshot({ name: 'sibling', createdAt: NOW - 2 * DAY }),
    source: old.source,
    kind: old.kind,
  };
  return of(
    old.name,
    decided([old, { ...sibling, state: old.kind === 'disk' ? 'completed' : 'available' }], config, more),
  );
}

/** The reasons of one decision as the report writes them. */
export const sentences = ({ reasons }: EvaluatedSnapshot): string[] => reasons.map(sentence);

/** Names of what is kept, or of what expires. */
export const names = ({ items }: Decision, verdict: EvaluatedSnapshot['verdict']): (string | null)[] =>
  items.filter((item) => item.verdict === verdict).map(({ snapshot }) => snapshot.name);

/**
 * Months as a person draws them, newest first: `K` kept, `.` expiring, blank where there is none; a line a month, a
 * column a UTC day.
 */
export function calendar({ items }: Decision): string[] {
  const months = new Map<string, string[]>();
  for (const { snapshot, verdict } of items) {
    const day = new Date(snapshot.createdAt ?? 0).toISOString();
    const row = months.get(day.slice(0, 7)) ?? new Array<string>(31).fill(' ');
    row[Number(day.slice(8, 10)) - 1] = verdict === 'keep' ? 'K' : '.';
    months.set(day.slice(0, 7), row);
  }
  return [...months].map(([month, row]) => `${month} ${row.join('')}`.trimEnd());
}

import type { RetentionConfig } from '../policy/config';
import { groupKey } from '../policy/decide';
import { describeReason } from '../policy/reason';
import { makeResolver } from '../policy/resolve';
import type { EvaluatedSnapshot } from '../report/report-model';
import { FINISHED_STATE, type Snapshot, type SourceLookup, type SourceState, type Tags } from '../snapshot/snapshot';
import { localInstant } from '../time/period';
import { UTC, type Zone } from '../time/zone';
import { appendTo } from '../util/append-to';
import type { PlanItem } from './plan';

/** The reason why a planned snapshot is not deleted, as an outcome. */
export interface SkipReason {
  readonly outcome: 'already-gone' | 'spared' | 'changed';
  readonly code: string;
  readonly text: string;
}

/** A planned snapshot that the new decision expires too. Only candidates can be deleted. */
export interface Candidate {
  readonly item: PlanItem;
  readonly evaluated: EvaluatedSnapshot;
}

/** An existing source, as the new inventory read it. `name` null: it cannot be read again. */
export interface FreshSource {
  readonly arn: string;
  readonly name: string | null;
  readonly tags: Tags;
}

/** The candidates of one source, newest first, and the state that must not change before a deletion. */
export interface CandidateGroup {
  readonly region: string;
  readonly items: readonly Candidate[];
  /** The `minKeep` newest kept snapshots of the source. */
  readonly floor: readonly Snapshot[];
  /** Null: no source is named, or it no longer exists. */
  readonly source: FreshSource | null;
  /** The named source that is in no list. It is also requested by name. */
  readonly absentSource: Pick<FreshSource, 'arn' | 'name'> | null;
}

/** A plan, compared with a new decision. */
export interface Intersection {
  readonly groups: readonly CandidateGroup[];
  readonly skipped: readonly {
    readonly item: PlanItem;
    readonly evaluated: EvaluatedSnapshot | null;
    readonly skipReason: SkipReason;
  }[];
}

const sameTags = (a: Tags, b: Tags): boolean =>
  a.size === b.size && [...a].every(([key, value]) => b.has(key) && b.get(key) === value);

const orNone = (value: string | number | null): string => (value === null ? 'none' : String(value));
const isoOrNone = (at: number | null): string => (at === null ? 'none' : new Date(at).toISOString());

/** The difference between the planned and the read identity; null: the same snapshot. */
function identityMismatch(item: PlanItem, now: Snapshot, zone: Zone): string | null {
  if (now.arn !== item.arn) return `its name now belongs to ${orNone(now.arn)}`;
  if (isoOrNone(now.createdAt) !== item.createdAt) {
    const created = now.createdAt === null ? 'an unknown time' : localInstant(now.createdAt, zone);
    return `it was created at ${created}, planned was ${localInstant(Date.parse(item.createdAt), zone)}`;
  }
  if (now.name !== item.name) return `its name is ${orNone(now.name)}, planned was ${item.name}`;
  if (now.kind !== item.kind || now.region !== item.region)
    return `its kind is ${now.kind}, and its region is ${now.region}`;
  return now.account === item.account ? null : `it belongs to account ${orNone(now.account)}`;
}

const identityChanged = (text: string): SkipReason => ({
  outcome: 'changed',
  code: 'snapshot.changed',
  text: `not the snapshot that was planned: ${text}`,
});
const spare = (code: string, text: string): SkipReason => ({ outcome: 'spared', code, text });

/** The first difference between two readings of a snapshot that could change the decision; null: none. */
function relevantDifference(before: Snapshot, now: Snapshot): SkipReason | null {
  if (now.state !== FINISHED_STATE[now.kind])
    return spare('unfinished', `its state is ${orNone(now.state)} now, not ${FINISHED_STATE[now.kind]}`);
  if (!sameTags(before.tags, now.tags)) return spare('tags.changed', 'its tags were changed since it was evaluated');
  if (now.source?.arn !== before.source?.arn) return spare('source.changed', 'its source has changed');
  if (now.fromAutoSnapshot !== before.fromAutoSnapshot)
    return spare('snapshot.differs', 'its mark as a copy of an automatic snapshot has changed');
  const defect = now.defects?.[0];
  return defect === undefined ? null : spare(defect.code, defect.message);
}

/**
 * Checks a candidate directly before its delete; null: delete it. `read` is the snapshot that currently has the planned
 * name.
 */
export function recheck(
  { item, evaluated }: Candidate,
  read: Snapshot,
  source: SourceState | null,
  config: RetentionConfig,
  now: number,
): SkipReason | null {
  const other = identityMismatch(item, read, config.zone);
  if (other !== null) return identityChanged(other);
  const { holds, problems } = makeResolver(config, now)(read, source);
  if (holds[0] !== undefined) return spare('hold', holds[0]);
  if (problems[0] !== undefined) return spare(problems[0].code, problems[0].message);
  return relevantDifference(evaluated.snapshot, read);
}

/** The reason why a kept snapshot no longer counts for the minimum kept; null: it does. `read` null: it was deleted. */
export function floorBreach(kept: Snapshot, read: Snapshot | null): string | null {
  const who = `the kept snapshot ${kept.name ?? kept.arn}`;
  if (read === null) return `${who} is gone`;
  if (read.arn !== kept.arn || read.createdAt !== kept.createdAt)
    return `${who} is another one now (${orNone(read.arn)})`;
  const skipReason = relevantDifference(kept, read);
  return skipReason === null ? null : `${who} has changed: ${skipReason.text}`;
}

/** The reason why a source is no longer the one of the decision; null: it is. `read` null: no resource has its name. */
export function sourceBreach(
  source: FreshSource,
  read: { readonly arn: string | null; readonly tags: Tags } | null,
): string | null {
  const who = `its source ${source.name ?? source.arn}`;
  if (read === null || read.arn !== source.arn)
    return `${who} was deleted since it was evaluated, or another resource has its name`;
  return sameTags(source.tags, read.tags) ? null : `the tags of ${who} were changed since it was evaluated`;
}

const nameKey = (kind: string, region: string, name: string | null): string => `${kind} ${region} ${name}`;

/** The reason why the new decision does not delete a planned snapshot; null: it is a candidate. */
function skipReasonOf(
  item: PlanItem,
  found: readonly EvaluatedSnapshot[],
  namesakes: ReadonlySet<string>,
  zone: Zone,
): SkipReason | null {
  const [evaluated, second] = found;
  if (evaluated === undefined)
    return namesakes.has(nameKey(item.kind, item.region, item.name))
      ? identityChanged('its name now belongs to another one')
      : { outcome: 'already-gone', code: 'snapshot.gone', text: 'it is not in the list of snapshots' };
  if (second !== undefined) return spare('snapshot.conflict', 'its ARN is listed more than once');
  const other = identityMismatch(item, evaluated.snapshot, zone);
  if (other !== null) return identityChanged(other);
  return evaluated.verdict === 'expire'
    ? null
    : spare(
        evaluated.status === 'managed' ? 'kept' : (evaluated.reasons[0]?.code ?? evaluated.status),
        evaluated.reasons.map(describeReason).join('; '),
      );
}

/** The snapshots that are certain to stay, by group, and the names of all. */
interface FreshIndex {
  readonly byArn: ReadonlyMap<string, readonly EvaluatedSnapshot[]>;
  readonly namesakes: ReadonlySet<string>;
  readonly kept: ReadonlyMap<string, readonly Snapshot[]>;
}

function indexFresh(fresh: readonly EvaluatedSnapshot[], inDoubt: ReadonlySet<string>): FreshIndex {
  const byArn = new Map<string, EvaluatedSnapshot[]>();
  const namesakes = new Set<string>();
  const kept = new Map<string, Snapshot[]>();
  for (const evaluated of fresh) {
    const { arn, kind, region, name } = evaluated.snapshot;
    namesakes.add(nameKey(kind, region, name));
    if (arn === null) continue;
    appendTo(byArn, arn, evaluated);
    if (evaluated.status === 'managed' && evaluated.verdict === 'keep' && !inDoubt.has(arn))
      appendTo(kept, groupKey(evaluated.snapshot, arn), evaluated.snapshot);
  }
  return { byArn, namesakes, kept };
}

const byNewestSnapshot = (a: Snapshot, b: Snapshot): number =>
  (b.createdAt ?? 0) - (a.createdAt ?? 0) || ((a.arn ?? '') < (b.arn ?? '') ? -1 : 1);

function makeGroup(
  candidates: readonly Candidate[],
  kept: readonly Snapshot[],
  sources: SourceLookup,
  minKeep: number,
): CandidateGroup {
  const items = [...candidates].sort((a, b) => byNewestSnapshot(a.evaluated.snapshot, b.evaluated.snapshot));
  const floor = [...kept].sort(byNewestSnapshot).slice(0, minKeep);
  const region = items[0]?.item.region ?? '';
  const { arn = null, name = null } = items[0]?.evaluated.snapshot.source ?? {};
  if (arn === null) return { region, items, floor, source: null, absentSource: null };
  const state = sources(arn);
  return state.state === 'exists'
    ? { region, items, floor, source: { arn, name: state.name ?? name, tags: state.tags }, absentSource: null }
    : { region, items, floor, source: null, absentSource: { arn, name } };
}

export interface IntersectOptions {
  readonly sources: SourceLookup;
  readonly minKeep: number;
  /** Default: UTC. */
  readonly zone?: Zone;
  /** ARNs of snapshots that an earlier delete may still remove: they do not count for the minimum kept. */
  readonly inDoubt?: ReadonlySet<string>;
}

/**
 * Intersects a plan with the newly expiring snapshots, by identity. The other items of the plan are skipped with a
 * reason.
 */
export function intersect(
  items: readonly PlanItem[],
  fresh: readonly EvaluatedSnapshot[],
  { sources, minKeep, zone = UTC, inDoubt = new Set() }: IntersectOptions,
): Intersection {
  const { byArn, namesakes, kept } = indexFresh(fresh, inDoubt);
  const skipped: { item: PlanItem; evaluated: EvaluatedSnapshot | null; skipReason: SkipReason }[] = [];
  const groups = new Map<string, Candidate[]>();
  for (const item of items) {
    const found = byArn.get(item.arn) ?? [];
    const evaluated = found[0] ?? null;
    const skipReason = skipReasonOf(item, found, namesakes, zone);
    if (skipReason !== null) skipped.push({ item, evaluated, skipReason });
    else if (evaluated !== null) appendTo(groups, groupKey(evaluated.snapshot, item.arn), { item, evaluated });
  }
  return {
    skipped,
    groups: Array.from(groups, ([key, candidates]) => makeGroup(candidates, kept.get(key) ?? [], sources, minKeep)),
  };
}

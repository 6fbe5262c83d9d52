import type { RetentionConfig } from '../policy/config';
import { groupKey } from '../policy/decide';
import { describeReason } from '../policy/reason';
import { makeResolver } from '../policy/resolve';
import type { EvaluatedSnapshot } from '../report/report-model';
import { FINISHED_STATE, type Snapshot, type SourceLookup, type SourceState, type Tags } from '../snapshot/snapshot';
import { localInstant } from '../time/period';
import { UTC, type Zone } from '../time/zone';
import type { PlanItem } from './plan';

/** Why a snapshot is not deleted, as an outcome. */
export interface SkipReason {
  readonly outcome: 'already-gone' | 'spared' | 'changed';
  readonly code: string;
  readonly text: string;
}

/** A planned snapshot that the fresh decision lists as expiring as well: only these can be deleted. */
export interface Candidate {
  readonly item: PlanItem;
  readonly evaluated: EvaluatedSnapshot;
}

/** A living source as the fresh inventory read it. `name` null: it cannot be read again. */
export interface FreshSource {
  readonly arn: string;
  readonly name: string | null;
  readonly tags: Tags;
}

/** Candidate snapshots of one source, newest first, and what must still be so before any of them goes. */
export interface CandidateGroup {
  readonly region: string;
  readonly items: readonly Candidate[];
  /** Its `minKeep` newest kept snapshots: the floor. */
  readonly floor: readonly Snapshot[];
  /** Null: the snapshots name no source, or it no longer exists. */
  readonly source: FreshSource | null;
  /** The source that the snapshots name and that no list has: it is asked for by name as well. */
  readonly absentSource: Pick<FreshSource, 'arn' | 'name'> | null;
}

/** What a plan comes to in the light of a fresh decision. */
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

/** What tells that two readings are not of the same snapshot; null when they are. */
function identityMismatch(item: PlanItem, now: Snapshot, zone: Zone): string | null {
  if (now.arn !== item.arn) return `its name now belongs to ${orNone(now.arn)}`;
  if (isoOrNone(now.createdAt) !== item.createdAt) {
    const created = now.createdAt === null ? 'an unknown time' : localInstant(now.createdAt, zone);
    return `it was created at ${created}, planned was ${localInstant(Date.parse(item.createdAt), zone)}`;
  }
  if (now.name !== item.name) return `its name is ${orNone(now.name)}, planned was ${item.name}`;
  if (now.kind !== item.kind || now.region !== item.region) return `it is a ${now.kind} snapshot in ${now.region}`;
  return now.account === item.account ? null : `it belongs to account ${orNone(now.account)}`;
}

const identityChanged = (text: string): SkipReason => ({
  outcome: 'changed',
  code: 'snapshot.changed',
  text: `not the snapshot that was planned: ${text}`,
});
const spare = (code: string, text: string): SkipReason => ({ outcome: 'spared', code, text });

/** What differs between two readings of one snapshot that would matter to a decision; null when nothing does. */
function relevantDifference(before: Snapshot, now: Snapshot): SkipReason | null {
  if (now.state !== FINISHED_STATE[now.kind])
    return spare('unfinished', `its state is ${orNone(now.state)} now, not ${FINISHED_STATE[now.kind]}`);
  if (!sameTags(before.tags, now.tags)) return spare('tags.changed', 'its tags were changed since it was evaluated');
  if (now.source?.arn !== before.source?.arn) return spare('source.changed', 'it names another source now');
  if (now.fromAutoSnapshot !== before.fromAutoSnapshot)
    return spare('snapshot.differs', 'it is marked differently as a copy of an automatic snapshot now');
  const defect = now.defects?.[0];
  return defect === undefined ? null : spare(defect.code, defect.message);
}

/** The last look before a delete: null lets it go. `read` is what bears the planned name now; `source` what its group's source is. */
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

/** Why a kept snapshot does not hold its group's floor any more; null when it still does. `read` null: it is gone. */
export function floorBreach(kept: Snapshot, read: Snapshot | null): string | null {
  const who = `the kept snapshot ${kept.name ?? kept.arn}`;
  if (read === null) return `${who} is gone`;
  if (read.arn !== kept.arn || read.createdAt !== kept.createdAt)
    return `${who} is another one now (${orNone(read.arn)})`;
  const skipReason = relevantDifference(kept, read);
  return skipReason === null ? null : `${who} is not what it was: ${skipReason.text}`;
}

/** Why a source is not what the decision rested on; null when it still is. `read` null: nothing bears its name. */
export function sourceBreach(
  source: FreshSource,
  read: { readonly arn: string | null; readonly tags: Tags } | null,
): string | null {
  const who = `its source ${source.name ?? source.arn}`;
  if (read === null || read.arn !== source.arn)
    return `${who} is gone since it was evaluated, or another bears its name`;
  return sameTags(source.tags, read.tags) ? null : `the tags of ${who} were changed since it was evaluated`;
}

const nameKey = (kind: string, region: string, name: string | null): string => `${kind} ${region} ${name}`;

/** Why a planned snapshot is not to go, by the fresh decision alone; null: it is candidates again. */
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
      : { outcome: 'already-gone', code: 'snapshot.gone', text: 'it was gone before this run' };
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

/** Plan ∩ freshly expiring, by identity, in the plan's groups newest first; everything else of the plan with its reason. */
export function intersect(
  items: readonly PlanItem[],
  fresh: readonly EvaluatedSnapshot[],
  sources: SourceLookup,
  minKeep: number,
  zone: Zone = UTC,
): Intersection {
  const byArn = new Map<string, EvaluatedSnapshot[]>();
  const namesakes = new Set<string>();
  const kept = new Map<string, Snapshot[]>();
  for (const evaluated of fresh) {
    const { arn, kind, region, name } = evaluated.snapshot;
    namesakes.add(nameKey(kind, region, name));
    if (arn === null) continue;
    byArn.set(arn, [...(byArn.get(arn) ?? []), evaluated]);
    if (evaluated.status === 'managed' && evaluated.verdict === 'keep') {
      const key = groupKey(evaluated.snapshot, arn);
      const siblings = kept.get(key);
      if (siblings === undefined) kept.set(key, [evaluated.snapshot]);
      else siblings.push(evaluated.snapshot);
    }
  }
  const skipped: { item: PlanItem; evaluated: EvaluatedSnapshot | null; skipReason: SkipReason }[] = [];
  const groups = new Map<string, Candidate[]>();
  for (const item of items) {
    const found = byArn.get(item.arn) ?? [];
    const evaluated = found[0] ?? null;
    const skipReason = skipReasonOf(item, found, namesakes, zone);
    if (skipReason !== null || evaluated === null) {
      if (skipReason !== null) skipped.push({ item, evaluated, skipReason });
      continue;
    }
    const key = groupKey(evaluated.snapshot, item.arn);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [{ item, evaluated }]);
    else group.push({ item, evaluated });
  }
  const newest = (a: Snapshot, b: Snapshot): number =>
    (b.createdAt ?? 0) - (a.createdAt ?? 0) || ((a.arn ?? '') < (b.arn ?? '') ? -1 : 1);
  return {
    skipped,
    groups: [...groups].map(([key, candidates]): CandidateGroup => {
      const sorted = candidates.sort((a, b) => newest(a.evaluated.snapshot, b.evaluated.snapshot));
      const source = sorted[0]?.evaluated.snapshot.source ?? null;
      const state = source?.arn == null ? null : sources(source.arn);
      const isListed = state?.state === 'exists';
      return {
        region: sorted[0]?.item.region ?? '',
        items: sorted,
        floor: (kept.get(key) ?? []).sort(newest).slice(0, minKeep),
        source:
          source?.arn != null && state?.state === 'exists'
            ? { arn: source.arn, name: state.name ?? source.name, tags: state.tags }
            : null,
        absentSource: source?.arn != null && !isListed ? { arn: source.arn, name: source.name } : null,
      };
    }),
  };
}

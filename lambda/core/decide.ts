import type { RetentionConfig } from './config';
import { applyPolicy, type Ruling } from './keep-rules';
import { before } from './period';
import type { PolicyUse } from './policy';
import type { Reason, SetAsideCode } from './reason';
import type { Judged, Status } from './report-model';
import { makeResolver } from './resolve';
import { FINISHED_STATE, type Problem, type Snapshot, type SourceLookup, type SourceState } from './snapshot';

/** Clocks differ: a snapshot may be this much (ms) younger than now before it counts as one of the future. */
export const CLOCK_TOLERANCE = 300_000;

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
  readonly items: readonly Judged[];
  /** Tag problems, one for each snapshot or source that has them. */
  readonly problems: readonly Problem[];
}

interface Cause {
  readonly status: Exclude<Status, 'managed'>;
  readonly code: SetAsideCode;
  readonly text: string;
}

/** The order in which causes give a snapshot its status; its reasons name them all. */
const PRECEDENCE: readonly Cause['status'][] = ['held', 'problem', 'unfinished', 'future', 'automatic-copy', 'unmanaged'];

/** A snapshot that the rules will judge. */
interface Evaluated {
  readonly index: number;
  readonly snapshot: Snapshot;
  readonly sourceExists: boolean | null;
  readonly createdAt: number;
  readonly label: string;
  readonly arn: string;
  readonly use: PolicyUse;
}

const newestFirst = (a: Evaluated, b: Evaluated): number => b.createdAt - a.createdAt || (a.arn < b.arn ? -1 : a.arn > b.arn ? 1 : 0);

const existenceOf = (source: SourceState | null): boolean | null =>
  source === null || source.state === 'unread' ? null : source.state === 'exists';

function unread(snapshot: Snapshot, source: SourceState & { readonly state: 'unread' }): Cause {
  const list =
    source.list === null
      ? `its source ARN ${snapshot.source?.arn ?? ''} names no known list`
      : `the ${source.list.kind} list of ${source.list.region} was not read`;
  return { status: 'problem', code: 'source.unread', text: `kept: ${list}, and a hold could stand on the source` };
}

function ownCauses(snapshot: Snapshot, source: SourceState | null, now: number): Cause[] {
  const causes: Cause[] = (snapshot.defects ?? []).map(({ code, message }) => ({ status: 'problem', code, text: message }));
  if (source?.state === 'unread') causes.push(unread(snapshot, source));
  if (snapshot.state !== FINISHED_STATE[snapshot.kind])
    causes.push({
      status: 'unfinished',
      code: 'unfinished',
      text: `not finished: its state is ${snapshot.state ?? 'unknown'}, not ${FINISHED_STATE[snapshot.kind]}`,
    });
  if (snapshot.createdAt !== null && snapshot.createdAt > now + CLOCK_TOLERANCE)
    causes.push({
      status: 'future',
      code: 'future',
      text: `created in the future (${new Date(snapshot.createdAt).toISOString()}): a clock is wrong`,
    });
  return causes;
}

function withoutPolicy(snapshot: Snapshot): Cause {
  return snapshot.fromAutoSnapshot
    ? {
        status: 'automatic-copy',
        code: 'automatic-copy',
        text: 'a kept copy of an automatic snapshot, which no tag of its own and no rule for such copies reaches',
      }
    : { status: 'unmanaged', code: 'unmanaged', text: 'unmanaged: no tag, rule or default gives it a policy' };
}

/** The groups of a run: snapshots of one source that compete for slots. One without source ARN is a group of its own. */
function groupKey(snapshot: Snapshot, arn: string): string {
  const source = snapshot.source?.arn ?? null;
  return source === null ? `alone ${arn}` : `${source} ${snapshot.region} ${snapshot.kind} ${snapshot.account ?? ''}`;
}

function floorReasons(item: Evaluated, rank: number, minKeep: number, youngerThan: number, minAge: string): readonly Reason[] {
  const reasons: Reason[] = [];
  if (rank < minKeep) reasons.push({ code: 'minKeep', said: 'newest', nth: rank + 1, of: minKeep });
  if (item.createdAt > youngerThan) reasons.push({ code: 'minAge', said: 'young', duration: minAge });
  return reasons;
}

/**
 * The decision (design section 6): every snapshot gets a verdict and its reasons. Pure and deterministic; the order of the input does not
 * matter; what is unknown, unreadable, malformed, unmatched or unfinished is kept and never counted.
 */
export function decide({ snapshots, sources, config, now, everyRule = false }: DecideInput): Decision {
  const resolve = makeResolver(config, now);
  const items: Judged[] = new Array(snapshots.length);
  const problems = new Map<string, Problem>();
  const groups = new Map<string, Evaluated[]>();

  snapshots.forEach((snapshot, index) => {
    const sourceArn = snapshot.source?.arn ?? null;
    const source = sourceArn === null ? null : sources(sourceArn);
    const { holds, problems: tagProblems, policy } = resolve(snapshot, source);
    for (const { on, code, message } of tagProblems) {
      const arn = on === 'snapshot' ? snapshot.arn : sourceArn;
      const who =
        on === 'snapshot' ? `snapshot ${snapshot.name ?? snapshot.arn ?? '(no name)'}` : `source ${snapshot.source?.name ?? sourceArn}`;
      problems.set(`${arn} ${snapshot.region} ${message}`, { code, arn, message: `${who}: ${message}` });
    }
    const causes: Cause[] = holds.map((text) => ({ status: 'held', code: 'hold', text }));
    for (const { on, code, message } of tagProblems)
      causes.push({ status: 'problem', code, text: on === 'snapshot' ? message : `on its source: ${message}` });
    causes.push(...ownCauses(snapshot, source, now));
    if (policy === null && tagProblems.length === 0) causes.push(withoutPolicy(snapshot));
    const sourceExists = existenceOf(source);
    const { arn, createdAt } = snapshot;
    if (causes.length === 0 && policy !== null && arn !== null && createdAt !== null) {
      const evaluated: Evaluated = { index, snapshot, sourceExists, createdAt, arn, label: snapshot.name ?? arn, use: policy };
      const key = groupKey(snapshot, arn);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [evaluated]);
      else group.push(evaluated);
      return;
    }
    const status = PRECEDENCE.find((candidate) => causes.some((cause) => cause.status === candidate)) ?? 'problem';
    const ordered = PRECEDENCE.flatMap((candidate) => causes.filter((cause) => cause.status === candidate));
    items[index] = {
      snapshot,
      sourceExists,
      verdict: 'keep',
      status,
      policy,
      reasons: ordered.map(({ code, text }) => ({ code, said: 'set-aside', text })),
    };
  });

  const youngerThan = before(now, config.floors.minAge, config.zone);
  for (const group of groups.values()) {
    group.sort(newestFirst);
    const rulings = ruleGroup(group, now, config, everyRule);
    group.forEach((item, rank) => {
      const ruling = rulings[rank];
      const floors = floorReasons(item, rank, config.floors.minKeep, youngerThan, config.floors.minAge.text);
      const ruled = ruling?.reasons ?? [];
      items[item.index] = {
        snapshot: item.snapshot,
        sourceExists: item.sourceExists,
        verdict: ruling?.keeps === false && floors.length === 0 ? 'expire' : 'keep',
        status: 'managed',
        policy: item.use,
        reasons: floors.length === 0 ? ruled : ruling?.keeps === false && !everyRule ? floors : [...ruled, ...floors],
      };
    });
  }
  return { items, problems: [...problems.values()] };
}

/** Rulings in the order of the group: each policy judges its own snapshots alone. */
function ruleGroup(group: readonly Evaluated[], now: number, config: RetentionConfig, everyRule: boolean): readonly Ruling[] {
  const first = group[0];
  if (first === undefined || group.every(({ use }) => use.id === first.use.id))
    return first === undefined ? [] : applyPolicy(first.use.policy, group, now, config.zone, everyRule);
  const rulings: Ruling[] = new Array(group.length);
  const byPolicy = new Map<string, number[]>();
  group.forEach(({ use }, rank) => {
    const ranks = byPolicy.get(use.id);
    if (ranks === undefined) byPolicy.set(use.id, [rank]);
    else ranks.push(rank);
  });
  for (const ranks of byPolicy.values()) {
    const members = ranks.flatMap((rank) => group[rank] ?? []);
    const policy = members[0]?.use.policy;
    if (policy === undefined) continue;
    applyPolicy(policy, members, now, config.zone, everyRule).forEach((ruling, i) => {
      const rank = ranks[i];
      if (rank !== undefined) rulings[rank] = ruling;
    });
  }
  return rulings;
}

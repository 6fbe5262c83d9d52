import type { RetentionConfig } from './config';
import { applyPolicy, type Ruling } from './keep-rules';
import { before } from './period';
import type { PolicyUse } from './policy';
import type { Reason } from './reason';
import type { Judged } from './report-model';
import { makeResolver, type Resolution } from './resolve';
import { causesOf, makeSetAside } from './set-aside';
import type { Problem, Snapshot, SourceLookup, SourceState } from './snapshot';

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
  /** Tag problems, each once for the snapshot or the source that has it. */
  readonly problems: readonly Problem[];
}

/** A judgement while it is being made: kept, until the rules say otherwise. */
type Draft = { -readonly [Member in keyof Judged]: Judged[Member] };

/** A snapshot that the rules will judge. */
interface Evaluated {
  readonly draft: Draft;
  readonly createdAt: number;
  readonly label: string;
  readonly arn: string;
  readonly use: PolicyUse;
}

const newestFirst = (a: Evaluated, b: Evaluated): number => b.createdAt - a.createdAt || (a.arn < b.arn ? -1 : 1);

/** What the rules look at, or null for a snapshot that is set aside. Made for one group at a time: a run has hundreds of thousands. */
function evaluatedOf(draft: Draft): Evaluated | null {
  const { arn, name, createdAt } = draft.snapshot;
  const { policy } = draft;
  return policy === null || arn === null || name === null || createdAt === null
    ? null
    : { draft, createdAt, arn, label: name, use: policy };
}

const existenceOf = (source: SourceState | null): boolean | null =>
  source === null || source.state === 'unread' ? null : source.state === 'exists';

/** Tag problems as an operator needs them: whose tag it is, and each once, however many snapshots a source has. */
function noteProblems(noted: Map<string, Problem>, snapshot: Snapshot, index: number, { problems }: Resolution): void {
  for (const { on, code, message } of problems) {
    const owner = on === 'snapshot' ? snapshot : snapshot.source;
    const arn = owner?.arn ?? null;
    noted.set(`${arn ?? index} ${message}`, { code, arn, message: `${on} ${owner?.name ?? arn ?? '(no name)'}: ${message}` });
  }
}

/** The group of a snapshot: those of one source compete for slots. One without source ARN is a group of its own. */
export function groupKey(snapshot: Snapshot, arn: string): string {
  const source = snapshot.source?.arn ?? null;
  return source === null ? `alone ${arn}` : `${source} ${snapshot.region} ${snapshot.kind} ${snapshot.account ?? ''}`;
}

const NO_REASONS: readonly Reason[] = [];

function floorReasons(item: Evaluated, rank: number, minKeep: number, youngerThan: number, minAge: string): readonly Reason[] {
  const newest = rank < minKeep;
  const young = item.createdAt > youngerThan;
  if (!newest && !young) return NO_REASONS;
  const reasons: Reason[] = [];
  if (newest) reasons.push({ code: 'minKeep', said: 'newest', nth: rank + 1, of: minKeep });
  if (young) reasons.push({ code: 'minAge', said: 'young', duration: minAge });
  return reasons;
}

/**
 * The decision (design section 6): every snapshot gets a verdict and its reasons. Pure and deterministic; the order of the input does not
 * matter; what is unknown, unreadable, malformed, unmatched or unfinished is kept and never counted.
 */
export function decide({ snapshots, sources, config, now, everyRule = false }: DecideInput): Decision {
  const resolve = makeResolver(config, now);
  const problems = new Map<string, Problem>();
  const groups = new Map<string, Draft[]>();
  const setAside = makeSetAside();

  const items = snapshots.map((snapshot, index): Judged => {
    const source = snapshot.source?.arn == null ? null : sources(snapshot.source.arn);
    const sourceExists = existenceOf(source);
    const resolution = resolve(snapshot, source);
    noteProblems(problems, snapshot, index, resolution);
    const causes = causesOf(snapshot, source, resolution, now);
    const { policy } = resolution;
    const { arn, name, createdAt } = snapshot;
    if (causes.length > 0 || policy === null || arn === null || name === null || createdAt === null)
      return setAside(snapshot, sourceExists, policy, causes);
    const draft: Draft = { snapshot, sourceExists, verdict: 'keep', status: 'managed', policy, reasons: NO_REASONS };
    const key = groupKey(snapshot, arn);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [draft]);
    else group.push(draft);
    return draft;
  });

  const youngerThan = before(now, config.floors.minAge, config.zone);
  for (const drafts of groups.values()) {
    const group = drafts.flatMap((draft) => evaluatedOf(draft) ?? []).sort(newestFirst);
    const rulings = ruleGroup(group, now, config, everyRule);
    group.forEach((item, rank) => {
      const { keeps = true, reasons: ruled = NO_REASONS } = rulings[rank] ?? {};
      const floors = floorReasons(item, rank, config.floors.minKeep, youngerThan, config.floors.minAge.text);
      if (!keeps && floors.length === 0) item.draft.verdict = 'expire';
      item.draft.reasons = floors.length === 0 ? ruled : !keeps && !everyRule ? floors : [...ruled, ...floors];
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

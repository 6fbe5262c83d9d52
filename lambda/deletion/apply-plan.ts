import { type ItemDetails, type ItemResult, plannedDetails, recordedReasons } from '../core/plan/outcome';
import type { Plan, PlanItem } from '../core/plan/plan';
import { type Candidate, type CandidateGroup, type Intersection, intersect } from '../core/plan/recheck';
import type { Config } from '../core/policy/config';
import { monthlyCostCeiling, snapshotGb } from '../core/policy/cost';
import type { EvaluatedSnapshot } from '../core/report/report-model';
import type { SourceState } from '../core/snapshot/snapshot';
import type { RetentionError } from '../core/util/errors';
import { decideConfirmed } from '../inventory/confirm-sources';
import type { Sleep, SnapshotDeletion } from '../ports/deletion-ports';
import type { Digest, InventoryProgress, ReadInventory } from '../ports/ports';
import { makeBackoff, type RetrySettings } from './backoff';
import { stopWithCaller } from './caller-failure';
import { type Clocks, startAge } from './check-age';
import { checkGroup } from './check-group';
import { deleteSnapshot, TAKE_OVER_WAIT_MS } from './delete-snapshot';
import type { ItemOutcome } from './item-outcome';
import { checkOutcomes, type RunOutcomes } from './outcome-store';
import { awaitEarlier, confirmAbsent, type ItemPorts } from './read-snapshot';
import { isRefusal } from './refusals';
import type { CheckLockPorts } from './run-lock';
import {
  checkCaps,
  checkClock,
  checkComplete,
  checkConfig,
  checkCount,
  checkInventory,
  checkOrigin,
  checkPlanAccount,
  checkSteady,
  checkUnblocked,
  openPlan,
  type PlanText,
} from './verify-plan';

/**
 * A decision older than this (ms) is made again before the next delete: holds, ages and the configuration may have
 * changed.
 */
export const MAX_DECISION_AGE_MS = 10 * 60_000;

export interface PreparePorts extends Clocks {
  readonly digest: Digest;
  readonly readInventory: ReadInventory;
  readonly deletion: Pick<SnapshotDeletion, 'readClock'>;
  readonly outcomes: CheckLockPorts;
}

export interface PrepareRequest {
  readonly plan: PlanText;
  readonly config: Config;
  /** The account of the credentials; null where it is not known: then that of the inventory counts. */
  readonly account: string | null;
  /** The plan's count as the approval names it; null: the caller checks the number itself. */
  readonly count: number | null;
  /** Whether a plan with raised caps may be applied; default: no. */
  readonly allowsRaisedCaps?: boolean;
  /** Nothing will be deleted: a plan that is blocked, or exceeds a cap now, is prepared with its refusal. */
  readonly isRehearsal?: boolean;
  /** Epoch ms after which no more is read; null: no limit. */
  readonly deadline: number | null;
}

/**
 * A plan that may be applied, and which of its snapshots a fresh decision lists as expiring. Each is read again before
 * its delete.
 */
export interface Prepared {
  readonly plan: Plan;
  readonly config: Config;
  /** When it was decided, epoch ms. */
  readonly decidedAt: number;
  readonly groups: readonly CandidateGroup[];
  readonly skipped: Intersection['skipped'];
  /** ARNs of the snapshots that an earlier delete, of any plan, may still remove. */
  readonly inDoubt: ReadonlySet<string>;
  /** How many items have an outcome of an earlier run. */
  readonly doneBefore: number;
  /** How many of them were deleted. */
  readonly deletedBefore: number;
  /** Of a rehearsal: why the plan cannot be applied; null: it can. */
  readonly refusal: RetentionError | null;
}

/** Refusals with which a plan can still be rehearsed. */
const REHEARSABLE: ReadonlySet<string> = new Set([
  'plan.blocked',
  'config.built-in',
  'cap.max-deletions',
  'cap.max-share',
]);

/** Runs checks. A rehearsal keeps the first refusal that only forbids the deletion. */
class Checks {
  refusal: RetentionError | null = null;

  constructor(private readonly isRehearsal: boolean) {}

  run(check: () => void): void {
    try {
      check();
    } catch (error) {
      if (!this.isRehearsal || !isRefusal(error) || !REHEARSABLE.has(error.code)) throw error;
      this.refusal ??= error;
    }
  }
}

/**
 * Verifies a plan, reads everything again and decides again, in the order of `REFUSALS`. Throws the first refusal that
 * applies. Only reads, so it is safe to run again. Leaves out items that have an outcome of an earlier run.
 */
export async function prepareApply(
  ports: PreparePorts,
  request: PrepareRequest,
  progress?: (event: InventoryProgress) => void,
): Promise<Prepared> {
  const { config, account, count, allowsRaisedCaps = false } = request;
  const checks = new Checks(request.isRehearsal ?? false);
  const plan = openPlan(request.plan, ports.clock(), ports.digest);
  if (account !== null) checkPlanAccount(plan, account);
  checkComplete(plan);
  checks.run(() => checkUnblocked(plan, allowsRaisedCaps));
  checkConfig(plan, config);
  const { outcomes: before, inDoubt } = await checkOutcomes(ports.outcomes, plan);
  checks.run(() => checkOrigin(config));
  const done = new Set(before.map(({ arn }) => arn));
  const open = plan.items.filter(({ arn }) => !done.has(arn));
  const wanted = new Set<string | null>(open.map(({ arn }) => arn));
  const live = await ports.readInventory(
    {
      regions: [...new Set(plan.scopes.map(({ region }) => region))],
      kinds: [...new Set(plan.scopes.map(({ kind }) => kind))],
      automaticSnapshots: false,
      deadline: request.deadline,
      // A region that the plan was made from never counts as one that is not enabled.
      previouslyRead: new Set(plan.scopes.map(({ region }) => region)),
      // The items that an earlier run deleted may be all that were in a list.
      previouslyListed: open,
    },
    progress,
  );
  checkInventory(plan, live);
  checkPlanAccount(plan, account ?? live.account);
  const decidedAt = ports.clock();
  const decidedAtMonotonic = ports.monotonic();
  const matters = ({ snapshot }: EvaluatedSnapshot): boolean => wanted.has(snapshot.arn);
  const { inventory, decision } = await decideConfirmed(live, { config, now: decidedAt, matters, progress });
  const { groups, skipped } = intersect(open, decision.items, {
    sources: inventory.sources,
    minKeep: config.floors.minKeep,
    zone: config.zone,
    inDoubt,
  });
  const candidates = groups.reduce((sum, { items }) => sum + items.length, 0);
  const deleted = before.filter(({ outcome }) => outcome === 'deleted').length;
  checks.run(() => checkCaps(plan, config, candidates + deleted, inventory.snapshots.length + deleted));
  const reading = await ports.deletion.readClock();
  checkClock(reading);
  checkSteady(ports.clock() - decidedAt, ports.monotonic() - decidedAtMonotonic);
  if (count !== null) checkCount(count, plan);
  const counts = { doneBefore: before.length, deletedBefore: deleted };
  return { plan, config, decidedAt, groups, skipped, inDoubt, ...counts, refusal: checks.refusal };
}

export interface ApplyPorts extends Clocks {
  readonly sleep: Sleep;
  readonly deletion: SnapshotDeletion;
  readonly outcomes: RunOutcomes;
  readonly retrySettings: RetrySettings;
}

export interface ApplyPreparedOptions {
  /** Ends the run after the current snapshots. */
  readonly signal?: AbortSignal;
  readonly progress?: (result: ItemResult) => void;
  /** Called where snapshots stay open because this machine or its connection is too slow to delete them. */
  readonly onTooSlow?: () => void;
  /**
   * Prepares the plan again when the decision has become too old. Absent: what has no outcome then stays open.
   */
  readonly prepareAgain?: (() => Promise<Prepared>) | undefined;
  /** A dry run: the same path up to the delete, which is not sent; called for each snapshot that would be deleted. */
  readonly wouldDelete?: (candidate: Candidate) => void;
}

/** Returns what is known of a snapshot, for the record. */
export function factsOf(evaluated: EvaluatedSnapshot, { pricing }: Pick<Config, 'pricing'>): ItemDetails {
  const { snapshot, policy, reasons } = evaluated;
  const { name = null, arn = null } = snapshot.source ?? {};
  return {
    source: name ?? arn,
    ...(arn !== null && { sourceArn: arn }),
    sizeGb: snapshotGb(snapshot),
    monthlyCostCeiling: monthlyCostCeiling(snapshot, pricing),
    policy: policy?.name ?? null,
    reasons: recordedReasons(reasons),
  };
}

const groupSourceState = ({ source }: CandidateGroup): SourceState | null =>
  source === null ? null : { state: 'exists', name: source.name, tags: source.tags };

type SkippedPlanItem = Intersection['skipped'][number];

/** One run over a plan that was prepared. */
class PlanRun {
  private hasFailed = false;
  private readonly age: () => number;

  constructor(
    private readonly ports: ApplyPorts,
    private readonly prepared: Prepared,
    private readonly options: ApplyPreparedOptions,
  ) {
    this.age = startAge(ports);
  }

  /** Returns whether snapshots are left because the decision has become too old. */
  async run(): Promise<boolean> {
    const { groups } = this.prepared;
    const skipped = this.prepared.skipped.filter(({ item }) => this.isOpen(item));
    // Of those that the decision keeps and no delete was sent of, nothing more has to be read.
    const isSettled = ({ item, skipReason }: SkippedPlanItem): boolean =>
      skipReason.outcome === 'spared' && !this.isInDoubt(item);
    await this.record(
      skipped.filter(isSettled).map(({ item, evaluated, skipReason }) => this.resultOf(item, evaluated, skipReason)),
    );
    const unclear = skipped.filter((each) => !isSettled(each));
    const ends = await Promise.allSettled([
      ...this.inRegions(unclear, ({ item }) => item.region, this.clarify),
      ...this.inRegions(groups, ({ region }) => region, this.deleteGroup),
    ]);
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
    const isLeft = [
      ...unclear.map(({ item }) => item),
      ...groups.flatMap(({ items }) => items.map(({ item }) => item)),
    ];
    return this.isOutdated() && isLeft.some((item) => this.isOpen(item));
  }

  private isOpen({ arn }: PlanItem): boolean {
    return !this.ports.outcomes.recorded.has(arn);
  }

  /** Whether an earlier run, of any plan, may have sent its delete. */
  private isInDoubt({ arn }: PlanItem): boolean {
    const { unsettled, inDoubt } = this.ports.outcomes;
    return unsettled.has(arn) || inDoubt.has(arn) || this.prepared.inDoubt.has(arn);
  }

  /** Whether no delete may be sent on this decision: it is too old, a clock was set back, or the plan has expired. */
  private readonly isOutdated = (): boolean => {
    if (this.options.wouldDelete !== undefined) return false;
    const { plan, decidedAt } = this.prepared;
    const now = this.ports.clock();
    const sinceDecision = now - decidedAt;
    const isOld = sinceDecision < 0 || Math.max(sinceDecision, this.age()) > MAX_DECISION_AGE_MS;
    return isOld || now >= Date.parse(plan.expiresAt);
  };

  private isStopping(): boolean {
    return this.hasFailed || this.options.signal?.aborted === true || this.isOutdated();
  }

  /**
   * Works on all regions at once, on those of one region in order. The first failure stops all regions after their
   * current snapshots.
   */
  private inRegions<T>(
    all: readonly T[],
    regionOf: (each: T) => string,
    work: (each: T, ports: ItemPorts) => Promise<void>,
  ): readonly Promise<void>[] {
    const { clock, monotonic, deletion, retrySettings, sleep } = this.ports;
    return [...new Set(all.map(regionOf))].map(async (region) => {
      const ports = { clock, monotonic, deletion, backoff: makeBackoff(retrySettings, sleep) };
      try {
        for (const each of all) if (regionOf(each) === region && !this.isStopping()) await work.call(this, each, ports);
      } catch (error) {
        this.hasFailed = true;
        throw error;
      }
    });
  }

  private resultOf(item: PlanItem, evaluated: EvaluatedSnapshot | null, outcome: ItemOutcome): ItemResult {
    const { arn, name, kind, account, region, createdAt } = item;
    const { code, text, mayStillBeDeleted, requestId = null } = outcome;
    const at = new Date(this.ports.clock()).toISOString();
    const doubt = mayStillBeDeleted === undefined ? {} : { mayStillBeDeleted };
    return {
      ...{ arn, name, kind, account, region, createdAt },
      ...this.detailsOf(item, evaluated, outcome),
      ...{ outcome: outcome.outcome, code, text, at, requestId },
      ...doubt,
    };
  }

  /**
   * The details of a snapshot: if it is gone, those that were noted before its delete, because they are of the decision
   * that deleted it; else those of now.
   */
  private detailsOf(item: PlanItem, evaluated: EvaluatedSnapshot | null, { outcome }: ItemOutcome): ItemDetails {
    const noted = this.ports.outcomes.unsettled.get(item.arn);
    if (noted !== undefined && (evaluated === null || outcome === 'deleted')) return noted;
    return evaluated === null ? plannedDetails(item) : factsOf(evaluated, this.prepared.config);
  }

  private async record(results: readonly ItemResult[]): Promise<void> {
    for (const each of await this.ports.outcomes.record(results)) this.options.progress?.(each);
  }

  /**
   * Records the outcome of a snapshot that no list has, or that is kept although an earlier run may have sent its
   * delete.
   */
  private async clarify({ item, evaluated, skipReason }: SkippedPlanItem, ports: ItemPorts): Promise<void> {
    const { signal } = this.options;
    const { config } = this.prepared;
    const sentBefore = this.isInDoubt(item);
    const clarified = async (): Promise<ItemOutcome | 'left'> => {
      if (evaluated === null) return confirmAbsent(ports, { item, sentBefore }, signal);
      if (!sentBefore) return skipReason;
      return awaitEarlier(ports, { candidate: { item, evaluated }, source: null, config, skipReason }, signal);
    };
    const outcome = await clarified();
    if (outcome !== 'left') await this.record([this.resultOf(item, evaluated, outcome)]);
  }

  private async deleteGroup(group: CandidateGroup, ports: ItemPorts): Promise<void> {
    const { config } = this.prepared;
    const { signal, wouldDelete } = this.options;
    const { outcomes } = this.ports;
    let breach: ItemOutcome | null = null;
    // A group that was not as expected once is skipped for the whole run, even if it is as expected later.
    const check = async (abortSignal: AbortSignal | undefined): Promise<ItemOutcome | null> => {
      breach ??= await checkGroup(
        { ...ports, signal, abortSignal, inDoubt: outcomes.inDoubt },
        group,
        config.floors.minKeep,
      );
      return breach;
    };
    for (const candidate of group.items) {
      const { item, evaluated } = candidate;
      if (!this.isOpen(item)) continue;
      if (this.isStopping()) return;
      const attempt = {
        start: () => outcomes.startAttempt(item, factsOf(evaluated, config)),
        isOwn: () => outcomes.isOwnAttempt(item.arn),
        cancel: () => outcomes.cancelAttempt(item.arn),
        noteSent: () => outcomes.noteSent(item.arn),
        noteEnded: () => outcomes.noteEnded(item.arn),
      };
      const end = await deleteSnapshot(ports, {
        ...{ candidate, source: groupSourceState(group), config, checkGroup: check, signal },
        sentBefore: this.isInDoubt(item),
        isOutdated: this.isOutdated,
        onTooSlow: this.options.onTooSlow,
        attempt: wouldDelete === undefined ? attempt : null,
      });
      if (end === 'left') return;
      if (end === 'deletable') wouldDelete?.(candidate);
      else if (end !== 'recorded') await this.record([this.resultOf(item, evaluated, end)]);
    }
  }
}

const arnsIn = ({ groups }: Pick<Prepared, 'groups'>): ReadonlySet<string> =>
  new Set(groups.flatMap(({ items }) => items.map(({ item }) => item.arn)));

/**
 * Returns a later preparation of a plan without the candidates that an earlier one, which a person confirmed, did not
 * have.
 */
export function withinConfirmed(confirmed: Pick<Prepared, 'groups'>, later: Prepared): Prepared {
  const known = arnsIn(confirmed);
  const added = later.groups.flatMap(({ items }) => items.filter(({ item }) => !known.has(item.arn)));
  const skipReason = {
    outcome: 'spared',
    code: 'not-confirmed',
    text: 'it was not among the snapshots that were shown before the count was confirmed',
  } as const;
  return {
    ...later,
    groups: later.groups
      .map((group) => ({ ...group, items: group.items.filter(({ item }) => known.has(item.arn)) }))
      .filter(({ items }) => items.length > 0),
    skipped: [...later.skipped, ...added.map((candidate) => ({ ...candidate, skipReason }))],
  };
}

/** After this many decisions in a row on which no outcome was recorded, the rest stays open. */
const MAX_IDLE_DECISIONS = 3;

/**
 * Applies a prepared plan: regions in parallel, within a region group after group, newest first, each outcome durable
 * before the next snapshot. When the decision has become too old, finishes what is in flight, prepares again, and goes
 * on with what both decisions list. Safe to run twice: items that have an outcome are skipped. Rejects when outcomes
 * cannot be recorded, when another run has taken over, when the plan is refused meanwhile, and when the caller's
 * credentials fail (`caller.failed`): every item without an outcome then stays open.
 */
export async function applyPrepared(
  ports: ApplyPorts,
  prepared: Prepared,
  options: ApplyPreparedOptions = {},
): Promise<void> {
  if (prepared.refusal !== null && options.wouldDelete === undefined) throw prepared.refusal;
  const runPorts = { ...ports, deletion: stopWithCaller(ports.deletion) };
  const { outcomes } = ports;
  if (options.wouldDelete === undefined && prepared.groups.length > 0 && outcomes.replacedLock) {
    await ports.sleep(TAKE_OVER_WAIT_MS);
    outcomes.noteWaited();
  }
  let current = prepared;
  for (let idle = 0; idle < MAX_IDLE_DECISIONS; ) {
    const known = outcomes.recorded.size;
    const isLeft = await new PlanRun(runPorts, current, options).run();
    if (!isLeft || options.prepareAgain === undefined || options.signal?.aborted === true) return;
    idle = outcomes.recorded.size > known ? 0 : idle + 1;
    current = withinConfirmed(prepared, await options.prepareAgain());
  }
}

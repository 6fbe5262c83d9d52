import { type ItemDetails, type ItemResult, NO_ITEM_DETAILS } from '../core/plan/outcome';
import type { Plan, PlanItem } from '../core/plan/plan';
import { type Candidate, type CandidateGroup, type Intersection, intersect } from '../core/plan/recheck';
import type { Config } from '../core/policy/config';
import { monthlyCostCeiling, snapshotGb } from '../core/policy/cost';
import type { EvaluatedSnapshot } from '../core/report/report-model';
import type { SourceState } from '../core/snapshot/snapshot';
import { decideConfirmed } from '../inventory/confirm-sources';
import type { Sleep, SnapshotDeletion } from '../ports/deletion-ports';
import type { Clock, Digest, InventoryProgress, ReadInventory } from '../ports/ports';
import { makePacer, type Pace } from './backoff';
import { stopWithCaller } from './caller-failure';
import type { Clocks } from './check-age';
import { guardGroup } from './check-group';
import { awaitEarlier, confirmAbsent, deleteSnapshot, type ItemPorts, type Verdict } from './delete-snapshot';
import { checkOutcomes, type OutcomePorts, type OutcomeStore, takenOver } from './outcome-store';
import {
  checkAccount,
  checkCaps,
  checkClock,
  checkConfig,
  checkCount,
  checkInventory,
  checkOrigin,
  checkUnblocked,
  openPlan,
  type StoredPlan,
} from './verify-plan';

export interface PreparePorts {
  readonly clock: Clock;
  readonly digest: Digest;
  readonly readInventory: ReadInventory;
  readonly deletion: Pick<SnapshotDeletion, 'readClock'>;
  readonly outcomes: Omit<OutcomePorts, 'owner'>;
}

export interface PrepareRequest {
  readonly plan: StoredPlan;
  readonly config: Config;
  /** The account of the credentials; null where it could not be found out: then the ARNs read must tell. */
  readonly account: string | null;
  /** The count that was said beforehand; null: it will be asked for. */
  readonly count: number | null;
  /** Epoch ms after which no more is read; null: no limit. */
  readonly deadline: number | null;
}

/** A plan that may be applied, and what of it a fresh decision lists as expiring. It ages: nothing in it is trusted without another look. */
export interface Prepared {
  readonly plan: Plan;
  readonly config: Config;
  /** When it was decided, epoch ms. */
  readonly decidedAt: number;
  readonly groups: readonly CandidateGroup[];
  readonly skipped: Intersection['skipped'];
  /** How many items an earlier run dealt with. */
  readonly doneBefore: number;
}

/**
 * Everything that comes before a count is asked for, in the order of design section 9: throws the first refusal that holds. Only reads, so it is
 * safe to run again; what earlier runs of the plan dealt with is left out.
 */
export async function prepareApply(
  ports: PreparePorts,
  request: PrepareRequest,
  progress?: (event: InventoryProgress) => void,
): Promise<Prepared> {
  const { config, account, count } = request;
  const plan = openPlan(request.plan, ports.clock(), ports.digest);
  if (account !== null) checkAccount(plan, account);
  checkUnblocked(plan);
  checkConfig(plan, config);
  const before = await checkOutcomes(ports.outcomes, plan);
  if (count !== null) checkCount(plan, count);
  checkOrigin(config);
  const done = new Set(before.map(({ arn }) => arn));
  const open = plan.items.filter(({ arn }) => !done.has(arn));
  const wanted = new Set<string | null>(open.map(({ arn }) => arn));
  const live = await ports.readInventory(
    {
      regions: [...new Set(plan.scopes.map(({ region }) => region))],
      kinds: [...new Set(plan.scopes.map(({ kind }) => kind))],
      automaticSnapshots: false,
      deadline: request.deadline,
      // A region that the plan was made from is never let pass as one that is not enabled.
      previouslyRead: new Set(plan.scopes.map(({ region }) => region)),
      // What an earlier run dealt with may be all that was there.
      previouslyListed: open,
    },
    progress,
  );
  checkInventory(plan, live);
  checkAccount(plan, account ?? live.account);
  const decidedAt = ports.clock();
  const matters = ({ snapshot }: EvaluatedSnapshot): boolean => wanted.has(snapshot.arn);
  const { inventory, decision } = await decideConfirmed(live, { config, now: decidedAt, matters, progress });
  const { groups, skipped } = intersect(open, decision.items, inventory.sources, config.floors.minKeep, config.zone);
  const candidates = groups.reduce((sum, { items }) => sum + items.length, 0);
  const deleted = before.filter(({ outcome }) => outcome === 'deleted').length;
  checkCaps(config, candidates + deleted, inventory.snapshots.length + deleted);
  checkClock(await ports.deletion.readClock());
  return { plan, config, decidedAt, groups, skipped, doneBefore: before.length };
}

/** The part of the record that a run needs. */
export type RunOutcomes = Pick<
  OutcomeStore,
  'recorded' | 'unsettled' | 'startAttempt' | 'isOwnAttempt' | 'cancelAttempt' | 'record'
>;

export interface ApplyPorts extends Clocks {
  readonly sleep: Sleep;
  readonly deletion: SnapshotDeletion;
  readonly outcomes: RunOutcomes;
  readonly pace: Pace;
}

export interface ApplyOptions {
  /** Only these; all of the plan where absent. */
  readonly batch?: readonly PlanItem[];
  /** Ends the run after the items in hand. */
  readonly signal?: AbortSignal;
  readonly progress?: (result: ItemResult) => void;
  /** A rehearsal: the same path up to the delete, which is not sent; called for each snapshot that would go. */
  readonly wouldDelete?: (candidate: Candidate) => void;
}

/** What is known of a snapshot, for the record. */
export function factsOf({ snapshot }: EvaluatedSnapshot, { pricing }: Pick<Config, 'pricing'>): ItemDetails {
  return {
    source: snapshot.source?.name ?? snapshot.source?.arn ?? null,
    sizeGb: snapshotGb(snapshot),
    monthlyCostCeiling: monthlyCostCeiling(snapshot, pricing),
  };
}

const stateOf = ({ source }: CandidateGroup): SourceState | null =>
  source === null ? null : { state: 'exists', name: source.name, tags: source.tags };

type Skipped = Intersection['skipped'][number];

/** One run over what was prepared. */
class PlanRun {
  private readonly wanted: ReadonlySet<string> | null;
  private isBroken = false;

  constructor(
    private readonly ports: ApplyPorts,
    private readonly prepared: Prepared,
    private readonly options: ApplyOptions,
  ) {
    this.wanted = options.batch === undefined ? null : new Set(options.batch.map(({ arn }) => arn));
  }

  async run(): Promise<void> {
    const byRegion = new Map<string, CandidateGroup[]>();
    for (const group of this.prepared.groups)
      byRegion.set(group.region, [...(byRegion.get(group.region) ?? []), group]);
    const skipped = this.prepared.skipped.filter(({ item }) => this.isOpen(item));
    // What the decision keeps, and no delete was sent of: nothing more has to be read.
    const isSettled = ({ item, skipReason }: Skipped): boolean =>
      skipReason.outcome === 'spared' && !this.ports.outcomes.unsettled.has(item.arn);
    await this.record(
      skipped.filter(isSettled).map(({ item, evaluated, skipReason }) => this.resultOf(item, evaluated, skipReason)),
    );
    const unclear = skipped.filter((each) => !isSettled(each));
    const ends = await Promise.allSettled([
      this.stopping(() => this.clarify(unclear)),
      ...[...byRegion.values()].map((groups) => this.stopping(() => this.applyRegion(groups))),
    ]);
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  private isOpen({ arn }: PlanItem): boolean {
    return (this.wanted === null || this.wanted.has(arn)) && !this.ports.outcomes.recorded.has(arn);
  }

  private mayGoOn(): boolean {
    return !this.isBroken && this.options.signal?.aborted !== true;
  }

  private async stopping(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.isBroken = true;
      throw error;
    }
  }

  private itemPorts(pacer = makePacer(this.ports.pace, this.ports.sleep)): ItemPorts {
    const { clock, monotonic, deletion } = this.ports;
    return { clock, monotonic, deletion, pacer };
  }

  private resultOf(
    item: PlanItem,
    evaluated: EvaluatedSnapshot | null,
    { outcome, code, text, mayStillBeDeleted }: Verdict,
  ): ItemResult {
    const { arn, name, kind, account, region, createdAt } = item;
    const at = new Date(this.ports.clock()).toISOString();
    // Of one that is gone, what the run that meant to delete it knew.
    const facts =
      evaluated === null
        ? (this.ports.outcomes.unsettled.get(arn) ?? NO_ITEM_DETAILS)
        : factsOf(evaluated, this.prepared.config);
    const doubt = mayStillBeDeleted === undefined ? {} : { mayStillBeDeleted };
    return { arn, name, kind, account, region, createdAt, ...facts, outcome, code, text, at, ...doubt };
  }

  private async record(results: readonly ItemResult[]): Promise<void> {
    for (const each of await this.ports.outcomes.record(results)) this.options.progress?.(each);
  }

  /** Finds out what became of snapshots that no list has, or whose delete an earlier run may have sent. One region does not wait for another. */
  private async clarify(unclear: readonly Skipped[]): Promise<void> {
    const regions = [...new Set(unclear.map(({ item }) => item.region))];
    const ends = await Promise.allSettled(
      regions.map((region) =>
        this.stopping(() => this.clarifyRegion(unclear.filter(({ item }) => item.region === region))),
      ),
    );
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  private async clarifyRegion(unclear: readonly Skipped[]): Promise<void> {
    const { signal } = this.options;
    const ports = this.itemPorts();
    for (const { item, evaluated, skipReason } of unclear) {
      if (!this.mayGoOn()) return;
      const sentBefore = this.ports.outcomes.unsettled.has(item.arn);
      const end =
        evaluated === null
          ? await confirmAbsent(ports, { item, sentBefore }, signal)
          : await this.skip(ports, { item, evaluated }, skipReason, sentBefore);
      if (end === 'left') return;
      await this.record([this.resultOf(item, evaluated, end)]);
    }
  }

  private async skip(
    ports: ItemPorts,
    candidate: Candidate,
    skipReason: Skipped['skipReason'],
    sentBefore: boolean,
  ): Promise<Verdict | 'left'> {
    if (!sentBefore) return skipReason;
    return awaitEarlier(
      ports,
      { candidate, source: null, config: this.prepared.config, skipReason },
      this.options.signal,
    );
  }

  private async applyRegion(groups: readonly CandidateGroup[]): Promise<void> {
    const ports = this.itemPorts();
    for (const group of groups) {
      if (!this.mayGoOn()) return;
      await this.applyGroup(group, ports);
    }
  }

  private async applyGroup(group: CandidateGroup, ports: ItemPorts): Promise<void> {
    const { config } = this.prepared;
    const { signal, wouldDelete } = this.options;
    const { outcomes } = this.ports;
    let breach: Verdict | null = null;
    // A group that was not as expected once is left for the whole run, even if it is as expected later.
    const guard = async (abortSignal: AbortSignal | undefined): Promise<Verdict | null> => {
      breach ??= await guardGroup(ports.deletion, group, config.floors.minKeep, ports.pacer, signal, abortSignal);
      return breach;
    };
    for (const candidate of group.items) {
      const { item, evaluated } = candidate;
      if (!this.isOpen(item)) continue;
      if (!this.mayGoOn()) return;
      const attempt = {
        start: () => outcomes.startAttempt(item, factsOf(evaluated, config)),
        isOwn: () => outcomes.isOwnAttempt(item.arn),
        cancel: () => outcomes.cancelAttempt(item.arn),
      };
      const end = await deleteSnapshot(ports, {
        ...{ candidate, source: stateOf(group), config, guard, signal },
        sentBefore: outcomes.unsettled.has(item.arn),
        attempt: wouldDelete === undefined ? attempt : null,
        takenOver: () => takenOver(item.name),
      });
      if (end === 'left') return;
      if (end === 'deletable') wouldDelete?.(candidate);
      else if (end !== 'recorded') await this.record([this.resultOf(item, evaluated, end)]);
    }
  }
}

/**
 * Carries out what was prepared, or a batch of it: regions in parallel, within a region group after group, newest first, each outcome durable
 * before the next snapshot is touched. Safe to run twice: what has an outcome is skipped. Rejects when outcomes cannot be recorded, when another
 * run has taken over, and when the caller's credentials fail (`caller.failed`): everything without an outcome then stays open.
 */
export const applyBatch = (ports: ApplyPorts, prepared: Prepared, options: ApplyOptions = {}): Promise<void> =>
  new PlanRun({ ...ports, deletion: stopWithCaller(ports.deletion) }, prepared, options).run();

/**
 * The record of a deletion, in three sentences. Each item of a plan has an attempt, written before its first delete,
 * and an outcome, written once and never replaced. The attempt names the only run that may send deletes of the item and
 * is replaced only conditionally; an attempt without an outcome means that a delete may have been sent. `results/<plan
 * id>.json` is a view of both, and can be written from them at any time.
 */

import {
  type ApplyResult,
  type Approval,
  commonApproval,
  type ItemDetails,
  type ItemResult,
  type RunOrigin,
  type SendingApproval,
} from '../core/plan/outcome';
import type { Plan, PlanItem } from '../core/plan/plan';
import { RetentionError } from '../core/util/errors';
import { eachOf } from '../ports/each-of';
import type { Store } from '../ports/ports';
import { renderResultJson } from '../render/result-json';
import { jsonObject } from '../storage/json-object';
import { recordFile, resultFile } from '../storage/keys';
import type { Attempt } from '../storage/schemas';
import { refuseEarlierJournal } from './earlier-journal';
import { readInDoubtElsewhere } from './in-doubt';
import {
  byArn,
  doubtfulOf,
  isFinished,
  makeResult,
  type Records,
  readAttempt,
  readItemOutcome,
  readRecords,
  readResult,
  type StoredAttempt,
  unsettledOfRecords,
} from './outcome-files';
import { PlanApplied, refusal } from './refusals';
import { type CheckLockPorts, checkLock, isLockedByOther, type LockPorts, type RunLock, takeLock } from './run-lock';

export type OutcomePorts = LockPorts;

/**
 * How the attempt of an item began. `owned`: this run may send its delete. `taken-over`: it may once nothing that the
 * earlier run sent can still arrive. `recorded`: another run has recorded its outcome.
 */
export type AttemptStart = 'owned' | 'taken-over' | 'recorded';

/** The part of the record that deletes need. Each write is durable when its promise resolves. */
export interface RunOutcomes {
  /** Outcomes by ARN, those of other runs of the plan included. */
  readonly recorded: ReadonlyMap<string, ItemResult>;
  /** By ARN, the facts of those whose delete may have been sent and that have no outcome. */
  readonly unsettled: ReadonlyMap<string, ItemDetails>;
  /**
   * ARNs of the snapshots whose delete, of this plan or another one of the place, may still be carried out, as this run
   * found them when it had the lock: another run may have ended since they were read before.
   */
  readonly inDoubt: ReadonlySet<string>;
  /** Notes that deletes of an item may be sent from now on. Called before every delete; writes once. */
  startAttempt(item: Pick<PlanItem, 'arn' | 'name'>, facts: ItemDetails): Promise<AttemptStart>;
  /**
   * Whether an earlier run of any plan of the place ended without releasing its lock: its last delete may still arrive.
   */
  readonly replacedLock: boolean;
  /** Notes that this run has waited until no delete of that run can arrive. */
  noteWaited(): void;
  /** Notes that a delete of an item is sent: it may arrive until `noteEnded`. */
  noteSent(arn: string): void;
  /** Notes that no delete of an item can arrive any longer. */
  noteEnded(arn: string): void;
  /**
   * Reads whether this run still has the attempt of an item: only then may it send a delete. Refuses plan.in-progress
   * when it no longer has the lock.
   */
  isOwnAttempt(arn: string): Promise<boolean>;
  /** Notes that none of the deletes of this run was carried out. An attempt that an earlier run began stays open. */
  cancelAttempt(arn: string): Promise<void>;
  /** Records outcomes, once each. Returns those that count: the first that any run recorded. */
  record(results: readonly ItemResult[]): Promise<readonly ItemResult[]>;
}

/** The record of one plan, open for one run. */
export interface OutcomeStore extends RunOutcomes {
  /** Returns the outcomes as this run knows them, durable or not. */
  result(): ApplyResult;
  /**
   * Writes the result, finished if every item has its outcome, and releases the lock. `beforeRelease` is called while
   * no other run can change what is stored; it must not reject.
   */
  close(beforeRelease?: () => Promise<void>): Promise<ApplyResult>;
  /** Why the lock of a finished plan could not be released; null: it was released, or `close` has rejected. */
  readonly keptLock: { readonly error: unknown } | null;
}

const MAX_ATTEMPT_TRIES = 5;

/** Makes the error of a run that finds an attempt of another run. */
export const takenOver = (name: string): RetentionError =>
  refusal(
    'plan.in-progress',
    `another run has taken over the snapshot ${name}: let that run finish, or apply the plan again afterwards`,
  );

/** What the record of a plan has of its first run. */
type FirstRun = RunOrigin & Pick<ApplyResult, 'config' | 'startedAt'>;

class StoredOutcomes implements OutcomeStore {
  readonly recorded: Map<string, ItemResult>;
  readonly unsettled: Map<string, ItemDetails>;
  /** Attempts as they were last read, by ARN. */
  private readonly attempts: Map<string, StoredAttempt>;
  /** Who approved the runs that may have sent the deletes of `unsettled`. */
  private readonly sentBy: Map<string, SendingApproval>;
  /** Items whose attempt this run began. */
  private readonly begun = new Map<string, 'owned' | 'taken-over'>();
  private readonly positions: ReadonlyMap<string, number>;
  keptLock: { readonly error: unknown } | null = null;
  private isClosed = false;
  /** Whether the stored result is the finished one of this run. */
  private hasFinished = false;
  /** How many outcomes the stored view has. */
  private written = -1;
  private queue: Promise<void> = Promise.resolve();
  /** Calls that change what is stored. */
  private readonly inWork = new Set<Promise<unknown>>();

  constructor(
    private readonly ports: OutcomePorts,
    private readonly plan: Plan,
    private readonly lock: RunLock,
    private readonly first: FirstRun,
    /** Who approved this run, where that is not who approved the first one. */
    private readonly otherApproval: Approval | null,
    records: Records,
    readonly inDoubt: ReadonlySet<string>,
  ) {
    this.recorded = new Map(records.recorded);
    this.unsettled = unsettledOfRecords(records);
    this.attempts = new Map(records.attempts);
    this.sentBy = new Map(Array.from(records.attempts, ([arn, { attempt }]) => [arn, attempt.approvedBy]));
    this.positions = new Map(plan.items.map(({ arn }, position) => [arn, position]));
  }

  startAttempt(item: Pick<PlanItem, 'arn' | 'name'>, facts: ItemDetails): Promise<AttemptStart> {
    return this.untilClosed(() => this.start(item, facts));
  }

  private async start(item: Pick<PlanItem, 'arn' | 'name'>, facts: ItemDetails): Promise<AttemptStart> {
    const { arn, name } = item;
    await this.lock.renew();
    const begun = this.begun.get(arn);
    if (begun !== undefined) {
      // The earlier run may have recorded its outcome while this run waited.
      if (begun === 'taken-over' && (await this.adoptOutcome(arn))) return 'recorded';
      this.begun.set(arn, 'owned');
      return 'owned';
    }
    for (let tries = 0; tries < MAX_ATTEMPT_TRIES; tries += 1) {
      const start = await this.tryToStart(item, facts);
      if (start !== null) return start;
      await this.reread(arn);
    }
    throw takenOver(name);
  }

  get replacedLock(): boolean {
    return this.lock.replaced;
  }

  noteWaited(): void {
    this.lock.noteWaited();
  }

  noteSent(arn: string): void {
    this.lock.noteSent(arn);
  }

  noteEnded(arn: string): void {
    this.lock.noteEnded(arn);
  }

  async isOwnAttempt(arn: string): Promise<boolean> {
    const [attempt] = await Promise.all([this.reread(arn), this.lock.check()]);
    return this.isOwnOpen(attempt);
  }

  cancelAttempt(arn: string): Promise<void> {
    return this.untilClosed(() => this.cancel(arn));
  }

  private async cancel(arn: string): Promise<void> {
    if (!this.begun.has(arn)) return;
    const attempt = await this.reread(arn);
    if (attempt === undefined || !this.isOwnOpen(attempt) || attempt.earlier) return;
    // A run that had the lock meanwhile may have found it gone: then its attempt is final.
    if (await this.adoptOutcome(arn)) return;
    if (await this.replace({ ...attempt, state: 'cancelled', outcome: null, at: this.now() }))
      this.unsettled.delete(arn);
    this.begun.delete(arn);
    this.attempts.delete(arn);
  }

  async record(results: readonly ItemResult[]): Promise<readonly ItemResult[]> {
    return results.length === 0 ? [] : this.untilClosed(() => this.recordAll(results));
  }

  private async recordAll(results: readonly ItemResult[]): Promise<readonly ItemResult[]> {
    await this.lock.renew();
    const by = this.otherApproval === null ? {} : { approvedBy: this.otherApproval };
    const counted = await eachOf(results, (result) => this.recordOne({ ...result, ...by }));
    for (const each of counted) this.keep(each);
    this.queue = this.queue.then(() => this.writeIfDue());
    await this.queue;
    return counted;
  }

  result(): ApplyResult {
    return { ...this.view(), status: 'unfinished' };
  }

  async close(beforeRelease?: () => Promise<void>): Promise<ApplyResult> {
    this.isClosed = true;
    // An invocation ends though calls are in work: what they write later would replace what this run leaves.
    await Promise.allSettled(this.inWork);
    await this.queue;
    for (;;) {
      const known = this.recorded.size;
      const end = this.view();
      const isStored = await this.write(end);
      // Another run may have recorded outcomes, and its view may have been replaced just now.
      const { recorded } = await readRecords(this.ports.store, this.plan, this.recorded, this.plan.items);
      for (const result of recorded.values()) this.keep(result);
      if (this.recorded.size > known) continue;
      await beforeRelease?.();
      await this.lock.release().catch((error: unknown) => {
        // The finished result is stored, and stays so.
        if (!isStored || end.status !== 'finished') throw error;
        this.keptLock = { error };
      });
      return isStored ? end : { ...end, status: 'unfinished' };
    }
  }

  /** Writes the view often while it is small, and rarely enough when it is large. */
  async writeIfDue(): Promise<void> {
    if (this.recorded.size - this.written < Math.max(1, this.recorded.size / 64)) return;
    this.written = this.recorded.size;
    await this.write(this.result());
  }

  private now(): string {
    return new Date(this.ports.clock()).toISOString();
  }

  /** Whether an attempt lets this run send deletes. */
  private isOwnOpen(attempt: Attempt | undefined): boolean {
    return attempt?.state === 'open' && attempt.run === this.ports.owner.run;
  }

  private keep(result: ItemResult): void {
    this.recorded.set(result.arn, result);
    this.unsettled.delete(result.arn);
  }

  private position(arn: string): number {
    const position = this.positions.get(arn);
    if (position !== undefined) return position;
    throw new RetentionError('plan.stranger', `cannot record ${arn}: the plan does not list it`);
  }

  /** Calls what changes the record: never after this run has ended, which waits for it. */
  private async untilClosed<T>(call: () => Promise<T>): Promise<T> {
    if (this.isClosed)
      throw new RetentionError(
        'outcomes.closed',
        `cannot record anything of the plan ${this.plan.id}: this run has ended`,
      );
    const work = call();
    this.inWork.add(work);
    try {
      return await work;
    } finally {
      this.inWork.delete(work);
    }
  }

  private async reread(arn: string): Promise<Attempt | undefined> {
    const stored = await readAttempt(this.ports.store, this.plan, this.position(arn));
    if (stored === null) this.attempts.delete(arn);
    else this.attempts.set(arn, stored);
    return stored?.attempt;
  }

  /** Replaces the attempt as it was last read. False: it has changed since. */
  private async replace(attempt: Omit<Attempt, 'revision'>): Promise<boolean> {
    const { store } = this.ports;
    const known = this.attempts.get(attempt.arn);
    const key = recordFile(this.plan, this.position(attempt.arn), 'attempt');
    const object = jsonObject(key, { ...attempt, revision: (known?.attempt.revision ?? 0) + 1 });
    return known === undefined ? store.putIfAbsent(object) : store.replaceIf(object, known.version);
  }

  /** Takes over the outcome that another run has recorded, if any. */
  private async adoptOutcome(arn: string, settled: ItemResult | null = null): Promise<boolean> {
    const outcome = settled ?? (await readItemOutcome(this.ports.store, this.plan, this.position(arn)));
    if (outcome !== null) this.keep(outcome);
    return outcome !== null;
  }

  /** Tries to get the attempt of an item. Null: it is not as it was last read. */
  private async tryToStart(
    { arn, name }: Pick<PlanItem, 'arn' | 'name'>,
    facts: ItemDetails,
  ): Promise<AttemptStart | null> {
    const known = this.attempts.get(arn)?.attempt;
    // Where the answer to its creation or replacement was lost, the attempt is this run's own.
    const isOwn = this.isOwnOpen(known);
    const earlier = (known?.state === 'open' && !isOwn) || known?.earlier === true;
    if (!isOwn) {
      if (known !== undefined && (await this.adoptOutcome(arn, known.outcome))) return 'recorded';
      const { run } = this.ports.owner;
      const approvedBy = this.approvalOf(known, earlier);
      const state = { state: 'open', outcome: null } as const;
      if (!(await this.replace({ arn, name, run, ...state, earlier, approvedBy, at: this.now(), facts }))) return null;
      this.sentBy.set(arn, approvedBy);
    } else this.sentBy.set(arn, known?.approvedBy ?? null);
    const start = earlier ? 'taken-over' : 'owned';
    this.begun.set(arn, start);
    this.unsettled.set(arn, facts);
    return start;
  }

  /** Records one outcome. Returns the one that counts. */
  private async recordOne(result: ItemResult): Promise<ItemResult> {
    const { arn } = result;
    const isGone = result.outcome === 'deleted';
    // It is printed even when it cannot be written.
    if (isGone) this.keep(result);
    // A deleted snapshot is deleted whichever run may send deletes. Any other outcome is true only while no other run
    // can send one.
    const settled = isGone ? result : await this.settle(result);
    const key = recordFile(this.plan, this.position(arn), 'outcome');
    if (await this.ports.store.putIfAbsent(jsonObject(key, settled))) return settled;
    return (await readItemOutcome(this.ports.store, this.plan, this.position(arn))) ?? settled;
  }

  /**
   * Ends the attempt of an item, so that no run sends a delete of it from now on. Returns the outcome that counts.
   * Rejects when another run has begun its own attempt since this one last read it.
   */
  private async settle(outcome: ItemResult): Promise<ItemResult> {
    const { arn, name, source, sizeGb, monthlyCostCeiling, policy, reasons } = outcome;
    const facts = { source, sizeGb, monthlyCostCeiling, policy, reasons };
    const { run } = this.ports.owner;
    const hasBegun = this.begun.has(arn);
    if (hasBegun) {
      await this.reread(arn);
      const recorded = await readItemOutcome(this.ports.store, this.plan, this.position(arn));
      if (recorded !== null) return recorded;
    }
    for (let tries = 0; tries < MAX_ATTEMPT_TRIES; tries += 1) {
      const known = this.attempts.get(arn)?.attempt;
      if (known?.state === 'settled') return known.outcome;
      const isForeign = known?.state === 'open' && !this.isOwnOpen(known);
      if (isForeign && (hasBegun || tries > 0)) throw takenOver(name);
      const earlier = isForeign || known?.earlier === true;
      const approvedBy = this.approvalOf(known, earlier);
      const at = this.now();
      if (await this.replace({ arn, name, run, state: 'settled', earlier, approvedBy, at, facts, outcome }))
        return outcome;
      await this.reread(arn);
    }
    throw takenOver(name);
  }

  /** The approval that an attempt of this run names. `earlier`: an earlier run may have sent a delete, too. */
  private approvalOf(known: Attempt | undefined, earlier: boolean): SendingApproval {
    const own = this.otherApproval ?? 'first';
    return earlier ? commonApproval(known?.approvedBy ?? null, own) : own;
  }

  private view(): ApplyResult {
    const { plan, first, recorded } = this;
    const { id, digest, account, items } = plan;
    const sentBy = (arn: string): SendingApproval => this.sentBy.get(arn) ?? null;
    const unsettled = new Map(
      Array.from(this.unsettled, ([arn, facts]) => [arn, { ...facts, approvedBy: sentBy(arn) }] as const),
    );
    return makeResult({
      plan: { id, digest, count: items.length },
      ...{ account, ...first, updatedAt: this.now(), recorded, unsettled, planned: items },
    });
  }

  /**
   * A finished result is final, and that of a plan which another run applies is written by that run: one that lost its
   * lock leaves both as they are. Returns whether the stored result is this one, or finished.
   */
  private async write(result: ApplyResult): Promise<boolean> {
    const { store, owner } = this.ports;
    // No other run finishes the plan while this one has the lock.
    if (!this.hasFinished && !(await this.lock.isHeld())) {
      const isElsewhere = await isLockedByOther(store, this.plan.id, (run) => run === owner.run);
      const isOver = await isFinished(store, this.plan);
      if (isElsewhere || isOver) return isOver;
    }
    this.hasFinished = result.status === 'finished';
    const body = renderResultJson(result);
    await store.put({ key: resultFile(this.plan.id), contentType: 'application/json', body });
    return true;
  }
}

async function readUnfinished(store: Store, plan: Plan): Promise<ApplyResult | null> {
  const result = await readResult(store, plan);
  if (result?.status !== 'finished') return result;
  throw new PlanApplied(
    `it was applied already, until ${result.updatedAt}, and a plan is applied once: its outcomes are in ${store.locate(resultFile(plan.id))}`,
    { id: plan.id, digest: plan.digest },
  );
}

/** What earlier runs of a plan left behind. */
export interface EarlierRuns {
  readonly outcomes: readonly ItemResult[];
  /** ARNs of the snapshots whose delete, of this plan or another one of the place, may still be carried out. */
  readonly inDoubt: ReadonlySet<string>;
}

/**
 * Returns what earlier runs of a plan recorded. Refuses plan.applied when it is finished, plan.in-progress while
 * another run seems to be active.
 */
export async function checkOutcomes(ports: CheckLockPorts, plan: Plan): Promise<EarlierRuns> {
  const result = await readUnfinished(ports.store, plan);
  await refuseEarlierJournal(ports.store, plan);
  await checkLock(ports, plan.id);
  const records = await readRecords(ports.store, plan, byArn(result), plan.items);
  return { outcomes: [...records.recorded.values()], inDoubt: await readInDoubt(ports, plan, records) };
}

async function readInDoubt(
  { store, clock }: Pick<LockPorts, 'store' | 'clock'>,
  { id }: Plan,
  records: Records,
): Promise<ReadonlySet<string>> {
  return new Set([...doubtfulOf(records), ...(await readInDoubtElsewhere(store, clock, id))]);
}

const isSameApproval = (a: Approval | null, b: Approval | null): boolean => JSON.stringify(a) === JSON.stringify(b);

/**
 * Opens the record of a plan for a run, which can record and send from then on. `origin`: who approved the run, and the
 * report of the plan. `approve` records that before the result names it. Refuses plan.applied and plan.in-progress.
 */
export async function openOutcomes(
  ports: OutcomePorts,
  plan: Plan,
  origin: RunOrigin,
  approve?: () => Promise<void>,
): Promise<OutcomeStore> {
  const { store, clock } = ports;
  await readUnfinished(store, plan);
  const lock = await takeLock(ports, plan.id);
  try {
    const before = await readUnfinished(store, plan);
    await refuseEarlierJournal(store, plan);
    await approve?.();
    const records = await readRecords(store, plan, byArn(before), plan.items);
    const first: FirstRun = {
      approvedBy: before === null ? origin.approvedBy : before.approvedBy,
      report: before?.report ?? origin.report,
      config: plan.config,
      startedAt: before?.startedAt ?? new Date(clock()).toISOString(),
    };
    const otherApproval = isSameApproval(first.approvedBy, origin.approvedBy) ? null : origin.approvedBy;
    const inDoubt = await readInDoubt(ports, plan, records);
    const outcomes = new StoredOutcomes(ports, plan, lock, first, otherApproval, records, inDoubt);
    await outcomes.writeIfDue();
    return outcomes;
  } catch (error) {
    await lock.release().catch(() => undefined);
    throw error;
  }
}

/** Makes a record that stores nothing, for a dry run. */
export function rehearsalOutcomes(): RunOutcomes {
  const recorded = new Map<string, ItemResult>();
  return {
    recorded,
    unsettled: new Map(),
    inDoubt: new Set(),
    replacedLock: false,
    noteWaited: () => undefined,
    noteSent: () => undefined,
    noteEnded: () => undefined,
    startAttempt: async () => 'owned',
    isOwnAttempt: async () => true,
    cancelAttempt: async () => undefined,
    async record(results) {
      for (const each of results) recorded.set(each.arn, each);
      return results;
    },
  };
}

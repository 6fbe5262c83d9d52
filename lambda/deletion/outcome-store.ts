/**
 * The record of a deletion: each item of a plan has an attempt, written before its first delete, and an outcome, written once and never replaced.
 * The attempt names the one run that may send a delete, and is replaced only conditionally: without an outcome it means that a delete may have
 * been sent. `results/<plan id>.json` is a view of both, and can be written again from them at any time.
 */

import { type ApplyResult, countOutcomes, type ItemDetails, type ItemResult, unsettledOf } from '../core/plan/outcome';
import type { Plan, PlanItem } from '../core/plan/plan';
import { RetentionError } from '../core/util/errors';
import type { Store } from '../ports/ports';
import { renderResultJson } from '../render/result-json';
import { recordFile, resultFile } from '../storage/keys';
import {
  type Attempt,
  eachOf,
  type Records,
  readAttempt,
  readItemOutcome,
  readRecords,
  readResult,
  type StoredAttempt,
  unsettledIn,
} from './outcome-files';
import { refusal } from './refusals';
import { checkLock, type LockPorts, type RunLock, takeLock } from './run-lock';

export type OutcomePorts = LockPorts;

/**
 * How the attempt of an item began. `owned`: this run may send its delete. `taken-over`: so it may, once nothing that the run before it sent can
 * be on its way. `recorded`: another run has recorded its outcome.
 */
export type AttemptStart = 'owned' | 'taken-over' | 'recorded';

/** Where outcomes are kept. Each write is durable when its promise resolves. */
export interface OutcomeStore {
  /** Outcomes by ARN, those of other runs of the plan included. */
  readonly recorded: ReadonlyMap<string, ItemResult>;
  /** By ARN, what was known of those whose delete may have been sent and that have no outcome. */
  readonly unsettled: ReadonlyMap<string, ItemDetails>;
  /** Notes that deletes of an item may be sent from now on. Called before every delete; writes once. */
  startAttempt(item: Pick<PlanItem, 'arn' | 'name'>, facts: ItemDetails): Promise<AttemptStart>;
  /** Reads whether this run still has the attempt of an item: only then may it send a delete. */
  isOwnAttempt(arn: string): Promise<boolean>;
  /** Notes that none of the deletes of this run was carried out. An attempt that an earlier run began stays open. */
  cancelAttempt(arn: string): Promise<void>;
  /** Records outcomes, once each. Returns those that count: where another run recorded one first, it is that one. */
  record(results: readonly ItemResult[]): Promise<readonly ItemResult[]>;
  /** The outcomes as this run knows them, durable or not. */
  result(): ApplyResult;
  /** Writes the result, finished if every item has its outcome, and releases the lock. */
  close(): Promise<ApplyResult>;
}

const TRIES = 5;

/** What stops a run that finds an attempt of another run. */
export const takenOver = (name: string): RetentionError =>
  refusal(
    'plan.in-progress',
    `another run has taken over the snapshot ${name}: let that run finish, or apply the plan again afterwards`,
  );

const jsonObject = (key: string, value: unknown) => ({
  key,
  contentType: 'application/json',
  body: [`${JSON.stringify(value)}\n`],
});

class StoredOutcomes implements OutcomeStore {
  readonly recorded: Map<string, ItemResult>;
  readonly unsettled: Map<string, ItemDetails>;
  /** Attempts as they were last read, by ARN. */
  private readonly attempts: Map<string, StoredAttempt>;
  /** Items whose attempt this run began. */
  private readonly begun = new Map<string, 'owned' | 'taken-over'>();
  private readonly positions: ReadonlyMap<string, number>;
  private isClosed = false;
  private written = -1;
  private queue: Promise<void> = Promise.resolve();

  constructor(
    private readonly ports: OutcomePorts,
    private readonly plan: Plan,
    private readonly lock: RunLock,
    private readonly startedAt: string,
    records: Records,
  ) {
    this.recorded = new Map(records.recorded);
    this.unsettled = unsettledIn(records);
    this.attempts = new Map(records.attempts);
    this.positions = new Map(plan.items.map(({ arn }, position) => [arn, position]));
  }

  async startAttempt({ arn, name }: Pick<PlanItem, 'arn' | 'name'>, facts: ItemDetails): Promise<AttemptStart> {
    this.checkOpen();
    await this.lock.sign();
    const begun = this.begun.get(arn);
    if (begun === 'owned') return 'owned';
    if (begun === 'taken-over') {
      // The run before this one may have recorded its outcome in the meantime.
      if (await this.adoptOutcome(arn)) return 'recorded';
      this.begun.set(arn, 'owned');
      return 'owned';
    }
    for (let tries = 0; tries < TRIES; tries += 1) {
      const start = await this.begin(arn, name, facts);
      if (start === null) await this.reread(arn);
      else {
        if (start !== 'recorded') this.unsettled.set(arn, facts);
        return start;
      }
    }
    throw takenOver(name);
  }

  async isOwnAttempt(arn: string): Promise<boolean> {
    const attempt = await this.reread(arn);
    return attempt !== null && attempt.state === 'open' && this.isOwn(attempt);
  }

  async cancelAttempt(arn: string): Promise<void> {
    this.checkOpen();
    if (!this.begun.has(arn)) return;
    const attempt = await this.reread(arn);
    if (attempt === null || attempt.state !== 'open' || !this.isOwn(attempt) || attempt.earlier) return;
    if (await this.replace({ ...attempt, state: 'cancelled', at: this.now() })) this.unsettled.delete(arn);
    this.begun.delete(arn);
    this.attempts.delete(arn);
  }

  async record(results: readonly ItemResult[]): Promise<readonly ItemResult[]> {
    if (results.length === 0) return [];
    this.checkOpen();
    await this.lock.sign();
    const counted = await eachOf(results, (result) => this.recordOne(result));
    for (const each of counted) this.keep(each);
    this.queue = this.queue.then(() => this.writeNowAndThen());
    await this.queue;
    return counted;
  }

  result(): ApplyResult {
    return { ...this.summary(), status: 'unfinished' };
  }

  async close(): Promise<ApplyResult> {
    this.isClosed = true;
    await this.queue;
    for (;;) {
      const known = this.recorded.size;
      const end = this.summary();
      await this.write(end);
      // Another run may have recorded outcomes, and its view may have been replaced just now.
      const records = await readRecords(this.ports.store, this.plan, this.recorded, this.plan.items);
      for (const result of records.recorded.values()) this.keep(result);
      if (this.recorded.size > known) continue;
      await this.lock.release();
      return end;
    }
  }

  /** Writes a first view. */
  open(): Promise<void> {
    return this.writeNowAndThen();
  }

  private now(): string {
    return new Date(this.ports.clock()).toISOString();
  }

  private isOwn({ run }: Attempt): boolean {
    return run === this.ports.owner.run;
  }

  private keep(result: ItemResult): void {
    this.recorded.set(result.arn, result);
    this.unsettled.delete(result.arn);
  }

  private position(arn: string): number {
    const position = this.positions.get(arn);
    if (position === undefined)
      throw new RetentionError('plan.stranger', `cannot record ${arn}: the plan does not list it`);
    return position;
  }

  private checkOpen(): void {
    if (this.isClosed)
      throw new RetentionError(
        'outcomes.closed',
        `cannot record anything of the plan ${this.plan.id}: this run has ended`,
      );
  }

  private key(arn: string, kind: 'attempt' | 'outcome'): string {
    return recordFile(this.plan, this.position(arn), kind);
  }

  private async reread(arn: string): Promise<Attempt | null> {
    const stored = await readAttempt(this.ports.store, this.plan, this.position(arn));
    if (stored === null) this.attempts.delete(arn);
    else this.attempts.set(arn, stored);
    return stored?.attempt ?? null;
  }

  /** Replaces the attempt as it was last read. False: it has changed since. */
  private async replace(attempt: Attempt): Promise<boolean> {
    const known = this.attempts.get(attempt.arn);
    if (known === undefined) return this.ports.store.putIfAbsent(jsonObject(this.key(attempt.arn, 'attempt'), attempt));
    const next = { ...attempt, revision: known.attempt.revision + 1 };
    return this.ports.store.replaceIf(jsonObject(this.key(attempt.arn, 'attempt'), next), known.version);
  }

  private async adoptOutcome(arn: string): Promise<boolean> {
    const outcome = await readItemOutcome(this.ports.store, this.plan, this.position(arn));
    if (outcome !== null) this.keep(outcome);
    return outcome !== null;
  }

  /** Tries to get the attempt of an item. Null: it is not as it was last read. */
  private async begin(arn: string, name: string, facts: ItemDetails): Promise<AttemptStart | null> {
    const { run } = this.ports.owner;
    const fresh: Attempt = {
      arn,
      name,
      run,
      revision: 1,
      state: 'open',
      earlier: false,
      at: this.now(),
      facts,
      outcome: null,
    };
    const known = this.attempts.get(arn)?.attempt;
    if (known === undefined) return (await this.replace(fresh)) ? this.got(arn, 'owned') : null;
    if (known.outcome !== null) {
      this.keep(known.outcome);
      return 'recorded';
    }
    // The answer to its creation was lost.
    if (known.state === 'open' && this.isOwn(known)) return this.got(arn, 'owned');
    if (await this.adoptOutcome(arn)) return 'recorded';
    const wasOpen = known.state === 'open';
    if (!(await this.replace({ ...fresh, earlier: wasOpen || known.earlier }))) return null;
    return this.got(arn, wasOpen ? 'taken-over' : 'owned');
  }

  private got(arn: string, start: 'owned' | 'taken-over'): AttemptStart {
    this.begun.set(arn, start);
    return start;
  }

  /** Records one outcome. Returns the one that counts. */
  private async recordOne(result: ItemResult): Promise<ItemResult> {
    const { arn } = result;
    const isGone = result.outcome === 'deleted';
    // It is printed even when it cannot be written.
    if (isGone) this.keep(result);
    // That it is gone is so, whichever run may send deletes of it. Anything else can be said only while no other run can.
    const settled = isGone ? result : await this.settle(result);
    if (await this.ports.store.putIfAbsent(jsonObject(this.key(arn, 'outcome'), settled))) return settled;
    return (await readItemOutcome(this.ports.store, this.plan, this.position(arn))) ?? settled;
  }

  /**
   * Ends the attempt of an item, so that no run sends a delete of it from now on. Returns the outcome that counts. Rejects when another run has
   * begun its own attempt since this one last read it.
   */
  private async settle(outcome: ItemResult): Promise<ItemResult> {
    const { arn, name, source, sizeGb, monthlyCostCeiling } = outcome;
    const facts = { source, sizeGb, monthlyCostCeiling };
    let isAsDecided = !this.begun.has(arn);
    if (!isAsDecided) await this.reread(arn);
    for (let tries = 0; tries < TRIES; tries += 1) {
      const known = this.attempts.get(arn)?.attempt;
      if (known?.outcome != null) return known.outcome;
      const isOpen = known?.state === 'open';
      if (known !== undefined && isOpen && !this.isOwn(known) && !isAsDecided) throw takenOver(name);
      const earlier = known?.earlier === true || (known !== undefined && isOpen && !this.isOwn(known));
      const { run } = this.ports.owner;
      if (
        await this.replace({ arn, name, run, revision: 1, state: 'settled', earlier, at: this.now(), facts, outcome })
      )
        return outcome;
      await this.reread(arn);
      isAsDecided = false;
    }
    throw takenOver(name);
  }

  private summary(): ApplyResult {
    const { plan, recorded, unsettled } = this;
    const items = [...recorded.values()];
    return {
      schemaVersion: 1,
      plan: { id: plan.id, digest: plan.digest, count: plan.items.length },
      account: plan.account,
      status: plan.items.every(({ arn }) => recorded.has(arn)) ? 'finished' : 'unfinished',
      startedAt: this.startedAt,
      updatedAt: this.now(),
      totals: countOutcomes(plan.items.length, items),
      ...(unsettled.size === 0 ? {} : { unsettled: unsettledOf(unsettled, plan.items) }),
      items,
    };
  }

  private async write(result: ApplyResult): Promise<void> {
    await this.ports.store.put({
      key: resultFile(this.plan.id),
      contentType: 'application/json',
      body: renderResultJson(result),
    });
  }

  /** Writes the view often while it is small, and rarely enough when it is large. */
  private async writeNowAndThen(): Promise<void> {
    if (this.recorded.size - this.written < Math.max(1, this.recorded.size / 64)) return;
    this.written = this.recorded.size;
    await this.write(this.result());
  }
}

async function readUnfinished(store: Store, plan: Plan): Promise<ApplyResult | null> {
  const result = await readResult(store, plan);
  if (result?.status !== 'finished') return result;
  throw refusal(
    'plan.applied',
    `it was applied already, until ${result.updatedAt}, and a plan is applied once: its outcomes are in ${store.locate(resultFile(plan.id))}`,
  );
}

const known = (result: ApplyResult | null): ReadonlyMap<string, ItemResult> =>
  new Map((result?.items ?? []).map((item) => [item.arn, item]));

/** What is recorded of a plan. Refuses plan.applied when it is finished, plan.in-progress while another run seems to be at work. */
export async function checkOutcomes(ports: Omit<OutcomePorts, 'owner'>, plan: Plan): Promise<readonly ItemResult[]> {
  const result = await readUnfinished(ports.store, plan);
  await checkLock(ports, plan.id);
  return [...(await readRecords(ports.store, plan, known(result), plan.items)).recorded.values()];
}

/** Opens the record of a plan for a run, which can record and send from then on. Refuses plan.applied and plan.in-progress. */
export async function openOutcomes(ports: OutcomePorts, plan: Plan): Promise<OutcomeStore> {
  const { store, clock } = ports;
  await readUnfinished(store, plan);
  const lock = await takeLock(ports, plan.id);
  try {
    const before = await readUnfinished(store, plan);
    const records = await readRecords(store, plan, known(before), plan.items);
    const outcomes = new StoredOutcomes(
      ports,
      plan,
      lock,
      before?.startedAt ?? new Date(clock()).toISOString(),
      records,
    );
    await outcomes.open();
    return outcomes;
  } catch (error) {
    await lock.release().catch(() => undefined);
    throw error;
  }
}

/** Records nothing: for a dry run. */
export function rehearsalOutcomes(): Pick<
  OutcomeStore,
  'recorded' | 'unsettled' | 'startAttempt' | 'isOwnAttempt' | 'cancelAttempt' | 'record'
> {
  const recorded = new Map<string, ItemResult>();
  return {
    recorded,
    unsettled: new Map(),
    startAttempt: async () => 'owned',
    isOwnAttempt: async () => true,
    cancelAttempt: async () => undefined,
    async record(results) {
      for (const each of results) recorded.set(each.arn, each);
      return results;
    },
  };
}

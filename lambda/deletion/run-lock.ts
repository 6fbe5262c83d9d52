import { DELETE_TIMEOUT_MS } from '../ports/deletion-ports';
import type { Clock, Store, StoredObject } from '../ports/ports';
import { jsonObject } from '../storage/json-object';
import { LOCK_FILE } from '../storage/keys';
import { LOCK, parseStored } from '../storage/schemas';
import { CHECK_VALID_MS } from './check-age';
import { PlanInProgress } from './refusals';

/** The process that applies a plan. */
export interface Owner {
  readonly host: string;
  readonly pid: number;
  /** Unique for each run. */
  readonly run: string;
  /** The PID namespace, where the system has one: a process number means nothing in another one. */
  readonly namespace?: string | undefined;
}

export interface LockPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly owner: Owner;
  /** Whether another owner is still running; null: cannot be told from here. */
  readonly isAlive: (owner: Owner) => boolean | null;
}

/**
 * A lock that its run has not renewed for this long (ms) may be taken, even if a process of its number is running.
 */
const LOCK_TIMEOUT_MS = 60 * 60_000;
/** A run renews its lock at most this often (ms). */
const RENEW_INTERVAL_MS = 10 * 60_000;

/** A delete is answered or given up within its time-out, and can arrive for as long again as a run waits for it. */
const MAX_IN_FLIGHT_MS = 2 * DELETE_TIMEOUT_MS + CHECK_VALID_MS;
/** Stands for the run whose lock was replaced. */
const REPLACED_RUN = 'replaced-run';

interface Lock {
  /** The id of the plan that its run applies. */
  readonly plan: string;
  readonly owner: Owner;
  /** When it was last renewed (epoch ms). */
  readonly at: number;
  readonly released: boolean;
}

/** The lock as it was read. `lock` null: it cannot be read. */
interface StoredLock {
  readonly lock: Lock | null;
  readonly version: string;
}

const objectOf = ({ plan, owner, at, released }: Lock): StoredObject =>
  jsonObject(LOCK_FILE, { plan, owner, at: new Date(at).toISOString(), released });

async function readLock(store: Store): Promise<StoredLock | null> {
  const stored = await store.getVersioned(LOCK_FILE);
  return stored === null ? null : { lock: parseStored(LOCK, stored.text), version: stored.version };
}

const isActive = ({ lock }: StoredLock, isOwn: (run: string) => boolean): boolean =>
  lock !== null && !lock.released && isOwn(lock.owner.run);

function inProgress({ plan, owner: { host, pid }, at }: Lock, planId: string): PlanInProgress {
  const applied = plan === planId ? 'it' : `the plan ${plan} from the same place`;
  return new PlanInProgress(
    `process ${pid} on ${host} is applying ${applied}: let it finish; if it has ended and this machine cannot tell, apply again after ${new Date(at + LOCK_TIMEOUT_MS).toISOString()}`,
    plan,
  );
}

export interface CheckLockPorts extends Omit<LockPorts, 'owner'> {
  /** The run that checks: its own lock does not refuse it. Absent: none has begun. */
  readonly owner?: Owner;
}

/**
 * Returns the lock that may be replaced; null where there is none. Refuses plan.in-progress while its run seems to be
 * active. A lock that cannot be read may be replaced: its run stops when it reads that it no longer has it.
 */
async function freeLock({ store, clock, isAlive, owner }: CheckLockPorts, planId: string): Promise<StoredLock | null> {
  const stored = await readLock(store);
  const lock = stored?.lock ?? null;
  // A lock from further ahead than the time-out was written by a wrong clock: it would block the place until that time.
  const isRecent = lock !== null && !lock.released && Math.abs(clock() - lock.at) < LOCK_TIMEOUT_MS;
  if (isRecent && lock.owner.run !== owner?.run && isAlive(lock.owner) !== false) throw inProgress(lock, planId);
  return stored;
}

/** Refuses plan.in-progress while another run of any plan of the place seems to be active. */
export async function checkLock(ports: CheckLockPorts, planId: string): Promise<void> {
  await freeLock(ports, planId);
}

/** The lock of a place, taken by this run. */
export interface RunLock {
  /** Whether a lock was replaced that its run had not released: a delete of that run may still arrive. */
  readonly replaced: boolean;
  /** Notes that this run has waited until no delete of that run can arrive. */
  noteWaited(): void;
  /** Notes that a delete of a snapshot is sent, and may arrive until it has ended or cannot arrive any longer. */
  noteSent(arn: string): void;
  /** Notes that no delete of a snapshot can arrive any longer. */
  noteEnded(arn: string): void;
  /** Refuses plan.in-progress when this run no longer has the lock: then it may send no delete. */
  check(): Promise<void>;
  /** Whether this run has the lock; false where that cannot be read. */
  isHeld(): Promise<boolean>;
  /** Notes that this run is still active. Called often, written at intervals; never rejects. */
  renew(): Promise<void>;
  /** Ends the lock. Where a delete of this run, or of the one before it, may still arrive, the next run must wait. */
  release(): Promise<void>;
}

/** Whether a run that is not one of `isOwn` has the lock of a place for a plan, and did not end without releasing it. */
export async function isLockedByOther(store: Store, planId: string, isOwn: (run: string) => boolean): Promise<boolean> {
  const stored = await readLock(store);
  return stored?.lock?.plan === planId && stored.lock.at > 0 && isActive(stored, (run) => !isOwn(run));
}

/** Marks a lock as released if it is still that of the run. */
export async function releaseLock(store: Store, isOwn: (run: string) => boolean): Promise<void> {
  const stored = await readLock(store);
  if (stored?.lock && isActive(stored, isOwn))
    await store.replaceIf(objectOf({ ...stored.lock, released: true }), stored.version);
}

/**
 * Ends the lock of a run that did not release it itself. The next run need not wait until it times out, and takes it
 * over as one that was not released, because a delete may still be in flight.
 */
export async function expireLock(store: Store, isOwn: (run: string) => boolean): Promise<void> {
  const stored = await readLock(store);
  if (stored?.lock && isActive(stored, isOwn))
    await store.replaceIf(objectOf({ ...stored.lock, at: 0 }), stored.version);
}

class TakenLock implements RunLock {
  private renewedAt: number;
  /** Until when (epoch ms) deletes may still arrive, by ARN; those of the replaced run under its own key. */
  private readonly inFlight = new Map<string, number>();

  constructor(
    private readonly ports: LockPorts,
    private readonly plan: string,
    readonly replaced: boolean,
  ) {
    this.renewedAt = ports.clock();
    if (replaced) this.inFlight.set(REPLACED_RUN, Number.POSITIVE_INFINITY);
  }

  noteWaited(): void {
    this.inFlight.delete(REPLACED_RUN);
  }

  noteSent(arn: string): void {
    this.inFlight.set(arn, this.ports.clock() + MAX_IN_FLIGHT_MS);
  }

  noteEnded(arn: string): void {
    this.inFlight.delete(arn);
  }

  async check(): Promise<void> {
    const stored = await readLock(this.ports.store);
    if (stored !== null && isActive(stored, this.isOwn)) return;
    if (stored?.lock) throw inProgress(stored.lock, this.plan);
    throw new PlanInProgress(
      `the lock ${this.ports.store.locate(LOCK_FILE)} of this run was removed: apply again`,
      this.plan,
    );
  }

  async isHeld(): Promise<boolean> {
    const stored = await readLock(this.ports.store).catch(() => null);
    return stored !== null && isActive(stored, this.isOwn);
  }

  async renew(): Promise<void> {
    const { store, clock, owner } = this.ports;
    if (clock() - this.renewedAt < RENEW_INTERVAL_MS) return;
    this.renewedAt = clock();
    try {
      const stored = await readLock(store);
      if (stored === null || !isActive(stored, this.isOwn)) return;
      await store.replaceIf(objectOf({ plan: this.plan, owner, at: clock(), released: false }), stored.version);
    } catch {
      // The next attempt tries again.
    }
  }

  release(): Promise<void> {
    const now = this.ports.clock();
    const mayArrive = [...this.inFlight.values()].some((until) => until > now);
    return (mayArrive ? expireLock : releaseLock)(this.ports.store, this.isOwn);
  }

  private readonly isOwn = (run: string): boolean => run === this.ports.owner.run;
}

/**
 * Takes the lock of a place for a run of a plan, so that one run at a time deletes there. Refuses plan.in-progress. A
 * run reads it before each delete, so that a suspended run stops when another one has replaced it.
 */
export async function takeLock(ports: LockPorts, plan: string): Promise<RunLock> {
  const { store, clock, owner } = ports;
  const before = await freeLock(ports, plan);
  const object = objectOf({ plan, owner, at: clock(), released: false });
  const isTaken = before === null ? await store.putIfAbsent(object) : await store.replaceIf(object, before.version);
  if (!isTaken) {
    const now = await readLock(store);
    // Where the answer to the write was lost, the lock of this run is there.
    if (now === null || !isActive(now, (run) => run === owner.run)) {
      await freeLock(ports, plan);
      throw new PlanInProgress('another run took the lock at the same time: let it finish, and apply again', plan);
    }
  }
  return new TakenLock(ports, plan, before !== null && before.lock?.released !== true);
}

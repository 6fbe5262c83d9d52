import type { RetentionError } from '../core/util/errors';
import type { Clock, Store, StoredObject } from '../ports/ports';
import { jsonObject } from '../storage/json-object';
import { lockFile } from '../storage/keys';
import { LOCK, parseStored } from '../storage/schemas';
import { refusal } from './refusals';

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
 * A lock that its run has not renewed for this long (ms) no longer counts, even if a process of its number is running.
 */
const LOCK_TIMEOUT_MS = 60 * 60_000;
/** A run renews its lock at most this often (ms). */
const RENEW_INTERVAL_MS = 60_000;

interface Lock {
  readonly owner: Owner;
  /** When it was last renewed (epoch ms). */
  readonly at: number;
  readonly released: boolean;
}

const objectOf = (planId: string, { owner, at, released }: Lock): StoredObject =>
  jsonObject(lockFile(planId), { owner, at: new Date(at).toISOString(), released });

const inProgress = ({ host, pid }: Owner, until: number): RetentionError =>
  refusal(
    'plan.in-progress',
    `process ${pid} on ${host} is applying it: let it finish; if it has ended and this machine cannot tell, apply again after ${new Date(until).toISOString()}`,
  );

/**
 * Returns the version of a lock that may be taken; null where there is none. Refuses plan.in-progress while its run
 * seems to be active.
 */
async function freeLock({ store, clock, isAlive }: Omit<LockPorts, 'owner'>, planId: string): Promise<string | null> {
  const stored = await store.getVersioned(lockFile(planId));
  // A lock that cannot be read does not count: no delete depends on it.
  const lock = parseStored(LOCK, stored?.text ?? null);
  // A lock from further ahead than the time-out was written by a wrong clock: it would block the plan until that time.
  const isRecent = lock !== null && !lock.released && Math.abs(clock() - lock.at) < LOCK_TIMEOUT_MS;
  if (isRecent && isAlive(lock.owner) !== false) throw inProgress(lock.owner, lock.at + LOCK_TIMEOUT_MS);
  return stored?.version ?? null;
}

/** Refuses plan.in-progress while another run seems to be active. */
export async function checkLock(ports: Omit<LockPorts, 'owner'>, planId: string): Promise<void> {
  await freeLock(ports, planId);
}

/** A lock that this run has. */
export interface RunLock {
  /** Notes that this run is still active. Called often, written at intervals; never rejects. */
  renew(): Promise<void>;
  release(): Promise<void>;
}

async function readOwnLock(store: Store, planId: string, isOwn: (run: string) => boolean): Promise<Lock | null> {
  const lock = parseStored(LOCK, await store.get(lockFile(planId)));
  return lock !== null && !lock.released && isOwn(lock.owner.run) ? lock : null;
}

/** Releases the lock of a run that did not do so itself. */
export async function releaseLock(store: Store, planId: string, isOwn: (run: string) => boolean): Promise<void> {
  const lock = await readOwnLock(store, planId, isOwn);
  if (lock !== null) await store.put(objectOf(planId, { ...lock, released: true }));
}

/**
 * Takes the lock of a plan: a courtesy for people, who learn that another run is active. No delete depends on it: of
 * two runs that both have it, each item has one owner. Refuses plan.in-progress.
 */
export async function takeLock(ports: LockPorts, planId: string): Promise<RunLock> {
  const { store, clock, owner } = ports;
  const isOwn = (run: string): boolean => run === owner.run;
  const lockNow = (): StoredObject => objectOf(planId, { owner, at: clock(), released: false });
  const version = await freeLock(ports, planId);
  const isTaken = version === null ? await store.putIfAbsent(lockNow()) : await store.replaceIf(lockNow(), version);
  // Where the answer to the write was lost, the lock of this run is there.
  if (!isTaken && (await readOwnLock(store, planId, isOwn)) === null) {
    await freeLock(ports, planId);
    throw inProgress(owner, clock() + LOCK_TIMEOUT_MS);
  }
  let renewedAt = clock();
  return {
    async renew() {
      if (clock() - renewedAt < RENEW_INTERVAL_MS) return;
      renewedAt = clock();
      await store.put(lockNow()).catch(() => undefined);
    },
    release: () => releaseLock(store, planId, isOwn),
  };
}

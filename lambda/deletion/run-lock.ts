import type { RetentionError } from '../core/util/errors';
import type { Clock, Store } from '../ports/ports';
import { lockFile } from '../storage/keys';
import { refusal } from './refusals';

/** Who applies a plan. */
export interface Owner {
  readonly host: string;
  readonly pid: number;
  /** Unique for each run. */
  readonly run: string;
  /** The PID namespace, where there is such a thing: a process number means nothing in another one. */
  readonly namespace?: string;
}

export interface LockPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly owner: Owner;
  /** Whether another owner is still running; null: cannot be told from here. */
  readonly isAlive: (owner: Owner) => boolean | null;
}

/** A lock whose run has given no sign for this long (ms) no longer counts, even if a process of its number is running. */
const SILENCE_MS = 60 * 60_000;
/** A run gives a sign at most this often (ms). */
const SIGN_EVERY_MS = 60_000;

interface Lock {
  readonly owner: Owner;
  readonly at: number;
  readonly released: boolean;
}

const objectOf = (planId: string, { owner, at, released }: Lock) => ({
  key: lockFile(planId),
  contentType: 'application/json',
  body: [`${JSON.stringify({ owner, at: new Date(at).toISOString(), released })}\n`],
});

/** Returns the lock that a text describes. One that cannot be read does not count: no delete depends on it. */
function parseLock(text: string): Lock | null {
  try {
    const { owner, at, released } = JSON.parse(text) as { owner: Owner; at: string; released: boolean };
    const { host, pid, run, namespace } = owner;
    const since = Date.parse(at);
    if (typeof run !== 'string' || Number.isNaN(since)) return null;
    const known = { host: String(host), pid: Number(pid), run };
    return {
      owner: typeof namespace === 'string' ? { ...known, namespace } : known,
      at: since,
      released: released === true,
    };
  } catch {
    return null;
  }
}

const inProgress = ({ host, pid }: Owner, until: number): RetentionError =>
  refusal(
    'plan.in-progress',
    `process ${pid} on ${host} is applying it: let it finish; if it has ended and this machine cannot tell, apply again after ${new Date(until).toISOString()}`,
  );

/** The newest lock of a plan with its version. Refuses plan.in-progress while its run seems to be at work. */
async function freeLock({ store, clock, isAlive }: Omit<LockPorts, 'owner'>, planId: string): Promise<string | null> {
  const stored = await store.getVersioned(lockFile(planId));
  if (stored === null) return null;
  const lock = parseLock(stored.text);
  if (lock === null || lock.released) return stored.version;
  const now = clock();
  // A sign that is further ahead than it can be silent comes from a clock that was wrong: it would block the plan until that time.
  const isRecent = Math.abs(now - lock.at) < SILENCE_MS;
  if (isRecent && isAlive(lock.owner) !== false) throw inProgress(lock.owner, lock.at + SILENCE_MS);
  return stored.version;
}

/** Refuses plan.in-progress while another run seems to be at work. */
export async function checkLock(ports: Omit<LockPorts, 'owner'>, planId: string): Promise<void> {
  await freeLock(ports, planId);
}

/** A lock that this run has. */
export interface RunLock {
  /** Says that this run is still at work. Called often, written now and then; never rejects. */
  sign(): Promise<void>;
  release(): Promise<void>;
}

async function holds(store: Store, planId: string, isOwn: (run: string) => boolean): Promise<boolean> {
  const text = await store.get(lockFile(planId));
  const lock = text === null ? null : parseLock(text);
  return lock !== null && !lock.released && isOwn(lock.owner.run);
}

/** Releases the lock of a run that did not do so itself. */
export async function releaseLock(store: Store, planId: string, isOwn: (run: string) => boolean): Promise<void> {
  const text = await store.get(lockFile(planId));
  const lock = text === null ? null : parseLock(text);
  if (lock !== null && !lock.released && isOwn(lock.owner.run))
    await store.put(objectOf(planId, { ...lock, released: true }));
}

/**
 * Takes the lock of a plan: a courtesy for people, who are told that another run is at work. No delete depends on it: two runs that both have it
 * never send a delete of one snapshot at once, because each item has one owner. Refuses plan.in-progress.
 */
export async function takeLock(ports: LockPorts, planId: string): Promise<RunLock> {
  const { store, clock, owner } = ports;
  const lockNow = (released = false) => objectOf(planId, { owner, at: clock(), released });
  const version = await freeLock(ports, planId);
  const isTaken = version === null ? await store.putIfAbsent(lockNow()) : await store.replaceIf(lockNow(), version);
  const isOwn = (run: string): boolean => run === owner.run;
  // An answer that was lost is asked again, and then the lock of this very run is found.
  if (!isTaken && !(await holds(store, planId, isOwn))) {
    await freeLock(ports, planId);
    throw inProgress(owner, clock() + SILENCE_MS);
  }
  let signedAt = clock();
  return {
    async sign() {
      if (clock() - signedAt < SIGN_EVERY_MS) return;
      signedAt = clock();
      await store.put(lockNow()).catch(() => undefined);
    },
    release: () => releaseLock(store, planId, isOwn),
  };
}

import { RetentionError } from '../core/errors';
import { type ApplyResult, type Facts, type ItemResult, totalsOf, unsettledOf } from '../core/outcome';
import type { Plan } from '../core/plan';
import { jsonText } from '../core/safe-text';
import { renderResultJson } from '../render/result-json';
import { readJournal, readResult, resultFile, resultFolder } from './ledger-files';
import type { Clock, Store } from './ports';
import { refusal } from './refusals';

/** Who applies a plan: enough to tell whether it is still there. */
export interface Owner {
  readonly host: string;
  readonly pid: number;
  /** Unique for each run. */
  readonly run: string;
}

export interface LedgerPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly owner: Owner;
  /** Whether another owner is still running; null: cannot be told from here. */
  readonly isAlive: (owner: Owner) => boolean | null;
}

/** Where outcomes are kept, durably: what a promise here has said is there after a crash. */
export interface Ledger {
  /** Outcomes by ARN, those of earlier runs of the plan included. */
  readonly recorded: ReadonlyMap<string, ItemResult>;
  /** By ARN, what was known of those whose delete may have been sent, though no outcome was recorded. */
  readonly sent: ReadonlyMap<string, Facts>;
  /**
   * Notes, before it is sent, that a delete will be. To be called before every attempt: rejects with plan.in-progress when another run has
   * taken over.
   */
  intend(arn: string, facts: Facts): Promise<void>;
  /** Takes back what this run intended, and nothing that an earlier one did: none of the deletes that it sent was carried out. */
  withdraw(arn: string): Promise<void>;
  record(results: readonly ItemResult[]): Promise<void>;
  /** The outcomes as they are known here, durable or not. */
  result(): ApplyResult;
  /** Writes the result, finished if every item has its outcome, and lets go of the claim. */
  close(): Promise<ApplyResult>;
}

/**
 * A run that has given no sign for so long (ms) is taken for dead. Where the service hangs and throttles, one item can take longer: a run that
 * lives after all looks before each attempt whether another has taken over, and sends nothing more then.
 */
const SILENCE = 60 * 60_000;
const SEGMENT = 50;

/** Who has a plan, and since when (epoch ms). */
export interface Claim {
  readonly number: number;
  readonly owner: Owner;
  readonly at: number;
  readonly released: boolean;
}

/** Where the claims of a plan lie, each with its number: the newest counts. */
export const claimKey = (planId: string, number: number): string => `${resultFolder(planId)}claim-${number}.json`;

/** A claim as it is written. */
export const claimText = ({ owner, at, released }: Claim): string => `${jsonText({ owner, at: new Date(at).toISOString(), released })}\n`;

/** The newest claim on a plan; null where there is none. */
export async function latestClaim(store: Store, planId: string): Promise<Claim | null> {
  const numbers = (await store.list(resultFolder(planId))).flatMap((name) => {
    const number = /^claim-(\d+)\.json$/.exec(name)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
  if (numbers.length === 0) return null;
  const number = Math.max(...numbers);
  const text = await store.get(claimKey(planId, number));
  try {
    const { owner, at, released } = JSON.parse(text ?? '') as { owner: Owner; at: string; released: boolean };
    const { host, pid, run } = owner;
    return { number, owner: { host: String(host), pid: Number(pid), run: String(run) }, at: Date.parse(at), released: released === true };
  } catch (cause) {
    const where = store.locate(claimKey(planId, number));
    throw new RetentionError('result.unreadable', 'operator', `cannot read ${where}: move it away if no run is applying this plan`, {
      cause,
    });
  }
}

/** The number of the next claim, above every claim and journal that there is; refuses plan.in-progress while the last one may still be alive. */
async function freeClaim({ store, clock, isAlive }: Omit<LedgerPorts, 'owner'>, planId: string): Promise<number> {
  const claim = await latestClaim(store, planId);
  // A claim may have been moved away: its journal stays, and is not written over.
  const journals = (await store.list(resultFolder(planId))).map((name) => Number(/^(\d+)-\d+\.json$/.exec(name)?.[1] ?? 0));
  const next = journals.reduce((most, number) => Math.max(most, number), claim?.number ?? 0) + 1;
  if (claim === null || claim.released) return next;
  const alive = isAlive(claim.owner);
  const { lastSign } = await readJournal(store, planId, claim.number);
  const silentAt = Math.max(claim.at, lastSign) + SILENCE;
  if (alive === false || clock() >= silentAt) return next;
  throw inProgress(claim.owner, silentAt);
}

const inProgress = ({ host, pid }: Owner, until: number): RetentionError =>
  refusal(
    'plan.in-progress',
    `process ${pid} on ${host} is applying it: let it end; if it is dead and this machine cannot tell, apply again after ${new Date(until).toISOString()}`,
  );

/** What is recorded of a plan. Refuses plan.applied when it is finished, plan.in-progress while another run is at it. */
export async function checkLedger(ports: Omit<LedgerPorts, 'owner'>, plan: Plan): Promise<readonly ItemResult[]> {
  const result = await readResult(ports.store, plan);
  if (result?.status === 'finished')
    throw refusal(
      'plan.applied',
      `it was applied already, until ${result.updatedAt}, and a plan is applied once: its outcomes stand in ${ports.store.locate(resultFile(plan.id))}`,
    );
  await freeClaim(ports, plan.id);
  return [...(await readJournal(ports.store, plan.id, null, result)).recorded.values()];
}

/** Claims a plan for this run and reads what earlier ones recorded. Only one run gets it; a run that comes later refuses. */
export async function openLedger(ports: LedgerPorts, plan: Plan): Promise<Ledger> {
  const { store, clock, owner } = ports;
  await checkLedger(ports, plan);
  const number = await freeClaim(ports, plan.id);
  const claim: Claim = { number, owner, at: clock(), released: false };
  const key = claimKey(plan.id, number);
  if (!(await store.putIfAbsent({ key, contentType: 'application/json', body: [claimText(claim)] })))
    throw inProgress((await latestClaim(store, plan.id))?.owner ?? owner, clock() + SILENCE);
  const release = () => store.put({ key, contentType: 'application/json', body: [claimText({ ...claim, released: true })] });

  const before = await readResult(store, plan);
  if (before?.status === 'finished') {
    await release();
    throw refusal('plan.applied', 'another run finished it just now, and a plan is applied once');
  }
  const journal = await readJournal(store, plan.id, null, before);
  const recorded = new Map(journal.recorded);
  const sent = new Map(journal.sent);
  const intended = new Set<string>();
  const startedAt = before?.startedAt ?? new Date(clock()).toISOString();

  const result = (): ApplyResult => {
    const items = [...recorded.values()];
    return {
      schemaVersion: 1,
      plan: { id: plan.id, digest: plan.digest, count: plan.items.length },
      account: plan.account,
      status: plan.items.every(({ arn }) => recorded.has(arn)) ? 'finished' : 'unfinished',
      startedAt,
      updatedAt: new Date(clock()).toISOString(),
      totals: totalsOf(plan.items.length, items),
      ...(sent.size === 0 ? {} : { unsettled: unsettledOf(sent, plan.items) }),
      items,
    };
  };
  // What was under way when it was closed comes too late: the claim is let go, and another run may be at it.
  let closed = false;
  const checkOpen = (): void => {
    if (closed)
      throw new RetentionError('ledger.closed', 'bug', `cannot record anything more of the plan ${plan.id}: this run's ledger is closed`);
  };
  let taken = false;
  const isTaken = async (): Promise<boolean> => {
    taken ||= (await store.get(claimKey(plan.id, number + 1))) !== null;
    return taken;
  };
  let written = -1;
  const writeResult = async (): Promise<void> => {
    written = recorded.size;
    // The result belongs to the run that has taken over: it may be finished.
    if (await isTaken()) return;
    const body = renderResultJson({ ...result(), status: 'unfinished' });
    await store.put({ key: resultFile(plan.id), contentType: 'application/json', body });
  };

  let pending: unknown[] = [];
  let segment: unknown[] = [];
  let segments = 0;
  const flush = async (): Promise<void> => {
    if (pending.length > 0) {
      if (segments === 0 || segment.length >= SEGMENT) {
        segment = [];
        segments += 1;
      }
      for (const entry of pending) segment.push(entry);
      pending = [];
      const body = [`${jsonText({ entries: segment })}\n`];
      await store.put({ key: `${resultFolder(plan.id)}${number}-${segments}.json`, contentType: 'application/json', body });
    }
    // The journal has it all; the result is written often while it is small, and rarely enough when it is large.
    if (recorded.size - written >= Math.max(1, recorded.size / 64)) await writeResult();
  };
  // One write at a time; whatever waits for it goes into the next one together.
  let queue: Promise<void> = Promise.resolve();
  const append = (entries: readonly unknown[]): Promise<void> => {
    for (const entry of entries) pending.push(entry);
    queue = queue.then(flush);
    return queue;
  };

  await append([]);
  return {
    recorded,
    sent,
    async intend(arn, facts) {
      if (await isTaken()) throw inProgress((await latestClaim(store, plan.id))?.owner ?? owner, clock() + SILENCE);
      checkOpen();
      if (intended.has(arn)) return queue;
      intended.add(arn);
      sent.set(arn, facts);
      await append([{ sent: arn, at: new Date(clock()).toISOString(), facts }]);
    },
    async withdraw(arn) {
      checkOpen();
      if (!intended.delete(arn)) return;
      if (!journal.sent.has(arn)) sent.delete(arn);
      await append([{ withdrawn: arn, at: new Date(clock()).toISOString() }]);
    },
    async record(results) {
      if (results.length === 0) return;
      checkOpen();
      for (const each of results) {
        recorded.set(each.arn, each);
        sent.delete(each.arn);
      }
      await append(results.map((each) => ({ result: each })));
    },
    result: () => ({ ...result(), status: 'unfinished' }),
    async close() {
      closed = true;
      await queue;
      const end = result();
      if (await isTaken()) return { ...end, status: 'unfinished' };
      await store.put({ key: resultFile(plan.id), contentType: 'application/json', body: renderResultJson(end) });
      await release();
      return end;
    },
  };
}

/** A ledger that forgets: what earlier runs recorded was left out when the plan was prepared, and nothing of a rehearsal is kept. */
export function rehearsalLedger(): Pick<Ledger, 'recorded' | 'sent' | 'intend' | 'withdraw' | 'record'> {
  const recorded = new Map<string, ItemResult>();
  return {
    recorded,
    sent: new Map(),
    intend: async () => undefined,
    withdraw: async () => undefined,
    async record(results) {
      for (const each of results) recorded.set(each.arn, each);
    },
  };
}

import { compactInstant } from '../core/time/instant';
import { MAX_LATE_MS } from '../core/time/tolerance';
import { RetentionError } from '../core/util/errors';
import { jsonText } from '../core/util/safe-text';
import type { Store } from '../ports/ports';
import { claimFile, noteFile, runFolder, SENT, SENT_BY_HAND } from '../storage/keys';

/** How long (ms) the holder of a claim may try to send. What it guards is one message, made before the claim. */
export const SEND_LIMIT = 45_000;

/**
 * A claim older than this (ms) belongs to an invocation that gave up or died. Below the minute after which Lambda first retries, so that the
 * retry of an invocation that died while it was sending finds the way free; above the limit by more than machines' clocks differ.
 */
const CLAIM_TIMEOUT = SEND_LIMIT + 10_000;

/**
 * The scheduled time by which a run is idempotent and its report is named; null for one to be handled as a run by hand, for now. Reports are
 * found by the times in their ids: one with an id of long ago would be missing among those since the grace period began, and the newest would
 * not be known as that.
 */
export const runSchedule = (scheduledAt: number | null, now: number): number | null =>
  scheduledAt === null || Math.abs(now - scheduledAt) > MAX_LATE_MS ? null : scheduledAt;

export interface Claim {
  /** `sent`: this run's mail went out before. `mine`: nobody else may send it now. */
  readonly state: 'sent' | 'mine';
  readonly attempt: number;
}

const runPrefix = (scheduledAt: number): string => runFolder(compactInstant(scheduledAt));

/** Whether the report of this scheduled time was sent already. */
export async function wasSent(store: Store, scheduledAt: number): Promise<boolean> {
  return (await store.list(runPrefix(scheduledAt))).includes(`${SENT}.json`);
}

/**
 * Claims the sending of one scheduled report by a conditional write, so that a duplicate delivery sends no second mail. A failed attempt
 * leaves `failed-<n>`, and the next one claims `<n + 1>`. The holder must stop trying after `SEND_LIMIT`. Throws `run.in-progress` while another
 * invocation may still be sending.
 */
export async function claimRun(store: Store, scheduledAt: number, now: number): Promise<Claim> {
  for (let attempt = 1; attempt <= 100; attempt += 1) {
    const names = await store.list(runPrefix(scheduledAt));
    if (names.includes(`${SENT}.json`)) return { state: 'sent', attempt };
    if (names.includes(`failed-${attempt}.json`)) continue;
    const key = claimFile(compactInstant(scheduledAt), attempt);
    const body = [new Date(now).toISOString()];
    if (await store.putIfAbsent({ key, contentType: 'text/plain', body })) return { state: 'mine', attempt };
    const claimedAt = Date.parse((await store.get(key)) ?? '');
    if (now - claimedAt < CLAIM_TIMEOUT)
      throw new RetentionError(
        'run.in-progress',
        'cannot send the report: another invocation for the same scheduled time is sending it, or stopped while it did; the next try will tell',
      );
  }
  throw new RetentionError(
    'run.attempts',
    `cannot send the report: 100 attempts for ${compactInstant(scheduledAt)} failed; see the function's log`,
  );
}

/** What is noted of an attempt to send a report. */
export interface RunNote {
  readonly at: number;
  readonly reportId: string;
  /** Of its plan: nothing else in the bucket tells what was e-mailed. */
  readonly digest: string;
  /** How many subscribers could receive it; null: not known. */
  readonly confirmed: number | null;
  /** Whether it said that what it lists will be deleted. */
  readonly announced: boolean;
  /** When the oldest report was made (ISO 8601) back to which its countdown counted; absent where it announced nothing. */
  readonly countedFrom?: string;
}

/**
 * What became of the e-mail of a time's runs: `sent` by any of them, or `failed` in all that tried. Null: nothing is noted, so it was switched
 * off, or is being sent.
 */
export async function readDelivery(store: Store, time: string): Promise<'sent' | 'failed' | null> {
  const names = await store.list(runFolder(time));
  if ([SENT, SENT_BY_HAND].some((note) => names.includes(`${note}.json`))) return 'sent';
  return names.some((name) => /^failed-.+\.json$/.test(name)) ? 'failed' : null;
}

/** Writes what became of a run next to its claims: SENT, SENT_BY_HAND, FAILED_BY_HAND or `failed-<attempt>`. The first note stays. */
export async function noteRun(store: Store, run: string, name: string, { at, ...note }: RunNote): Promise<void> {
  const body = [`${jsonText({ at: new Date(at).toISOString(), ...note })}\n`];
  await store.putIfAbsent({ key: noteFile(run, name), contentType: 'application/json', body });
}

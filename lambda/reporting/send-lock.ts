import type { AnnouncedStarts } from '../core/plan/grace-period';
import { compactInstant } from '../core/time/instant';
import { MAX_LATE_MS } from '../core/time/tolerance';
import { RetentionError } from '../core/util/errors';
import type { Store } from '../ports/ports';
import { jsonObject } from '../storage/json-object';
import { claimFile, noteFile, runFolder, SENT, SENT_BY_HAND } from '../storage/keys';

/** Time limit (ms) of the holder of a claim for sending one message. */
export const SEND_TIMEOUT_MS = 45_000;

/**
 * A claim older than this (ms) is abandoned: its invocation gave up or died. Shorter than the minute after which Lambda
 * first retries, so that a retry can claim again; longer than the time limit by more than the clocks of machines
 * differ.
 */
const CLAIM_EXPIRY_MS = SEND_TIMEOUT_MS + 10_000;

/**
 * Returns the scheduled time by which a run is idempotent and its report is named; null for an event that is handled as
 * a run by hand, for now. Reports are found by the times in their ids: one with an old id would be missing among those
 * since the grace period began, and would not count as the newest.
 */
export const runSchedule = (scheduledAt: number | null, now: number): number | null =>
  scheduledAt === null || Math.abs(now - scheduledAt) > MAX_LATE_MS ? null : scheduledAt;

export interface Claim {
  /** `sent`: the mail of this run was sent before. `mine`: no other invocation may send it now. */
  readonly state: 'sent' | 'mine';
  readonly attempt: number;
}

const runPrefix = (scheduledAt: number): string => runFolder(compactInstant(scheduledAt));

/** Whether the report of this scheduled time was sent already. */
export async function wasSent(store: Store, scheduledAt: number): Promise<boolean> {
  return (await store.list(runPrefix(scheduledAt))).includes(`${SENT}.json`);
}

/**
 * Claims the sending of one scheduled report by a conditional write, so that a duplicate delivery sends no second mail.
 * A failed attempt leaves `failed-<n>`, and the next one claims `<n + 1>`. The holder must stop trying after
 * `SEND_TIMEOUT_MS`. Throws `run.in-progress` while another invocation may still be sending.
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
    if (now - claimedAt < CLAIM_EXPIRY_MS)
      throw new RetentionError(
        'run.in-progress',
        'cannot send the report: another invocation for the same scheduled time is sending it, or stopped while it did; the next try checks again',
      );
  }
  throw new RetentionError(
    'run.attempts',
    `cannot send the report: 100 attempts for ${compactInstant(scheduledAt)} failed; see the function's log`,
  );
}

/** The note of an attempt to send a report. */
export interface RunNote {
  readonly at: number;
  readonly reportId: string;
  /** Of its plan: nothing else in the bucket shows which plan was e-mailed. */
  readonly digest: string;
  /** How many subscribers could receive it; null: not known. */
  readonly confirmed: number | null;
  /** Whether it announced the deletion of the snapshots that it lists. */
  readonly announced: boolean;
  /** When the oldest report that counted for its countdown was made (ISO 8601); absent where it announced nothing. */
  readonly countedFrom?: string;
  /** The starts of deletions that it announced, in the order of its plan; absent: not known. */
  readonly starts?: AnnouncedStarts;
  /** Whether the check for the first report started the run, and not the schedule of the reports. */
  readonly firstCheck?: true;
  /** The schedule of the reports by which days were announced; absent: not known. */
  readonly schedule?: string;
}

/**
 * Returns the delivery of the e-mail of a scheduled time: `sent` by any of its runs, or `failed` in all that tried.
 * Null: nothing is noted, so it was switched off, or is being sent.
 */
export async function readDelivery(store: Store, time: string): Promise<'sent' | 'failed' | null> {
  const names = await store.list(runFolder(time));
  if ([SENT, SENT_BY_HAND].some((note) => names.includes(`${note}.json`))) return 'sent';
  return names.some((name) => /^failed-.+\.json$/.test(name)) ? 'failed' : null;
}

/**
 * Notes the end of a run next to its claims: SENT, SENT_BY_HAND, FAILED_BY_HAND or `failed-<attempt>`. The first note
 * stays.
 */
export async function noteRun(store: Store, run: string, name: string, { at, ...note }: RunNote): Promise<void> {
  await store.putIfAbsent(jsonObject(noteFile(run, name), { at: new Date(at).toISOString(), ...note }));
}

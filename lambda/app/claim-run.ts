import { RetentionError } from '../core/errors';
import { compactInstant } from '../core/instant';
import type { Store } from './ports';

/** How long (ms) the holder of a claim may try to send. What it guards is one message, made before the claim. */
export const SEND_LIMIT = 45_000;

/**
 * A claim older than this (ms) belongs to an invocation that gave up or died. Below the minute after which Lambda first retries, so that the
 * retry of an invocation that died while it was sending finds the way free; above the limit by more than machines' clocks differ.
 */
const CLAIM_TIMEOUT = SEND_LIMIT + 10_000;

export interface Claim {
  /** `sent`: this run's mail went out before. `mine`: nobody else may send it now. */
  readonly state: 'sent' | 'mine';
  readonly attempt: number;
}

const runPrefix = (scheduledAt: number): string => `runs/${compactInstant(scheduledAt)}/`;
const runFile = (scheduledAt: number, name: string): string => `${runPrefix(scheduledAt)}${name}.json`;

/** Whether the report of this scheduled time was sent already. */
export async function wasSent(store: Store, scheduledAt: number): Promise<boolean> {
  return (await store.list(runPrefix(scheduledAt))).includes('sent.json');
}

/**
 * Claims the sending of one scheduled report by a conditional write, so that a duplicate delivery sends no second mail. A failed attempt
 * leaves `failed-<n>`, and the next one claims `<n + 1>`. The holder must stop trying after `SEND_LIMIT`. Throws `run.in-progress` while another
 * invocation may still be sending.
 */
export async function claimRun(store: Store, scheduledAt: number, now: number): Promise<Claim> {
  for (let attempt = 1; attempt <= 100; attempt += 1) {
    const names = await store.list(runPrefix(scheduledAt));
    if (names.includes('sent.json')) return { state: 'sent', attempt };
    if (names.includes(`failed-${attempt}.json`)) continue;
    const key = `${runPrefix(scheduledAt)}claim-${attempt}.txt`;
    const body = [new Date(now).toISOString()];
    if (await store.putIfAbsent({ key, contentType: 'text/plain', body })) return { state: 'mine', attempt };
    const claimedAt = Date.parse((await store.get(key)) ?? '');
    if (now - claimedAt < CLAIM_TIMEOUT)
      throw new RetentionError(
        'run.in-progress',
        'aws',
        'cannot send the report: another invocation for the same scheduled time is sending it, or stopped while it did; the next try will tell',
      );
  }
  throw new RetentionError(
    'run.attempts',
    'aws',
    `cannot send the report: 100 attempts for ${compactInstant(scheduledAt)} failed; see the function's log`,
  );
}

/** Writes what became of a run beside its claims: `sent`, or `failed-<attempt>`. */
export async function noteRun(store: Store, scheduledAt: number, name: string, at: number, reportId: string): Promise<void> {
  const body = [`${JSON.stringify({ at: new Date(at).toISOString(), reportId })}\n`];
  await store.put({ key: runFile(scheduledAt, name), contentType: 'application/json', body });
}

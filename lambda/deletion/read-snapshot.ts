import { type Candidate, recheck, type SkipReason } from '../core/plan/recheck';
import type { Config } from '../core/policy/config';
import { couldReplace } from '../core/snapshot/arn';
import type { Snapshot, SourceState } from '../core/snapshot/snapshot';
import type { CallFailure, CallResult, SnapshotDeletion } from '../ports/deletion-ports';
import { type Backoff, withRetries } from './backoff';
import { stopUnreachable } from './caller-failure';
import type { Clocks } from './check-age';
import { type FailureReason, failedOutcome, goneOutcome, type ItemOutcome, reasonOf, type Sent } from './item-outcome';

export interface ItemPorts extends Clocks {
  readonly deletion: SnapshotDeletion;
  readonly backoff: Backoff;
}

/** A candidate with the input of its check. */
export interface Subject {
  readonly candidate: Candidate;
  /** The state of its source, read again with its group. */
  readonly source: SourceState | null;
  readonly config: Config;
}

/** The snapshot that has the name now. `same`: the candidate, and nothing keeps it. `replaced`: one of another ARN. */
export type SnapshotReading =
  | { readonly state: 'same' }
  | { readonly state: 'gone' }
  | { readonly state: 'replaced' | 'differs'; readonly skipReason: SkipReason }
  | { readonly state: 'unread'; readonly failure: CallFailure };

/**
 * What follows from a reading: an outcome, an obstacle to the delete, or none. `mayPass`: a later reading may find no
 * obstacle.
 */
export type Finding =
  | { readonly kind: 'outcome'; readonly outcome: ItemOutcome }
  | { readonly kind: 'obstacle'; readonly reason: FailureReason; readonly mayPass: boolean }
  | { readonly kind: 'clear' };

const NO_ARN: CallFailure = {
  class: 'unknown',
  code: 'answer.no-arn',
  message: 'the service answered without its ARN: it cannot be told which snapshot has the name',
};

const otherArn = (received: string): CallFailure => ({
  class: 'transient',
  code: 'answer.other-arn',
  message: `the service answered with ${received}, which cannot have the name of the snapshot in its account and region`,
});

export const isAborted = (signal: AbortSignal | undefined): boolean => signal?.aborted === true;

/** Returns the reading that an answer is. `compare`: null where it is the candidate, and nothing keeps it. */
function readingOf(
  answer: CallResult<Snapshot | null>,
  arn: string,
  compare: (snapshot: Snapshot) => SkipReason | null,
): SnapshotReading {
  if (!answer.ok) return { state: 'unread', failure: answer.failure };
  if (answer.value === null) return { state: 'gone' };
  const received = answer.value.arn;
  if (received === null) return { state: 'unread', failure: NO_ARN };
  if (received !== arn && !couldReplace(received, arn)) return { state: 'unread', failure: otherArn(received) };
  const skipReason = compare(answer.value);
  if (skipReason === null) return { state: 'same' };
  return { state: received === arn ? 'differs' : 'replaced', skipReason };
}

/** Reads the snapshot that has the name of a candidate, and compares it with the candidate. */
export async function readNow(
  { deletion, clock }: Pick<ItemPorts, 'deletion' | 'clock'>,
  { candidate, source, config }: Subject,
  abortSignal?: AbortSignal,
): Promise<SnapshotReading> {
  const answer = await deletion.readSnapshot(candidate.item, abortSignal);
  return readingOf(answer, candidate.item.arn, (snapshot) => recheck(candidate, snapshot, source, config, clock()));
}

/** Evaluates a reading. A snapshot whose delete may have been sent has no other outcome than deleted or failed. */
export function evaluateReading(now: SnapshotReading, sent: Sent): Finding {
  switch (now.state) {
    case 'same':
      return { kind: 'clear' };
    case 'gone':
      return { kind: 'outcome', outcome: goneOutcome(sent) };
    case 'replaced':
      return { kind: 'outcome', outcome: sent === 'nothing' ? now.skipReason : goneOutcome(sent) };
    case 'differs':
      if (sent === 'nothing') return { kind: 'outcome', outcome: now.skipReason };
      // It may be unfinished only because it is being deleted.
      return { kind: 'obstacle', reason: now.skipReason, mayPass: now.skipReason.code === 'unfinished' };
    case 'unread': {
      const { class: of } = now.failure;
      return { kind: 'obstacle', reason: reasonOf(now.failure), mayPass: of === 'throttled' || of === 'transient' };
    }
  }
}

export const isGone = ({ state }: SnapshotReading): boolean => state === 'gone' || state === 'replaced';

/**
 * Reads a snapshot until it is gone, the run is to end, or `patienceMs` of the last reading has passed. Returns the
 * last reading.
 */
export async function waitUntilGone(
  read: () => Promise<SnapshotReading>,
  { settings, sleep }: Backoff,
  signal: AbortSignal | undefined,
  patienceMs: (now: SnapshotReading) => number,
): Promise<SnapshotReading> {
  for (let waitedMs = 0; ; waitedMs += settings.pollMs) {
    const now = await read();
    if (isGone(now) || isAborted(signal) || waitedMs >= patienceMs(now)) return now;
    await sleep(settings.pollMs);
  }
}

/** A planned snapshot that the fresh decision keeps. */
interface Skipped extends Subject {
  readonly skipReason: SkipReason;
}

/**
 * Returns the outcome of a snapshot that the fresh decision keeps although an earlier run may have sent its delete.
 * Waits while it is unfinished, which it may be because it is being deleted. `left`: the run is to end.
 */
export async function awaitEarlier(
  ports: ItemPorts,
  skipped: Skipped,
  signal: AbortSignal | undefined,
): Promise<ItemOutcome | 'left'> {
  const { giveUpMs, confirmMs } = ports.backoff.settings;
  // Where nothing shows that it is being deleted, a delete that was sent may not have arrived yet.
  const patienceMs = (now: SnapshotReading): number => {
    const finding = evaluateReading(now, 'by-an-earlier-run');
    return finding.kind === 'obstacle' && finding.mayPass ? giveUpMs : confirmMs;
  };
  const now = await waitUntilGone(() => readNow(ports, skipped, signal), ports.backoff, signal, patienceMs);
  if (isGone(now)) return goneOutcome('by-an-earlier-run');
  if (isAborted(signal)) return 'left';
  if (now.state === 'unread') stopUnreachable(now.failure);
  return failedOutcome(skipped.skipReason, 'by-an-earlier-run');
}

const OMITTED: FailureReason = { code: 'list.omitted', text: 'it exists, and the list of snapshots did not have it' };

/** A planned snapshot that no list has. */
interface Unlisted {
  readonly item: Candidate['item'];
  readonly sentBefore: boolean;
}

const asSent = ({ sentBefore }: Unlisted): Sent => (sentBefore ? 'by-an-earlier-run' : 'nothing');

/** Reads by name what the lists do not have. `same`: it exists. */
function readUnlisted(answer: CallResult<Snapshot | null>, { item }: Unlisted): SnapshotReading {
  const text = (arn: string | null): string => `not the snapshot that was planned: its name now belongs to ${arn}`;
  return readingOf(answer, item.arn, ({ arn }) =>
    arn === item.arn ? null : { outcome: 'changed', code: 'snapshot.changed', text: text(arn) },
  );
}

function unlistedOutcome(now: Exclude<SnapshotReading, { readonly state: 'unread' }>, sent: Sent): ItemOutcome {
  if (now.state === 'gone') return goneOutcome(sent);
  if (now.state === 'same')
    return sent === 'nothing' ? { outcome: 'spared', ...OMITTED } : failedOutcome(OMITTED, sent);
  return sent === 'nothing' ? now.skipReason : goneOutcome(sent);
}

/**
 * Returns the outcome of a planned snapshot that the lists do not have, or whose name another one has. Absence from a
 * list is no proof, so it is read by name. `left`: the run is to end.
 */
export async function confirmAbsent(
  { deletion, backoff }: ItemPorts,
  unlisted: Unlisted,
  signal: AbortSignal | undefined,
): Promise<ItemOutcome | 'left'> {
  const { item, sentBefore } = unlisted;
  const sent = asSent(unlisted);
  const read = async (): Promise<SnapshotReading> =>
    readUnlisted(await withRetries(backoff, () => deletion.readSnapshot(item, signal), signal), unlisted);
  const now = await waitUntilGone(read, backoff, signal, ({ state }) =>
    state === 'same' && sentBefore ? backoff.settings.confirmMs : 0,
  );
  if (isAborted(signal)) return 'left';
  if (now.state !== 'unread') return unlistedOutcome(now, sent);
  const { failure } = now;
  stopUnreachable(failure);
  const { code, message } = failure;
  if (failure === NO_ARN) return failedOutcome(reasonOf(failure), sent);
  return failedOutcome({ code, text: `it could not be read by name: ${message}` }, sent);
}

/** Returns what a person is told before a run of a planned snapshot that the lists do not have, by one reading. */
export async function describeAbsent(
  { readSnapshot }: Pick<SnapshotDeletion, 'readSnapshot'>,
  unlisted: Unlisted,
): Promise<FailureReason> {
  const now = readUnlisted(await readSnapshot(unlisted.item), unlisted);
  if (now.state !== 'unread') return unlistedOutcome(now, asSent(unlisted));
  const { code, message } = now.failure;
  return { code, text: `it is not in the list of snapshots, and it is not known whether it exists: ${message}` };
}

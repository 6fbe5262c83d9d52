import type { Config } from '../core/config';
import type { Outcome } from '../core/outcome';
import { type Condemned, type Ruled, recheck } from '../core/recheck';
import type { SourceState } from '../core/snapshot';
import type { CallFailure, Operation, SnapshotDeletion } from './deletion-port';
import { followOperations } from './follow-operations';
import type { Pacer } from './pace';
import type { Clock } from './ports';

/** What became of one snapshot, and why. */
export interface Verdict {
  readonly outcome: Outcome;
  readonly code: string;
  readonly text: string;
}

export interface ItemPorts {
  readonly deletion: SnapshotDeletion;
  readonly clock: Clock;
  readonly pacer: Pacer;
}

export interface ItemRequest {
  readonly condemned: Condemned;
  /** The state of its source, read again with its group. */
  readonly source: SourceState | null;
  readonly config: Config;
  /** A delete of it may have been sent by an earlier run. */
  readonly sentBefore: boolean;
  /** Reads its group's floor and source again; null: both are what the decision rested on. Called before every attempt. */
  readonly guard: (abortSignal: AbortSignal | undefined) => Promise<Verdict | null>;
  /** Called before every attempt; rejects when this run may not go on. Null: look only. */
  readonly intend: (() => Promise<void>) | null;
  /** Takes that back, durably. Called when it is certain that nothing that was sent of it was carried out, or will be. */
  readonly withdraw: () => Promise<void>;
  /** Ends the run: at once while nothing was sent, and after the end of what was sent. */
  readonly signal: AbortSignal | undefined;
}

const isAborted = (signal: AbortSignal | undefined): boolean => signal?.aborted === true;

/** What bears the name now. `same`: the condemned snapshot, and nothing speaks for it. */
type Look =
  | { readonly state: 'same' }
  | { readonly state: 'gone' }
  | { readonly state: 'replaced' | 'differs'; readonly ruling: Ruled }
  | { readonly state: 'unread'; readonly failure: CallFailure };

type Subject = Pick<ItemRequest, 'condemned' | 'source' | 'config'>;

async function look(
  { deletion, clock }: Pick<ItemPorts, 'deletion' | 'clock'>,
  { condemned, source, config }: Subject,
  abortSignal?: AbortSignal,
): Promise<Look> {
  const { item } = condemned;
  const answer = await deletion.readSnapshot(item, abortSignal);
  if (!answer.ok) return { state: 'unread', failure: answer.failure };
  if (answer.value === null) return { state: 'gone' };
  const ruling = recheck(condemned, answer.value, source, config, clock());
  if (ruling === null) return { state: 'same' };
  return { state: answer.value.arn === item.arn ? 'differs' : 'replaced', ruling };
}

/** What the guard of its group said holds, unless a delete that was sent has had its effect, or may still have it. Null: the run is to end. */
async function afterBreach(ports: ItemPorts, request: ItemRequest, breach: Verdict, sent: boolean): Promise<Verdict | null> {
  if (!sent && !request.sentBefore) return breach;
  const abortSignal = sent ? undefined : request.signal;
  if (await isGone(ports, request, 0, abortSignal)) return gone(sent, request.sentBefore);
  if (isAborted(abortSignal)) return null;
  return failed({ code: breach.code, message: breach.text }, sent, request.sentBefore);
}

type Why = Pick<CallFailure, 'code' | 'message'>;

const failed = ({ code, message }: Why, sent: boolean, sentBefore: boolean): Verdict => ({
  outcome: 'failed',
  code,
  text: sent
    ? `${message}; a delete was sent and not answered, so it may still go`
    : sentBefore
      ? `${message}; an earlier run had set out to delete it: if a delete was sent, it may still go`
      : message,
});

/** The snapshot that was condemned is not there any more. */
const gone = (sent: boolean, sentBefore: boolean): Verdict =>
  sent
    ? { outcome: 'deleted', code: 'deleted', text: 'deleted; the answer was lost, and it is gone' }
    : sentBefore
      ? { outcome: 'deleted', code: 'deleted', text: 'an earlier run had set out to delete it, and it is gone' }
      : { outcome: 'already-gone', code: 'snapshot.gone', text: 'it went before it could be deleted' };

/** Whether it is gone: nothing bears the name, or another ARN does. Asked for a while, because lists lag behind operations. */
async function isGone(ports: ItemPorts, request: ItemRequest, patience: number, abortSignal?: AbortSignal): Promise<boolean> {
  const { pace, sleep } = ports.pacer;
  for (let waited = 0; ; waited += pace.poll) {
    const { state } = await look(ports, request, abortSignal);
    if (state === 'gone' || state === 'replaced') return true;
    if (waited >= patience) return false;
    await sleep(pace.poll);
  }
}

/** A delete was answered: follow its operations to their end, and confirm that the snapshot is gone. */
async function settle(ports: ItemPorts, request: ItemRequest, operations: readonly Operation[]): Promise<Verdict> {
  const { deletion, pacer, clock } = ports;
  const followed = await followOperations(deletion, request.condemned.item.region, operations, pacer, clock);
  if (await isGone(ports, request, followed.state === 'done' ? pacer.pace.confirm : 0)) {
    const how = followed.state === 'done' ? 'deleted' : `deleted, though ${followed.text}`;
    return { outcome: 'deleted', code: 'deleted', text: how };
  }
  if (followed.state === 'failed') return { outcome: 'failed', code: followed.code, text: followed.text };
  if (followed.state === 'lost')
    return {
      outcome: 'failed',
      code: followed.code,
      text: `${followed.text}, and it could not be confirmed that the snapshot is gone; it may still go`,
    };
  return {
    outcome: 'failed',
    code: 'delete.unconfirmed',
    text: 'its operations ended as done, and it could not be confirmed that it is gone; it may still go',
  };
}

/** A delete was refused, or found nothing: what the snapshot looks like now says why, if anything does. */
async function aftermath(ports: ItemPorts, request: ItemRequest, failure: CallFailure, sent: boolean): Promise<Verdict> {
  const now = await look(ports, request);
  switch (now.state) {
    case 'gone':
      return gone(sent, request.sentBefore);
    case 'replaced':
      return sent || request.sentBefore ? gone(sent, request.sentBefore) : now.ruling;
    case 'differs':
      if (sent || request.sentBefore) return failed({ code: now.ruling.code, message: now.ruling.text }, sent, request.sentBefore);
      return { ...now.ruling, text: `${now.ruling.text}; the service had refused the delete (${failure.code})` };
    case 'same':
    case 'unread':
      return failed(failure, sent, request.sentBefore);
  }
}

/** It is left for the next run, which is to know that nothing was done to it, where that is so: what an earlier run sent is as open as it was. */
async function letBe({ sentBefore, withdraw }: ItemRequest): Promise<null> {
  if (!sentBefore) await withdraw();
  return null;
}

/**
 * The life of one condemned snapshot: look at what bears its name, delete it with one call, follow, confirm. Whatever goes wrong with that
 * call, the next one comes after another look. Null: it was let be, because the run is to end. `deletable`: with nothing to send, it would go.
 */
export async function deleteItem(ports: ItemPorts, request: ItemRequest): Promise<Verdict | 'deletable' | null> {
  const { deletion, pacer } = ports;
  const { condemned, sentBefore, guard, intend, signal } = request;
  // True from when a delete may have been carried out, whatever its answer said.
  let sent = false;
  let last: CallFailure = { class: 'unknown', code: 'delete.not-tried', message: 'it was never tried' };
  for (let attempt = 1; attempt <= pacer.pace.attempts; attempt += 1) {
    await pacer.wait();
    // What was sent is followed to its end, whoever waits.
    const abortSignal = sent ? undefined : signal;
    if (attempt > 1 && isAborted(abortSignal)) return letBe(request);
    const breach = await guard(abortSignal);
    if (isAborted(abortSignal)) return letBe(request);
    if (breach !== null) return afterBreach(ports, request, breach, sent);
    try {
      await intend?.();
    } catch (error) {
      // What stops the run is what is said; where the intent cannot be taken back either, the doubt stays.
      if (!sent) await letBe(request).catch(() => undefined);
      throw error;
    }
    const now = await look(ports, request, abortSignal);
    if (now.state === 'gone') return gone(sent, sentBefore);
    if (now.state === 'replaced') return sent || sentBefore ? gone(sent, sentBefore) : now.ruling;
    if (now.state === 'differs') {
      if (!sent && !sentBefore) return now.ruling;
      // A delete whose end is not known may have started an operation: what differs may be just that it is going.
      last = { class: 'transient', code: now.ruling.code, message: now.ruling.text };
      if (last.code !== 'unfinished') return failed(last, sent, sentBefore);
      pacer.slower();
      continue;
    }
    if (now.state === 'unread') {
      if (isAborted(abortSignal)) return letBe(request);
      last = now.failure;
      if (last.class !== 'throttled' && last.class !== 'transient') return failed(last, sent, sentBefore);
      pacer.slower();
      continue;
    }
    if (intend === null) return 'deletable';
    const answer = await deletion.deleteSnapshot(condemned.item);
    if (answer.ok) {
      pacer.faster();
      return settle(ports, request, answer.value);
    }
    last = answer.failure;
    switch (last.class) {
      case 'throttled':
        pacer.slower();
        break;
      case 'transient':
        sent ||= last.undone !== true;
        pacer.slower();
        break;
      case 'not-found':
      case 'refused':
        return aftermath(ports, request, last, sent);
      case 'unknown':
        return aftermath(ports, request, last, true);
    }
  }
  return failed(last, sent, sentBefore);
}

/**
 * What became of a snapshot whose delete an earlier run may have sent, and which the fresh decision spares, maybe just because it is going: it is
 * waited for while it is unfinished. Null: the run is to end.
 */
export async function awaitEarlier(
  ports: ItemPorts,
  subject: Subject,
  ruling: Verdict,
  signal: AbortSignal | undefined,
): Promise<Verdict | null> {
  const { pace, sleep } = ports.pacer;
  for (let waited = 0; ; waited += pace.poll) {
    const now = await look(ports, subject, signal);
    if (now.state === 'gone' || now.state === 'replaced') return gone(false, true);
    if (now.state === 'unread' && isAborted(signal)) return null;
    const going =
      now.state === 'unread'
        ? now.failure.class === 'throttled' || now.failure.class === 'transient'
        : now.state === 'differs' && now.ruling.code === 'unfinished';
    if (!going || waited >= pace.giveUp) return failed({ code: ruling.code, message: ruling.text }, false, true);
    if (isAborted(signal)) return null;
    await sleep(pace.poll);
  }
}

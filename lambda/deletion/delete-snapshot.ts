import type { Outcome } from '../core/plan/outcome';
import { type Candidate, recheck, type SkipReason } from '../core/plan/recheck';
import type { Config } from '../core/policy/config';
import type { SourceState } from '../core/snapshot/snapshot';
import { type CallFailure, DELETE_TIMEOUT_MS, type Operation, type SnapshotDeletion } from '../ports/deletion-ports';
import { type Pacer, patiently } from './backoff';
import { callerFailure, isCallerFailure, stopUnreachable } from './caller-failure';
import { CHECK_VALID_MS, type Clocks, GROUP_CHECK_VALID_MS, startAge } from './check-age';
import type { AttemptStart } from './outcome-store';
import { followOperations } from './wait-for-operations';

/** What became of one snapshot, and why. */
export interface Verdict {
  readonly outcome: Outcome;
  readonly code: string;
  readonly text: string;
  /** Of a failed one: a delete that was sent may still be carried out. */
  readonly mayStillBeDeleted?: true;
}

/**
 * How the deletion of one snapshot ended. `deletable`: in a dry run, it would be deleted. `left`: it stays open, because the run is to end.
 * `recorded`: another run has recorded its outcome.
 */
export type ItemEnd = Verdict | 'deletable' | 'left' | 'recorded';

export interface ItemPorts extends Clocks {
  readonly deletion: SnapshotDeletion;
  readonly pacer: Pacer;
}

/** The attempt of one snapshot in the record. */
export interface ItemAttempt {
  start(): Promise<AttemptStart>;
  isOwn(): Promise<boolean>;
  /** Notes that no delete of this run was carried out. */
  cancel(): Promise<void>;
}

export interface ItemRequest {
  readonly candidate: Candidate;
  /** The state of its source, read again with its group. */
  readonly source: SourceState | null;
  readonly config: Config;
  /** An earlier run may have sent a delete of it. */
  readonly sentBefore: boolean;
  /** Reads its group's floor and source again; null: both are what the decision rested on. Called before every attempt. */
  readonly guard: (abortSignal: AbortSignal | undefined) => Promise<Verdict | null>;
  /** Null: a dry run, which checks and sends nothing. */
  readonly attempt: ItemAttempt | null;
  /** Called when another run has the attempt: returns what stops this one. */
  readonly takenOver: () => Error;
  /** Ends the run: at once while nothing was sent, and after the end of what was sent. */
  readonly signal: AbortSignal | undefined;
}

type Subject = Pick<ItemRequest, 'candidate' | 'source' | 'config'>;

/** The snapshot that has the name now. `same`: the candidate, and nothing keeps it. */
type Reading =
  | { readonly state: 'same' }
  | { readonly state: 'gone' }
  | { readonly state: 'replaced' | 'differs'; readonly skipReason: SkipReason }
  | { readonly state: 'unread'; readonly failure: CallFailure };

/** Which deletes may have been carried out, or may still be. */
type Sent = 'nothing' | 'by-an-earlier-run' | 'by-this-run';

type Why = Pick<CallFailure, 'code' | 'message' | 'unreachable'>;

/** What follows from one attempt. */
type Step = { readonly end: ItemEnd } | { readonly again: Why };

/** What an earlier run has sent is answered, or given up, after this long (ms): it sends nothing later than its check is valid. */
export const TAKE_OVER_WAIT_MS = CHECK_VALID_MS + DELETE_TIMEOUT_MS;

const NOT_TRIED: Why = { code: 'delete.not-tried', message: 'it was never tried' };

const NO_ARN: CallFailure = {
  class: 'unknown',
  code: 'answer.no-arn',
  message: 'the service answered without its ARN: it cannot be told which snapshot has the name',
};

const TOO_OLD: Why = {
  code: 'check.too-old',
  message: `no check of it was followed by its delete within ${CHECK_VALID_MS / 1_000} seconds, so no delete was sent`,
};

const isAborted = (signal: AbortSignal | undefined): boolean => signal?.aborted === true;

const mayPass = ({ class: of }: CallFailure): boolean => of === 'throttled' || of === 'transient';

async function readNow(
  { deletion, clock }: Pick<ItemPorts, 'deletion' | 'clock'>,
  { candidate, source, config }: Subject,
  abortSignal?: AbortSignal,
): Promise<Reading> {
  const { item } = candidate;
  const answer = await deletion.readSnapshot(item, abortSignal);
  if (!answer.ok) return { state: 'unread', failure: answer.failure };
  if (answer.value === null) return { state: 'gone' };
  if (answer.value.arn === null) return { state: 'unread', failure: NO_ARN };
  const skipReason = recheck(candidate, answer.value, source, config, clock());
  if (skipReason === null) return { state: 'same' };
  return { state: answer.value.arn === item.arn ? 'differs' : 'replaced', skipReason };
}

/** The candidate is gone: nothing has its name, or another ARN does. */
const gone = (sent: Sent): Verdict => {
  switch (sent) {
    case 'by-this-run':
      return { outcome: 'deleted', code: 'deleted', text: 'deleted; the answer was lost, and it is gone' };
    case 'by-an-earlier-run':
      return { outcome: 'deleted', code: 'deleted', text: 'an earlier run started to delete it, and it is gone' };
    case 'nothing':
      return { outcome: 'already-gone', code: 'snapshot.gone', text: 'it was deleted before this run could delete it' };
  }
};

const MAY_STILL: Readonly<Record<Exclude<Sent, 'nothing'>, string>> = {
  'by-this-run': 'a delete was sent, and its end is not known: it may still be deleted',
  'by-an-earlier-run': 'an earlier run started to delete it: if a delete was sent, it may still be deleted',
};

const failed = ({ code, message }: Why, sent: Sent): Verdict =>
  sent === 'nothing'
    ? { outcome: 'failed', code, text: message }
    : { outcome: 'failed', code, text: `${message}; ${MAY_STILL[sent]}`, mayStillBeDeleted: true };

/** The deletion of one candidate: check, send one delete, follow it, confirm. Every delete comes after a check of its own. */
class SnapshotDeletionRun {
  private sent: Sent;

  constructor(
    private readonly ports: ItemPorts,
    private readonly request: ItemRequest,
  ) {
    this.sent = request.sentBefore ? 'by-an-earlier-run' : 'nothing';
  }

  async run(): Promise<ItemEnd> {
    const { pacer } = this.ports;
    let why = NOT_TRIED;
    try {
      for (let attempt = 1; attempt <= pacer.pace.attempts; attempt += 1) {
        await pacer.wait();
        if (attempt > 1 && isAborted(this.signal)) return await this.leave();
        const step = await this.attempt();
        if ('end' in step) return step.end;
        why = step.again;
      }
      // A machine that is too slow says nothing of a snapshot.
      return why === TOO_OLD && this.sent === 'nothing' ? await this.leave() : await this.fail(why);
    } catch (error) {
      // The caller's failure stops the run, not the snapshot: where nothing was sent, the record says so.
      if (isCallerFailure(error)) await this.cancel().catch(() => undefined);
      throw error;
    }
  }

  /** What was sent is followed to its end, even when the run is told to end. */
  private get signal(): AbortSignal | undefined {
    return this.sent === 'by-this-run' ? undefined : this.request.signal;
  }

  private async cancel(): Promise<void> {
    if (this.sent === 'nothing') await this.request.attempt?.cancel();
  }

  private async leave(): Promise<'left'> {
    await this.cancel();
    return 'left';
  }

  private async attempt(): Promise<Step> {
    const { signal } = this;
    const groupAge = startAge(this.ports);
    const breach = await this.request.guard(signal);
    if (isAborted(signal)) return { end: await this.leave() };
    if (breach !== null) return { end: await this.afterBreach(breach) };
    const start = await this.start();
    if (start === 'recorded') return { end: 'recorded' };
    if (start === 'taken-over') {
      if (this.sent === 'nothing') this.sent = 'by-an-earlier-run';
      await this.ports.pacer.sleep(TAKE_OVER_WAIT_MS);
      return { again: NOT_TRIED };
    }
    const age = startAge(this.ports);
    if ((await this.request.attempt?.isOwn()) === false) throw this.request.takenOver();
    const now = await readNow(this.ports, this.request, signal);
    const step = await this.afterReading(now, signal);
    if (step !== null) return step;
    const isFresh = (): boolean => age() <= CHECK_VALID_MS && groupAge() <= GROUP_CHECK_VALID_MS;
    if (!isFresh()) return { again: TOO_OLD };
    return this.request.attempt === null ? { end: 'deletable' } : this.send(isFresh);
  }

  private async start(): Promise<AttemptStart> {
    try {
      return (await this.request.attempt?.start()) ?? 'owned';
    } catch (error) {
      // What stops the run is what is reported; where this cannot be noted either, the doubt stays.
      await this.cancel().catch(() => undefined);
      throw error;
    }
  }

  /** What follows from the check of the snapshot. Null: its delete may be sent. */
  private async afterReading(now: Reading, signal: AbortSignal | undefined): Promise<Step | null> {
    const { pacer } = this.ports;
    switch (now.state) {
      case 'same':
        return null;
      case 'gone':
        return { end: gone(this.sent) };
      case 'replaced':
        return { end: this.sent === 'nothing' ? now.skipReason : gone(this.sent) };
      case 'differs': {
        if (this.sent === 'nothing') return { end: now.skipReason };
        const why = { code: now.skipReason.code, message: now.skipReason.text };
        // It may differ only because it is being deleted.
        if (why.code !== 'unfinished') return { end: await this.fail(why) };
        pacer.slower();
        return { again: why };
      }
      case 'unread':
        if (isAborted(signal)) return { end: await this.leave() };
        if (!mayPass(now.failure)) return { end: await this.fail(now.failure) };
        pacer.slower();
        return { again: now.failure };
    }
  }

  private async send(isFresh: () => boolean): Promise<Step> {
    const { deletion, pacer } = this.ports;
    const before = this.sent;
    // Until its answer says otherwise, a delete may have been carried out.
    this.sent = 'by-this-run';
    const answer = await deletion.deleteSnapshot(this.request.candidate.item, isFresh);
    if (answer.ok) {
      pacer.faster();
      return { end: await this.confirm(answer.value, before) };
    }
    const { failure } = answer;
    const isUndone =
      ['throttled', 'refused', 'not-found', 'caller', 'not-sent'].includes(failure.class) || failure.undone === true;
    if (isUndone) this.sent = before;
    switch (failure.class) {
      case 'caller':
        throw callerFailure(failure);
      case 'not-sent':
        return { again: TOO_OLD };
      case 'throttled':
      case 'transient':
        pacer.slower();
        return { again: failure };
      case 'not-found':
      case 'refused':
      case 'unknown':
        return { end: await this.afterRefusal(failure) };
    }
  }

  /** Whether it is gone now, or within `patienceMs`; a reading that fails is repeated for as long as a confirmation may take. */
  private async presence(patienceMs: number): Promise<'gone' | 'there' | 'not-known'> {
    const { pacer } = this.ports;
    for (let waited = 0; ; waited += pacer.pace.poll) {
      const { state } = await readNow(this.ports, this.request, this.signal);
      if (state === 'gone' || state === 'replaced') return 'gone';
      const isRead = state !== 'unread';
      if (waited >= (isRead ? patienceMs : pacer.pace.confirm) || isAborted(this.signal))
        return isRead ? 'there' : 'not-known';
      await pacer.sleep(pacer.pace.poll);
    }
  }

  /** It failed, unless something that was sent is carried out after all: that is waited for. */
  private async fail(why: Why): Promise<Verdict | 'left'> {
    stopUnreachable(why);
    if (this.sent === 'nothing') return failed(why, 'nothing');
    if ((await this.presence(this.ports.pacer.pace.confirm)) === 'gone') return gone(this.sent);
    return isAborted(this.signal) ? 'left' : failed(why, this.sent);
  }

  private async afterBreach(breach: Verdict): Promise<ItemEnd> {
    return this.sent === 'nothing' ? breach : this.fail({ code: breach.code, message: breach.text });
  }

  /** Follows the operations of an accepted delete, and confirms that the snapshot is gone. `before`: what had been sent until then. */
  private async confirm(operations: readonly Operation[], before: Sent): Promise<Verdict> {
    const { deletion, pacer, clock } = this.ports;
    const followed = await followOperations(deletion, this.request.candidate.item.region, operations, pacer, clock);
    const isDone = followed.state === 'done';
    // An earlier delete may be the reason why this one failed, and be carried out later.
    const presence = await this.presence(isDone || before !== 'nothing' ? pacer.pace.confirm : 0);
    if (presence === 'gone')
      return { outcome: 'deleted', code: 'deleted', text: isDone ? 'deleted' : `deleted, though ${followed.text}` };
    switch (followed.state) {
      case 'failed':
        // A failed operation says that nothing was deleted; only a reading proves it.
        return failed({ code: followed.code, message: followed.text }, presence === 'there' ? before : 'by-this-run');
      case 'lost':
        return failed({ code: followed.code, message: followed.text }, 'by-this-run');
      case 'done':
        return failed(
          {
            code: 'delete.unconfirmed',
            message: 'its operations are done, and it could not be confirmed that it is gone',
          },
          'by-this-run',
        );
    }
  }

  /** A delete was refused, or its answer is of no known kind: the snapshot itself tells why, if anything does. */
  private async afterRefusal(failure: CallFailure): Promise<ItemEnd> {
    const now = await readNow(this.ports, this.request);
    switch (now.state) {
      case 'gone':
        return gone(this.sent);
      case 'replaced':
        return this.sent === 'nothing' ? now.skipReason : gone(this.sent);
      case 'differs':
        if (this.sent !== 'nothing') return this.fail({ code: now.skipReason.code, message: now.skipReason.text });
        return { ...now.skipReason, text: `${now.skipReason.text}; the service refused the delete (${failure.code})` };
      case 'same':
      case 'unread':
        return this.fail(failure);
    }
  }
}

/** Deletes one candidate. Rejects when the run cannot go on: nothing is said of the snapshot then. */
export const deleteSnapshot = (ports: ItemPorts, request: ItemRequest): Promise<ItemEnd> =>
  new SnapshotDeletionRun(ports, request).run();

/** A planned snapshot that the fresh decision keeps. */
interface Skipped extends Subject {
  readonly skipReason: SkipReason;
}

/**
 * What became of a snapshot that is kept by the fresh decision although an earlier run may have sent its delete: it is waited for while it is
 * unfinished, which it may be because it is being deleted.
 */
export async function awaitEarlier(
  ports: ItemPorts,
  skipped: Skipped,
  signal: AbortSignal | undefined,
): Promise<Verdict | 'left'> {
  const { pace, sleep } = ports.pacer;
  const { skipReason } = skipped;
  for (let waited = 0; ; waited += pace.poll) {
    const now = await readNow(ports, skipped, signal);
    if (now.state === 'gone' || now.state === 'replaced') return gone('by-an-earlier-run');
    if (isAborted(signal)) return 'left';
    const mayGo =
      now.state === 'unread' ? mayPass(now.failure) : now.state === 'differs' && now.skipReason.code === 'unfinished';
    // Where nothing shows that it is being deleted, a delete that was sent may not have arrived yet.
    const isOver = waited >= (mayGo ? pace.giveUp : pace.confirm);
    if (isOver && now.state === 'unread') stopUnreachable(now.failure);
    if (isOver) return failed({ code: skipReason.code, message: skipReason.text }, 'by-an-earlier-run');
    await sleep(pace.poll);
  }
}

/** A planned snapshot that no list has. */
interface Unlisted {
  readonly item: Candidate['item'];
  readonly sentBefore: boolean;
}

/**
 * What became of a planned snapshot that the lists do not have, or whose name another one has: absence from a list is no proof, so it is asked
 * for by name.
 */
export async function confirmAbsent(
  ports: ItemPorts,
  { item, sentBefore }: Unlisted,
  signal: AbortSignal | undefined,
): Promise<Verdict | 'left'> {
  const { pace, sleep } = ports.pacer;
  const sent: Sent = sentBefore ? 'by-an-earlier-run' : 'nothing';
  for (let waited = 0; ; waited += pace.poll) {
    const answer = await patiently(ports.pacer, () => ports.deletion.readSnapshot(item, signal), signal);
    if (isAborted(signal)) return 'left';
    if (!answer.ok) stopUnreachable(answer.failure);
    if (!answer.ok)
      return failed(
        { code: answer.failure.code, message: `it could not be read by name: ${answer.failure.message}` },
        sent,
      );
    const { value } = answer;
    if (value === null) return gone(sent);
    if (value.arn === null) return failed(NO_ARN, sent);
    if (value.arn !== item.arn) {
      if (sentBefore) return gone(sent);
      const text = `not the snapshot that was planned: its name now belongs to ${value.arn}`;
      return { outcome: 'changed', code: 'snapshot.changed', text };
    }
    const omitted: Why = { code: 'list.omitted', message: 'it exists, and the list of snapshots did not have it' };
    if (!sentBefore) return { outcome: 'spared', code: omitted.code, text: omitted.message };
    if (waited >= pace.confirm) return failed(omitted, sent);
    await sleep(pace.poll);
  }
}

import { type CallFailure, DELETE_TIMEOUT_MS, type DeleteResult, type Operation } from '../ports/deletion-ports';
import { callerFailure, isCallerFailure, stopUnreachable } from './caller-failure';
import { CHECK_VALID_MS, GROUP_CHECK_VALID_MS, startAge } from './check-age';
import { type FailureReason, failedOutcome, goneOutcome, type ItemOutcome, reasonOf, type Sent } from './item-outcome';
import { type AttemptStart, takenOver } from './outcome-store';
import {
  evaluateReading,
  type ItemPorts,
  isAborted,
  isGone,
  readNow,
  type SnapshotReading,
  type Subject,
  waitUntilGone,
} from './read-snapshot';
import { followOperations } from './wait-for-operations';

/**
 * How the deletion of one snapshot ended. `deletable`: in a dry run, it would be deleted. `left`: it stays open,
 * because the run is to end. `recorded`: another run has recorded its outcome.
 */
export type ItemEnd = ItemOutcome | 'deletable' | 'left' | 'recorded';

/** The attempt of one snapshot in the record. */
export interface ItemAttempt {
  start(): Promise<AttemptStart>;
  isOwn(): Promise<boolean>;
  /** Notes that no delete of this run was carried out. */
  cancel(): Promise<void>;
  /** Notes that a delete is sent, and may arrive until `noteEnded`. */
  noteSent(): void;
  noteEnded(): void;
}

export interface ItemRequest extends Subject {
  /** An earlier run may have sent a delete of it. */
  readonly sentBefore: boolean;
  /**
   * Reads its group's floor and source again; null: both are as the decision found them. Called before every attempt.
   */
  readonly checkGroup: (abortSignal: AbortSignal | undefined) => Promise<ItemOutcome | null>;
  /** Whether the decision has become too old: then no delete is sent. Absent: it never does. */
  readonly isOutdated?: () => boolean;
  /** Called where the snapshot stays open because no check of it was followed by its delete in time. */
  readonly onTooSlow?: (() => void) | undefined;
  /** Null: a dry run, which checks and sends nothing. */
  readonly attempt: ItemAttempt | null;
  /** Ends the run: at once while nothing was sent, and after the end of a delete that was sent. */
  readonly signal: AbortSignal | undefined;
}

/** The result of one attempt: the end, or why another attempt follows. */
type Step = { readonly end: ItemEnd } | { readonly again: FailureReason };

/**
 * After this long (ms), each delete of an earlier run is answered or given up: that run sends nothing later than its
 * check is valid.
 */
export const TAKE_OVER_WAIT_MS = CHECK_VALID_MS + DELETE_TIMEOUT_MS;

const NOT_TRIED: FailureReason = { code: 'delete.not-tried', text: 'it was never tried' };

const TOO_OLD: FailureReason = {
  code: 'check.too-old',
  text: `no check of it was followed by its delete within ${CHECK_VALID_MS / 1_000} seconds, so no delete was sent`,
};

/** Whether a failed delete was certainly not carried out. */
const isUndone = ({ class: failureClass, undone }: CallFailure): boolean =>
  ['throttled', 'refused', 'not-found', 'caller', 'not-sent'].includes(failureClass) || undone === true;

/**
 * The deletion of one candidate: check, send one delete, follow it, confirm. Every delete comes after a check of its
 * own.
 */
class SnapshotDeletionRun {
  private sent: Sent;
  private requestId: string | undefined;
  /** Whether the delete of `requestId` may have been carried out. */
  private mayHaveDeleted = false;

  constructor(
    private readonly ports: ItemPorts,
    private readonly request: ItemRequest,
  ) {
    this.sent = request.sentBefore ? 'by-an-earlier-run' : 'nothing';
  }

  async run(): Promise<ItemEnd> {
    const end = await this.tryRepeatedly();
    const { requestId } = this;
    return typeof end === 'string' || requestId === undefined ? end : { ...end, requestId };
  }

  private async tryRepeatedly(): Promise<ItemEnd> {
    const { backoff } = this.ports;
    let reason = NOT_TRIED;
    try {
      for (let attempt = 1; attempt <= backoff.settings.attempts; attempt += 1) {
        await backoff.wait();
        if (attempt > 1 && isAborted(this.signal)) return await this.leave();
        const step = await this.attempt();
        if ('end' in step) return step.end;
        reason = step.again;
      }
      // That a machine is too slow is no outcome of a snapshot.
      if (reason !== TOO_OLD || this.sent !== 'nothing') return await this.fail(reason);
      this.request.onTooSlow?.();
      return await this.leave();
    } catch (error) {
      // A failure of the caller stops the run, not the snapshot: where nothing was sent, the record shows that.
      if (isCallerFailure(error)) await this.cancel().catch(() => undefined);
      throw error;
    }
  }

  /** A delete that was sent is followed to its end, even when the run is to end. */
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
    const isOutdated = (): boolean => this.request.isOutdated?.() === true;
    if (isOutdated()) return { end: await this.leave() };
    const groupAge = startAge(this.ports);
    const breach = await this.request.checkGroup(signal);
    if (isAborted(signal)) return { end: await this.leave() };
    if (breach !== null) return { end: this.sent === 'nothing' ? breach : await this.fail(breach) };
    const start = await this.start();
    if (start === 'recorded') return { end: 'recorded' };
    if (start === 'taken-over') {
      if (this.sent === 'nothing') this.sent = 'by-an-earlier-run';
      await this.ports.backoff.sleep(TAKE_OVER_WAIT_MS);
      return { again: NOT_TRIED };
    }
    const age = startAge(this.ports);
    await this.checkOwn();
    const now = await readNow(this.ports, this.request, signal);
    const step = await this.afterReading(now, signal);
    if (step !== null) return step;
    const isFresh = (): boolean => !isOutdated() && age() <= CHECK_VALID_MS && groupAge() <= GROUP_CHECK_VALID_MS;
    if (!isFresh()) return { again: TOO_OLD };
    return this.request.attempt === null ? { end: 'deletable' } : this.send(isFresh);
  }

  private start(): Promise<AttemptStart> {
    return this.orCancel(async () => (await this.request.attempt?.start()) ?? 'owned');
  }

  /** Rejects when this run may no longer send a delete. */
  private checkOwn(): Promise<void> {
    return this.orCancel(async () => {
      if ((await this.request.attempt?.isOwn()) === false) throw takenOver(this.request.candidate.item.name);
    });
  }

  /** Cancels the attempt when a call of the record rejects and nothing was sent. */
  private async orCancel<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      // This error is the one to report; where the cancelling fails as well, the attempt stays open.
      await this.cancel().catch(() => undefined);
      throw error;
    }
  }

  /** Returns what follows from the check of the snapshot. Null: its delete may be sent. */
  private async afterReading(now: SnapshotReading, signal: AbortSignal | undefined): Promise<Step | null> {
    const finding = evaluateReading(now, this.sent);
    if (finding.kind === 'clear') return null;
    if (finding.kind === 'outcome') return { end: finding.outcome };
    if (now.state === 'unread' && isAborted(signal)) return { end: await this.leave() };
    return finding.mayPass ? this.again(finding.reason) : { end: await this.fail(finding.reason) };
  }

  private again(reason: FailureReason): Step {
    this.ports.backoff.onThrottle();
    return { again: reason };
  }

  private async send(isFresh: () => boolean): Promise<Step> {
    const { deletion, backoff } = this.ports;
    const before = this.sent;
    // Until its answer shows otherwise, a delete may have been carried out.
    this.sent = 'by-this-run';
    this.request.attempt?.noteSent();
    const answer = await deletion.deleteSnapshot(this.request.candidate.item, isFresh);
    this.keepRequestId(answer);
    if (answer.ok || isUndone(answer.failure)) this.request.attempt?.noteEnded();
    if (answer.ok) {
      backoff.onSuccess();
      return { end: await this.confirm(answer.value, before) };
    }
    const { failure } = answer;
    if (isUndone(failure)) this.sent = before;
    switch (failure.class) {
      case 'caller':
        throw callerFailure(failure);
      case 'not-sent':
        return { again: TOO_OLD };
      case 'throttled':
        return this.again(reasonOf(failure));
      case 'transient':
        return isUndone(failure) ? this.again(reasonOf(failure)) : this.afterSilence(failure);
      case 'not-found':
      case 'refused':
      case 'unknown':
        return { end: await this.afterRefusal(failure) };
    }
  }

  /**
   * Keeps the request id of the last delete that may have been carried out, none where its answer was lost; where no
   * delete may have been, that of the last one.
   */
  private keepRequestId(answer: DeleteResult): void {
    const mayHaveDeleted = answer.ok || !isUndone(answer.failure);
    if (mayHaveDeleted) this.requestId = answer.requestId;
    else if (!this.mayHaveDeleted) this.requestId = answer.requestId ?? this.requestId;
    if (mayHaveDeleted) this.mayHaveDeleted = true;
  }

  /**
   * Waits after a delete that was not answered, and may still arrive or be carried out: only when nothing of it can
   * arrive any longer, another may be sent.
   */
  private async afterSilence(failure: CallFailure): Promise<Step> {
    const now = await this.waitUntilGone(TAKE_OVER_WAIT_MS);
    this.request.attempt?.noteEnded();
    return isGone(now) ? { end: goneOutcome(this.sent) } : this.again(reasonOf(failure));
  }

  /**
   * Reads until it is gone, for at most `patienceMs`; a reading that fails is repeated as long as a confirmation may
   * take. Throws `caller.failed` when the last reading had no answer.
   */
  private async waitUntilGone(patienceMs: number): Promise<SnapshotReading> {
    const { backoff } = this.ports;
    const read = (): Promise<SnapshotReading> => readNow(this.ports, this.request, this.signal);
    const now = await waitUntilGone(read, backoff, this.signal, ({ state }) =>
      state === 'unread' ? backoff.settings.confirmMs : patienceMs,
    );
    if (now.state === 'unread') stopUnreachable(now.failure);
    return now;
  }

  /** Returns failed, unless a delete that was sent is carried out after all: the end of that is awaited. */
  private async fail(reason: FailureReason): Promise<ItemOutcome | 'left'> {
    stopUnreachable({ ...reason, message: reason.text });
    if (this.sent === 'nothing') return failedOutcome(reason, 'nothing');
    if (isGone(await this.waitUntilGone(this.ports.backoff.settings.confirmMs))) return goneOutcome(this.sent);
    return isAborted(this.signal) ? 'left' : failedOutcome(reason, this.sent);
  }

  /**
   * Follows the operations of an accepted delete, and confirms that the snapshot is gone. `before`: which deletes had
   * been sent earlier.
   */
  private async confirm(operations: readonly Operation[], before: Sent): Promise<ItemOutcome> {
    const { deletion, backoff, clock } = this.ports;
    const followed = await followOperations(deletion, this.request.candidate.item, operations, backoff, clock);
    const isDone = followed.state === 'done';
    // An earlier delete may be the reason why this one failed, and be carried out later.
    const mayGo = isDone || followed.state === 'unclear' || before !== 'nothing';
    const now = await this.waitUntilGone(mayGo ? backoff.settings.confirmMs : 0);
    if (isGone(now))
      return { outcome: 'deleted', code: 'deleted', text: isDone ? 'deleted' : `deleted, though ${followed.text}` };
    if (isDone)
      return failedOutcome(
        { code: 'delete.unconfirmed', text: 'its delete was accepted, and it could not be confirmed that it is gone' },
        'by-this-run',
      );
    // A failed operation means that nothing was deleted; only a reading proves it. An unfinished one may be going.
    const isThere = now.state === 'same' || (now.state === 'differs' && now.skipReason.code !== 'unfinished');
    return failedOutcome(followed, followed.state === 'failed' && isThere ? before : 'by-this-run');
  }

  /**
   * Reads the snapshot after a delete that was refused, or whose answer is of no known kind: its state may be the
   * reason.
   */
  private async afterRefusal(failure: CallFailure): Promise<ItemEnd> {
    const now = await readNow(this.ports, this.request);
    const finding = evaluateReading(now, this.sent);
    if (finding.kind !== 'outcome') return this.fail(now.state === 'differs' ? now.skipReason : reasonOf(failure));
    const { outcome } = finding;
    return now.state === 'differs'
      ? { ...outcome, text: `${outcome.text}; the service refused the delete (${failure.code})` }
      : outcome;
  }
}

/** Deletes one candidate. Rejects when the run cannot go on: then nothing is known of the snapshot. */
export const deleteSnapshot = (ports: ItemPorts, request: ItemRequest): Promise<ItemEnd> =>
  new SnapshotDeletionRun(ports, request).run();

import type { Outcome } from '../core/plan/outcome';
import type { CallFailure } from '../ports/deletion-ports';

/** The outcome of one snapshot, with its reason. */
export interface ItemOutcome {
  readonly outcome: Outcome;
  readonly code: string;
  readonly text: string;
  /** Of a failed one: a delete that was sent may still be carried out. */
  readonly mayStillBeDeleted?: true;
  /** The request id of its delete. Absent: none, or its answer was lost. */
  readonly requestId?: string;
}

/** Why a snapshot is not deleted, or not yet. */
export interface FailureReason extends Pick<CallFailure, 'unreachable'> {
  readonly code: string;
  readonly text: string;
}

/** Which deletes of a snapshot may have been carried out, or may still be. */
export type Sent = 'nothing' | 'by-an-earlier-run' | 'by-this-run';

/** Returns the reason that a failed call gives. */
export const reasonOf = ({ code, message, unreachable }: CallFailure): FailureReason => ({
  code,
  text: message,
  ...(unreachable === true && { unreachable }),
});

const GONE_OUTCOMES: Readonly<Record<Sent, ItemOutcome>> = {
  'by-this-run': { outcome: 'deleted', code: 'deleted', text: 'deleted; the answer was lost, and it is gone' },
  'by-an-earlier-run': {
    outcome: 'deleted',
    code: 'deleted',
    text: 'it is gone: an earlier run may have sent its delete, or it was deleted manually',
  },
  nothing: { outcome: 'already-gone', code: 'snapshot.gone', text: 'it was gone before this run could delete it' },
};

/** Returns the outcome of a snapshot that is gone: no snapshot has its name, or one of another ARN has it. */
export const goneOutcome = (sent: Sent): ItemOutcome => GONE_OUTCOMES[sent];

const MAY_STILL: Readonly<Record<Exclude<Sent, 'nothing'>, string>> = {
  'by-this-run': 'a delete was sent, and its end is not known: it may still be deleted',
  'by-an-earlier-run': 'an earlier run started to delete it: if a delete was sent, it may still be deleted',
};

/** Returns the outcome of a snapshot that was not deleted, or of which that is not known. */
export const failedOutcome = ({ code, text }: FailureReason, sent: Sent): ItemOutcome =>
  sent === 'nothing'
    ? { outcome: 'failed', code, text }
    : { outcome: 'failed', code, text: `${text}; ${MAY_STILL[sent]}`, mayStillBeDeleted: true };

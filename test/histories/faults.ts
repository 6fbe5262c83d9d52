const SECOND = 1_000;

/** When a delete takes effect: never, when it arrives, or so many ms after it was accepted. */
type Effect = 'none' | 'now' | { readonly lateMs: number };

/** How an operation goes: what it says, and after how many ms it says so (absent: at once). */
interface OperationFault {
  readonly status: 'Succeeded' | 'Failed';
  readonly afterMs?: number;
  /** It says so never. */
  readonly hangs?: true;
  /** It has no id by which it could be followed. */
  readonly unnamed?: true;
}

/** What can come of one delete. */
export interface DeleteFault {
  readonly name: string;
  /** The error that the client gets; absent: an answer with operations. */
  readonly error?: { readonly code: string; readonly message?: string };
  readonly afterMs?: number;
  readonly effect: Effect;
  readonly operations?: readonly OperationFault[];
  /**
   * The request arrives so many ms later than the client was told that it failed: it hits what has the name by then.
   */
  readonly arrivesMs?: number;
}

const RESET = { code: 'ECONNRESET', message: 'socket hang up' };
const late = (seconds: number): Effect => ({ lateMs: seconds * SECOND });

export const DELETE_FAULTS: readonly DeleteFault[] = [
  { name: 'is throttled', error: { code: 'ThrottlingException' }, effect: 'none' },
  { name: 'is carried out, its answer is lost', error: RESET, effect: 'now' },
  { name: 'is carried out 20 s later, its answer is lost', error: RESET, effect: late(20) },
  { name: 'is lost', error: RESET, effect: 'none' },
  {
    name: 'is carried out after 100 s, and times out',
    error: { code: 'TimeoutError' },
    afterMs: 30 * SECOND,
    effect: late(100),
  },
  {
    name: 'arrives 20 s later than its client saw the connection reset',
    error: RESET,
    effect: 'now',
    arrivesMs: 20 * SECOND,
  },
  { name: 'is carried out, answered by a 5xx', error: { code: 'InternalFailure' }, effect: 'now' },
  { name: 'is carried out 40 s later, answered by a 5xx', error: { code: 'ServiceUnavailable' }, effect: late(40) },
  { name: 'is not carried out, answered by a 5xx', error: { code: 'ServiceException' }, effect: 'none' },
  { name: 'is denied', error: { code: 'AccessDeniedException' }, effect: 'none' },
  { name: 'is refused because the credentials expired', error: { code: 'ExpiredTokenException' }, effect: 'none' },
  { name: 'reaches nobody', error: { code: 'ECONNREFUSED' }, effect: 'none' },
  {
    name: 'is refused for now',
    error: { code: 'InvalidInputException', message: 'Please try again in a few minutes' },
    effect: 'none',
  },
  {
    name: 'is answered by something unknown, and carried out 20 s later',
    error: { code: 'Mystery' },
    effect: late(20),
  },
  { name: 'is answered by something unknown, and not carried out', error: { code: 'Mystery' }, effect: 'none' },
  { name: 'has an operation that failed', operations: [{ status: 'Failed' }], effect: 'none' },
  { name: 'has an operation that says done, and is not', operations: [{ status: 'Succeeded' }], effect: 'none' },
  { name: 'has an operation that says failed, and is done', operations: [{ status: 'Failed' }], effect: 'now' },
  { name: 'has an operation of 12 s', operations: [{ status: 'Succeeded', afterMs: 12 * SECOND }], effect: late(12) },
  {
    name: 'has an operation that fails after 12 s',
    operations: [{ status: 'Failed', afterMs: 12 * SECOND }],
    effect: 'none',
  },
  {
    name: 'has an operation that hangs, and is done after 60 s',
    operations: [{ status: 'Succeeded', hangs: true }],
    effect: late(60),
  },
  { name: 'has an operation that hangs', operations: [{ status: 'Succeeded', hangs: true }], effect: 'none' },
  {
    name: 'has two operations, of which the second failed',
    operations: [{ status: 'Succeeded' }, { status: 'Failed' }],
    effect: 'none',
  },
  {
    name: 'has an operation without an id, and is done after 20 s',
    operations: [{ status: 'Succeeded', afterMs: 20 * SECOND, unnamed: true }],
    effect: late(20),
  },
  {
    name: 'has an operation that is done, and the snapshot goes 20 s later',
    operations: [{ status: 'Succeeded' }],
    effect: late(20),
  },
  { name: 'is answered after 28 s', afterMs: 28 * SECOND, effect: 'now' },
];

/** What can come of a read, besides its true answer. */
export type ReadFault =
  | {
      readonly name: string;
      readonly error: { readonly code: string; readonly message?: string };
      readonly afterMs: number;
    }
  | { readonly name: string; readonly answer: 'empty' | 'before' };

export const READ_FAULTS: readonly ReadFault[] = [
  { name: 'throttled, however often it is asked', error: { code: 'ThrottlingException' }, afterMs: 20 * SECOND },
  { name: 'reset, however often it is asked', error: RESET, afterMs: 9 * SECOND },
  { name: 'denied', error: { code: 'AccessDeniedException' }, afterMs: 20 },
  { name: 'refused because the credentials expired', error: { code: 'ExpiredTokenException' }, afterMs: 20 },
  { name: 'answered by something unknown', error: { code: 'Mystery' }, afterMs: 20 },
  { name: 'answered without the resource', answer: 'empty' },
  { name: 'answered as it was 20 s ago, where it is gone since', answer: 'before' },
];

/** How slow an answer can be, ms: what a client that asks again and again may take. */
export const SLOW: readonly number[] = [4 * SECOND, 9 * SECOND, 40 * SECOND];

/** How long a row stays missing from lists, and how far back a stale list lies, ms. */
export const HIDDEN_MS = 90 * SECOND;
export const STALE_MS = 30 * SECOND;

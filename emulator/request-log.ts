import type { EmulatorFault } from './fault';
import type { Call } from './faults';

/** One call as it was received; `error` is the code that it was answered with, null for a success. */
export interface LoggedRequest extends Call {
  /** Epoch milliseconds by the emulator's clock. */
  readonly at: number;
  readonly error: string | null;
  /** The faults that struck it, also where it was answered with success. */
  readonly struck: readonly EmulatorFault[];
}

/** What was asked of the emulator. */
export interface RequestLog {
  /** The last 10,000 calls, oldest first. */
  list(): readonly LoggedRequest[];
  /** How many calls of an operation there were since the start, in a region or in all. */
  count(operation: string, region?: string): number;
  /** All calls since the start. */
  total(): number;
  clear(): void;
  add(request: LoggedRequest): void;
}

const MAX_REQUESTS = 10_000;

export function requestLog(): RequestLog {
  let requests: LoggedRequest[] = [];
  const counts = new Map<string, number>();
  const countUp = (key: string) => counts.set(key, (counts.get(key) ?? 0) + 1);
  return {
    list: () => requests.slice(-MAX_REQUESTS),
    count: (operation, region) => counts.get(region === undefined ? operation : `${operation} ${region}`) ?? 0,
    total: () => counts.get('') ?? 0,
    clear() {
      requests = [];
      counts.clear();
    },
    add(request) {
      if (requests.length >= 2 * MAX_REQUESTS) requests = requests.slice(-MAX_REQUESTS);
      requests.push(request);
      countUp('');
      countUp(request.operation);
      countUp(`${request.operation} ${request.region}`);
    },
  };
}

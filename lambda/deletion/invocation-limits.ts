import type { ItemResult } from '../core/plan/outcome';
import { RetentionError } from '../core/util/errors';
import { type ApplyPorts, applyPrepared, type Prepared } from './apply-plan';
import type { RunOutcomes } from './outcome-store';
import type { DeletionPorts } from './run-deletion-job';

/** The deployed version is read again before a delete when the last reading is older than this (ms). */
const VERSION_CHECK_VALID_MS = 30_000;

/** The code of a run that was stopped because another version is deployed. */
export const SUPERSEDED = 'run.superseded';

/** Throws when the version that runs is not the deployed one: the configuration in force may be another. */
export async function checkDeployed({ isDeployed }: Pick<DeletionPorts, 'isDeployed'>): Promise<void> {
  if (await isDeployed()) return;
  throw new RetentionError(
    SUPERSEDED,
    'the version of the function that applied it is no longer the deployed one, and the configuration in force may be another; the next report makes a new plan',
  );
}

const abortOf = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

interface LimitedPorts {
  readonly ports: ApplyPorts;
  /** Resolves at the end of the invocation, when each delete in flight was answered or given up. */
  readonly over: Promise<unknown>;
}

/**
 * Returns the ports of one invocation. After its `end` nothing is sent or recorded: a delete that arrived later, when
 * the next invocation has an outcome of its snapshot, could hit another one that has taken the name. No delete is sent
 * once another version is deployed; `checkedAt` is when that was last checked.
 */
function limitPorts(ports: DeletionPorts, outcomes: RunOutcomes, end: AbortSignal, checkedAt: number): LimitedPorts {
  const { clock, sleep, deletion } = ports;
  const inFlight = new Set<Promise<unknown>>();
  let versionCheckedAt = checkedAt;
  const isVersionCheckDue = (): boolean => clock() - versionCheckedAt >= VERSION_CHECK_VALID_MS;
  const unlessEnded =
    <Args extends readonly unknown[], T>(call: (...args: Args) => Promise<T>) =>
    async (...args: Args): Promise<T> => {
      if (!end.aborted) return call(...args);
      throw new RetentionError('invocation.ended', 'cannot go on: this invocation has ended; the next one does');
    };
  const startAttempt: RunOutcomes['startAttempt'] = async (item, facts) => {
    if (isVersionCheckDue()) {
      const now = clock();
      await checkDeployed(ports);
      versionCheckedAt = now;
    }
    return outcomes.startAttempt(item, facts);
  };
  const deleteSnapshot: typeof deletion.deleteSnapshot = async (named, maySend) => {
    const answer = deletion.deleteSnapshot(named, () => !end.aborted && !isVersionCheckDue() && maySend());
    inFlight.add(answer);
    try {
      return await answer;
    } finally {
      inFlight.delete(answer);
    }
  };
  return {
    ports: {
      ...ports,
      sleep: unlessEnded(sleep),
      deletion: { ...deletion, deleteSnapshot: unlessEnded(deleteSnapshot) },
      outcomes: {
        recorded: outcomes.recorded,
        unsettled: outcomes.unsettled,
        inDoubt: outcomes.inDoubt,
        replacedLock: outcomes.replacedLock,
        noteWaited: () => outcomes.noteWaited(),
        noteSent: (arn) => outcomes.noteSent(arn),
        noteEnded: (arn) => outcomes.noteEnded(arn),
        startAttempt: unlessEnded(startAttempt),
        isOwnAttempt: unlessEnded((arn) => outcomes.isOwnAttempt(arn)),
        cancelAttempt: unlessEnded((arn) => outcomes.cancelAttempt(arn)),
        record: unlessEnded((results) => outcomes.record(results)),
      },
    },
    over: abortOf(end).then(() => Promise.allSettled(inFlight)),
  };
}

/**
 * Deletes for as long as an invocation may, and brings the current snapshots to their ends. One that takes too long is
 * left open: its end is not known. `startedAt`: when the invocation began; `checkedAt`: when the deployed version was
 * last checked.
 */
export async function applyInTime(
  ports: DeletionPorts,
  outcomes: RunOutcomes,
  prepared: Prepared,
  { startedAt, checkedAt }: { readonly startedAt: number; readonly checkedAt: number },
): Promise<void> {
  const { limits, clock } = ports;
  const end = ports.beforeEnd(limits.closing);
  const signal = ports.timeout(Math.max(0, startedAt + limits.invocation - clock()));
  const progress = (result: ItemResult): void => ports.onOutcome?.(prepared.plan.id, result);
  const limited = limitPorts(ports, outcomes, end, checkedAt);
  await Promise.race([applyPrepared(limited.ports, prepared, { signal, progress }), limited.over]);
}

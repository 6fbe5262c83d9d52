import { RetentionError } from '../core/util/errors';
import { type ApplyPorts, applyBatch, type Prepared, type RunOutcomes } from './apply-plan';
import type { DeletionPorts } from './run-deletion-job';

/** After so long (ms) it is looked again, before a delete, which version is deployed. */
const LOOK_AGAIN = 30_000;

/** The code of a run that was stopped because another version is deployed. */
export const SUPERSEDED = 'run.superseded';

/** Throws when the version that runs is not the deployed one: it decides by a configuration that may not be in force any more. */
export async function checkDeployed({ isDeployed }: DeletionPorts): Promise<void> {
  if (await isDeployed()) return;
  throw new RetentionError(
    SUPERSEDED,
    'the version of the function that carried it out is not the deployed one any more, and the configuration in force may be another',
  );
}

/** The same record, which is changed by calls that may be refused. */
function guarded(
  outcomes: RunOutcomes,
  before: <Args extends readonly unknown[], T>(call: (...args: Args) => Promise<T>) => (...args: Args) => Promise<T>,
): RunOutcomes {
  return {
    get recorded() {
      return outcomes.recorded;
    },
    get unsettled() {
      return outcomes.unsettled;
    },
    startAttempt: before((item, facts) => outcomes.startAttempt(item, facts)),
    isOwnAttempt: before((arn) => outcomes.isOwnAttempt(arn)),
    cancelAttempt: before((arn) => outcomes.cancelAttempt(arn)),
    record: before((results) => outcomes.record(results)),
  };
}

/** Ports that let no delete be sent once another version was deployed; `since` is when the last check of that began. */
function whileDeployed(outcomes: RunOutcomes, ports: DeletionPorts, since: number): ApplyPorts {
  const { clock, deletion } = ports;
  let lookedAt = since;
  const isLongAgo = (): boolean => clock() - lookedAt >= LOOK_AGAIN;
  return {
    ...ports,
    outcomes: {
      ...guarded(outcomes, (call) => call),
      async startAttempt(item, facts) {
        if (isLongAgo()) {
          const now = clock();
          await checkDeployed(ports);
          lookedAt = now;
        }
        return outcomes.startAttempt(item, facts);
      },
    },
    deletion: {
      ...deletion,
      deleteSnapshot: (named, maySend) => deletion.deleteSnapshot(named, () => !isLongAgo() && maySend()),
    },
  };
}

const ended = (end: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (end.aborted) resolve();
    else end.addEventListener('abort', () => resolve(), { once: true });
  });

/**
 * The same ports until an invocation's end, after which nothing more is sent or recorded: what was in hand may go on behind it, but for deletes. `over`
 * resolves when the end has come and each delete that was on its way by then was answered or given up: one that arrived later, after the next
 * invocation had dealt with its snapshot, could hit another that has taken the name.
 */
function untilEnd(
  ports: ApplyPorts,
  end: AbortSignal,
): { readonly ports: ApplyPorts; readonly over: Promise<unknown> } {
  const { sleep, deletion, outcomes } = ports;
  const onTheirWay = new Set<Promise<unknown>>();
  const before =
    <Args extends readonly unknown[], T>(call: (...args: Args) => Promise<T>) =>
    async (...args: Args): Promise<T> => {
      if (end.aborted)
        throw new RetentionError('invocation.ended', 'cannot go on: this invocation has ended; the next one does');
      return call(...args);
    };
  const deleteSnapshot: typeof deletion.deleteSnapshot = async (named, maySend) => {
    const answer = deletion.deleteSnapshot(named, () => !end.aborted && maySend());
    onTheirWay.add(answer);
    try {
      return await answer;
    } finally {
      onTheirWay.delete(answer);
    }
  };
  return {
    ports: {
      ...ports,
      sleep: before(sleep),
      deletion: { ...deletion, deleteSnapshot: before(deleteSnapshot) },
      outcomes: guarded(outcomes, before),
    },
    over: ended(end).then(() => Promise.allSettled(onTheirWay)),
  };
}

/** Deletes for as long as an invocation may, and brings those in hand to their end; one that takes too long is left open: its end is not known. */
export async function applyInTime(
  ports: DeletionPorts,
  outcomes: RunOutcomes,
  prepared: Prepared,
  startedAt: number,
  lookedAt: number,
): Promise<void> {
  const { limits, clock } = ports;
  const end = ports.beforeEnd(limits.closing);
  const signal = ports.timeout(Math.max(0, startedAt + limits.invocation - clock()));
  const applying = untilEnd(whileDeployed(outcomes, ports, lookedAt), end);
  await Promise.race([applyBatch(applying.ports, prepared, { signal }), applying.over]);
}

import { setMaxListeners } from 'node:events';
import { END_SIGNALS } from './end-signals';
import { EXIT } from './exit-codes';
import type { Terminal } from './terminal';

/** A closed terminal takes no output, and ends no deletion. */
const ignore = (): void => undefined;

/** Ends the run after the current snapshot at the first Ctrl-C, immediately at the second. */
export function onInterrupt({ err, out }: Pick<Terminal, 'err' | 'out'>): {
  readonly signal: AbortSignal;
  readonly stop: () => void;
} {
  const controller = new AbortController();
  // Each region has a call that waits for it; Node 20 warns of more than ten.
  setMaxListeners(0, controller.signal);
  const interrupt = (name: NodeJS.Signals): void => {
    const isAgain = controller.signal.aborted;
    // A terminal that closes may send the signal more than once.
    if (isAgain && name !== 'SIGHUP') process.exit(EXIT.failure);
    if (!isAgain) err.write('\nFinishing the current snapshot. Press Ctrl-C again to exit immediately.\n');
    controller.abort();
  };
  for (const name of END_SIGNALS) process.on(name, interrupt);
  for (const stream of [err, out]) stream.on('error', ignore);
  return {
    signal: controller.signal,
    stop: () => {
      for (const name of END_SIGNALS) process.off(name, interrupt);
      for (const stream of [err, out]) stream.off('error', ignore);
    },
  };
}

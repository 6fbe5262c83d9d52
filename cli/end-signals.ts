/** Signals that end a run: Ctrl-C, a service manager, a terminal that closes. */
export const END_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs a clean-up at a signal, with whether it ends the process, which then ends as the signal says. Where the run
 * handles the signal itself, it goes on. Returns a function that removes the clean-up.
 */
export function cleanUpAtSignal(cleanUp: (endsRun: boolean) => void): () => void {
  const remove = (): void => {
    for (const name of END_SIGNALS) process.off(name, end);
  };
  const end = (name: NodeJS.Signals): void => {
    remove();
    const endsRun = process.listenerCount(name) === 0;
    cleanUp(endsRun);
    if (endsRun) process.kill(process.pid, name);
  };
  for (const name of END_SIGNALS) process.on(name, end);
  return remove;
}

/** What an engine that survives crashes gives: results of steps are remembered, and a run that died goes on after the last one. */
export interface DurableSteps {
  /** Names the execution: the same however often it is begun again. */
  readonly execution: string;
  /** Runs until it has a result; after a crash within, again. Its result is small and has a JSON form. Rejects when it failed every time. */
  step<T>(name: string, run: () => Promise<T>): Promise<T>;
  /** Ends this invocation; another goes on from here, so many seconds later, with its whole time. */
  rest(name: string, seconds: number): Promise<void>;
}

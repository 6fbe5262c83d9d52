/**
 * An engine that survives crashes: it stores the results of steps, and continues a run that died after its last step.
 */
export interface DurableSteps {
  /** The ARN of the execution, the same for all of its invocations. */
  readonly execution: string;
  /**
   * Runs a step, again after a failure or a crash. Its result is small and has a JSON form. Rejects when it failed
   * every time.
   */
  step<T>(name: string, run: () => Promise<T>): Promise<T>;
  /** Ends this invocation; another one continues after this time, with a time-out of its own. */
  rest(name: string, seconds: number): Promise<void>;
}

/** An engine that also invokes another function, once for each of several inputs. */
export interface DurableBatches extends DurableSteps {
  /**
   * Invokes a function with each input, at most `atOnce` at the same time. Never rejects for an invocation that failed:
   * returns its message in the place of its input, and null for one that did not fail.
   */
  invokeEach(
    name: string,
    target: string,
    inputs: readonly object[],
    atOnce: number,
  ): Promise<readonly (string | null)[]>;
}

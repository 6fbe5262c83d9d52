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

import { createRetryStrategy, type DurableContext, JitterStrategy, StepSemantics } from '@aws/durable-execution-sdk-js';
import type { DurableSteps } from '../ports/durable-steps';

/** Six attempts of a step within some ten minutes: as long as a service may be away. */
const retryStrategy = createRetryStrategy({
  maxAttempts: 6,
  initialDelay: { seconds: 5 },
  backoffRate: 3,
  maxDelay: { seconds: 600 },
  // Nobody else retries at the same time, and a service that is away is not to be asked six times within a minute.
  jitter: JitterStrategy.NONE,
});

/**
 * Lambda's durable execution as steps. An attempt that died counts as one that failed, so that a step which kills its
 * invocation every time ends too, and its run can still tell.
 */
export function durableSteps(context: DurableContext): DurableSteps {
  return {
    execution: context.executionContext.durableExecutionArn,
    step: async (name, run) => context.step(name, run, { semantics: StepSemantics.AtMostOncePerRetry, retryStrategy }),
    rest: async (name, seconds) => context.wait(name, { seconds }),
  };
}

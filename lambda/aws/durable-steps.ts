import {
  createRetryStrategy,
  type DurableContext,
  JitterStrategy,
  NestingType,
  StepSemantics,
} from '@aws/durable-execution-sdk-js';
import type { DurableBatches, DurableSteps } from '../ports/durable-steps';

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

/**
 * Steps that also invoke a function per input. Each input costs one operation, and the whole map one more: the results
 * stay in the bucket, so that no operation is large.
 */
export function durableBatches(context: DurableContext): DurableBatches {
  return {
    ...durableSteps(context),
    async invokeEach(name, target, inputs, maxConcurrency) {
      const result = await context.map(
        name,
        [...inputs],
        async (each, input, index) => {
          await each.invoke(`${name}-${index}`, target, input);
          return null;
        },
        { maxConcurrency, nesting: NestingType.FLAT, completionConfig: { toleratedFailurePercentage: 100 } },
      );
      const failures = new Map(result.failed().map(({ index, error }) => [index, error.message]));
      // An input that did not succeed has failed, whatever the engine calls it.
      const succeeded = new Set(result.succeeded().map(({ index }) => index));
      return inputs.map((_, index) => (succeeded.has(index) ? null : (failures.get(index) ?? 'it has no result')));
    },
  };
}

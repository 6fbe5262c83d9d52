import { withDurableExecution } from '@aws/durable-execution-sdk-js';
import { Logger } from '@aws-lambda-powertools/logger';
import { visibleMembers } from '../core/util/safe-text';
import { keepHeapLean } from '../runtime/lean-heap';
import { measureRun } from './measure';
import { wireDeletion } from './wire-delete';

keepHeapLean();
const logger = new Logger({ serviceName: 'lightsail-retention', jsonReplacerFn: visibleMembers });

/**
 * Carries out one plan. The event is `{ "plan": "<id>", "digest": "sha256:…" }`, or, where it is deployed so, `{
 * "scheduledTime": "<ISO 8601>" }` for what has been listed for long enough.
 */
export const handler = withDurableExecution(async (event: unknown, context) => {
  const { lambdaContext, executionContext } = context;
  const execution = executionContext.durableExecutionArn;
  try {
    const run = wireDeletion(process.env, __dirname);
    const result = await run(
      event,
      context,
      (measured) => measureRun(measured, lambdaContext.functionName),
      (name, keys) => logger.info(name, { execution, ...keys }),
    );
    logger.info('deletion.finished', { execution, ...result });
    return result;
  } catch (error) {
    logger.error('deletion.failed', { execution, error: error instanceof Error ? error : new Error(String(error)) });
    throw error;
  }
});

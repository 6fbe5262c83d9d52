import { withDurableExecution } from '@aws/durable-execution-sdk-js';
import { Logger } from '@aws-lambda-powertools/logger';
import { visibleMembers } from '../core/util/safe-text';
import { keepHeapLean } from '../runtime/lean-heap';
import { measureRun } from './measure';
import { wireOrganization } from './wire-organization';

keepHeapLean();
const logger = new Logger({ serviceName: 'lightsail-retention', jsonReplacerFn: visibleMembers });

/**
 * Reports on the accounts of an organization. The event is that of the report function: `{ "scheduledTime": "<ISO
 * 8601>" }`, nothing for a report now, or `{ "check": "age" }`.
 */
export const handler = withDurableExecution(async (event: unknown, context) => {
  const { lambdaContext, executionContext } = context;
  const execution = executionContext.durableExecutionArn;
  try {
    const run = wireOrganization(process.env, __dirname);
    const result = await run(event, context);
    logger.info('check' in result ? 'check.finished' : 'organization.finished', { execution, ...result });
    measureRun(result, lambdaContext.functionName);
    return result;
  } catch (error) {
    const shown = error instanceof Error ? error : new Error(String(error));
    logger.error('organization.failed', { execution, error: shown });
    throw error;
  }
});

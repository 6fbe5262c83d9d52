import { Logger } from '@aws-lambda-powertools/logger';
import type { Context } from 'aws-lambda';
import { visibleMembers } from '../core/util/safe-text';
import { keepHeapLean } from '../runtime/lean-heap';
import { measureRun } from './measure';
import { wireReport } from './wire-report';

keepHeapLean();
const logger = new Logger({ serviceName: 'lightsail-retention', jsonReplacerFn: visibleMembers });

/**
 * Runs the scheduled report. The event is `{ "scheduledTime": "<ISO 8601>" }`; without it the report is made for now
 * and always sent. `{ "check": "age" }` measures the age of the newest report instead; with `"first-report"` it makes a
 * report only if the first one is due.
 */
export async function handler(event: unknown, context: Context): Promise<unknown> {
  logger.addContext(context);
  try {
    const run = wireReport(process.env, __dirname);
    const result = await run(event, context, (name, keys) => logger.info(name, { ...keys }));
    logger.info('check' in result ? 'check.finished' : 'report.finished', { ...result });
    measureRun(result, context.functionName);
    return result;
  } catch (error) {
    logger.error('report.failed', error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}

import { Logger } from '@aws-lambda-powertools/logger';
import type { Context } from 'aws-lambda';
import { visibleMembers } from '../core/util/safe-text';
import { keepHeapLean } from '../runtime/lean-heap';
import { wireAccounts } from './wire-accounts';

keepHeapLean();
const logger = new Logger({ serviceName: 'lightsail-retention', jsonReplacerFn: visibleMembers });

/**
 * Reads a batch of the accounts of an organization, and stores a report of each. The event is `{ "reportId": "<id>",
 * "batch": 0 }`, from the function that reports on the organization.
 */
export async function handler(event: unknown, context: Context): Promise<unknown> {
  logger.addContext(context);
  try {
    const run = wireAccounts(process.env, __dirname);
    const result = await run(event, context, (name, keys) => logger.info(name, { ...keys }));
    logger.info('accounts.finished', { ...result });
    return result;
  } catch (error) {
    logger.error('accounts.failed', error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}

import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import type { Context } from 'aws-lambda';
import { METRIC_NAMESPACE, measurementsOf } from '../metrics';
import { wireReport } from '../wire';

const logger = new Logger({ serviceName: 'lightsail-retention' });

function measure(result: object, functionName: string): void {
  const measurements = measurementsOf(result);
  if (measurements.length === 0) return;
  const metrics = new Metrics({ namespace: METRIC_NAMESPACE, serviceName: functionName });
  for (const { name, unit, value } of measurements) metrics.addMetric(name, unit, value);
  metrics.publishStoredMetrics();
}

/**
 * Runs the scheduled report. The event is `{ "scheduledTime": "<ISO 8601>" }`; without it the report is made for now and always sent.
 * `{ "check": "age" }` measures the age of the newest report instead.
 */
export async function handler(event: unknown, context: Context): Promise<unknown> {
  logger.addContext(context);
  try {
    const run = wireReport(process.env, __dirname);
    const result = await run(event, context, (name, keys) => logger.info(name, { ...keys }));
    logger.info('check' in result ? 'check.finished' : 'report.finished', { ...result });
    measure(result, context.functionName);
    return result;
  } catch (error) {
    logger.error('report.failed', error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}

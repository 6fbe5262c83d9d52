import { Logger } from '@aws-lambda-powertools/logger';
import type { Context } from 'aws-lambda';
import { APPROVE_DOCS } from '../approval/describe';
import { isDescribe } from '../approval/parse-approval';
import { RetentionError } from '../core/util/errors';
import { faultOfCode } from '../core/util/faults';
import { visibleMembers } from '../core/util/safe-text';
import { refusedAnswer, USED_CODES } from '../render/approval-widget';
import { runApprove } from './wire-approval';

const logger = new Logger({ serviceName: 'lightsail-retention', jsonReplacerFn: visibleMembers });

/**
 * Hands a plan to the deletion function. The event is what the button of the widget sends: `{ "approve": { "plan":
 * "<id>", "digest": "sha256:…", "attempt": 0 } }` with the form of the widget. Every other event approves nothing.
 * Returns what happened, as HTML.
 */
export async function handler(event: unknown, context: Context): Promise<string> {
  logger.addContext(context);
  if (isDescribe(event)) return APPROVE_DOCS;
  try {
    const { answer, html } = await runApprove(process.env, __dirname, event, context);
    if (answer.state === 'used') {
      const { plan, state } = answer.used;
      logger.warn('approval.refused', { code: USED_CODES[state], reason: `the plan ${plan} was used: ${state}` });
    } else logger.info('approval.finished', { ...answer });
    return html;
  } catch (error) {
    const isRefused = error instanceof RetentionError && faultOfCode(error.code) === 'operator';
    if (isRefused) logger.warn('approval.refused', { code: error.code, reason: error.message });
    else logger.error('approval.failed', error instanceof Error ? error : new Error(String(error)));
    if (!(error instanceof RetentionError)) throw error;
    return refusedAnswer(error);
  }
}

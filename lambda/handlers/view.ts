import { Logger } from '@aws-lambda-powertools/logger';
import type { Context } from 'aws-lambda';
import { VIEW_DOCS } from '../approval/describe';
import { isDescribe } from '../approval/parse-approval';
import { RetentionError } from '../core/util/errors';
import { visibleMembers } from '../core/util/safe-text';
import { unreadWidget } from '../render/approval-widget';
import { runView } from './wire-approval';

const logger = new Logger({ serviceName: 'lightsail-retention', jsonReplacerFn: visibleMembers });

/** Returns the widget of the dashboard, as HTML, for any event; for `{ "describe": true }` its documentation. */
export async function handler(event: unknown, context: Context): Promise<string> {
  logger.addContext(context);
  if (isDescribe(event)) return VIEW_DOCS;
  try {
    const { html, state } = await runView(process.env, __dirname, context);
    logger.info('view.finished', { state: state.state, bytes: Buffer.byteLength(html) });
    return html;
  } catch (error) {
    logger.error('view.failed', error instanceof Error ? error : new Error(String(error)));
    if (!(error instanceof RetentionError)) throw error;
    return unreadWidget(error);
  }
}

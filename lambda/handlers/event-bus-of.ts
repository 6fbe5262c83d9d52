import { type EventBusSettings, eventBus } from '../aws/event-bus';
import type { PutEvents } from '../ports/event-bus';
import type { ReportEnv } from '../runtime/env';

/** The bus of a function, as a port; none: events are off. */
export function busOf(
  { eventBus: busArn, region }: Pick<ReportEnv, 'eventBus' | 'region'>,
  environment: NodeJS.ProcessEnv,
  limits: Pick<EventBusSettings, 'limitMs'> = {},
): { readonly putEvents?: PutEvents } {
  if (busArn === undefined) return {};
  const endpoint = environment.AWS_ENDPOINT_URL_EVENTBRIDGE ?? environment.AWS_ENDPOINT_URL;
  return { putEvents: eventBus({ busArn, region, endpoint, ...limits }) };
}

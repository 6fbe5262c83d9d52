import type { Context } from 'aws-lambda';

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
const plain = (html: string): string =>
  html.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => ENTITIES[name] ?? '');

/** What an element of a widget does, as CloudWatch reads it. */
export interface WidgetAction {
  readonly endpoint: string;
  readonly confirmation: string;
  readonly trigger: string;
  /** What the function gets besides `widgetContext`. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** The actions of a widget, from its HTML. */
export const actionsIn = (html: string): readonly WidgetAction[] =>
  [...html.matchAll(/<cwdb-action\s([^>]*)>([^<]*)<\/cwdb-action>/g)].map(([, attributes = '', content = '']) => {
    const attribute = (name: string): string =>
      plain(new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes)?.[1] ?? '');
    return {
      endpoint: attribute('endpoint'),
      confirmation: attribute('confirmation'),
      trigger: attribute('event'),
      parameters: JSON.parse(plain(content)),
    };
  });

/** The event of a widget with these fields in its forms, as CloudWatch sends it. */
export const widgetEvent = (parameters: object, fields: object = {}): Readonly<Record<string, unknown>> => ({
  ...parameters,
  widgetContext: {
    dashboardName: 'LightsailRetention-us-east-1',
    widgetId: 'widget-4',
    accountId: '123456789012',
    locale: 'en',
    timezone: { label: 'UTC', offsetISO: '+00:00', offsetInMinutes: 0 },
    period: 300,
    isAutoPeriod: true,
    timeRange: { mode: 'relative', start: 1_795_000_000_000, end: 1_795_000_300_000, relativeStart: 300_000 },
    theme: 'light',
    linkCharts: true,
    title: 'The newest plan: approve its deletion',
    forms: { all: fields },
    params: {},
    width: 1_200,
    height: 500,
  },
});

/** The context of an invocation of a function of this ARN. */
export const contextOf = (functionArn: string): Context =>
  ({ invokedFunctionArn: functionArn, functionName: functionArn.split(':')[6], awsRequestId: 'request' }) as Context;

/** The text of HTML, as far as tests read it. */
export const textOfHtml = (html: string): string =>
  plain(html.replace(/<style>[\s\S]*?<\/style>/g, '').replace(/<[^>]*>/g, ' '))
    .replace(/\s+/g, ' ')
    .trim();

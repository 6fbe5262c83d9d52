import { LightsailClient, type LightsailClientConfig } from '@aws-sdk/client-lightsail';
import { makeBuilder } from '@smithy/core/client';
import { getEndpointPlugin } from '@smithy/core/endpoints';
import { type Amount, accountBillsOf, billOf, type MonthlyBill, monthAfter, parseAmount } from '../core/report/spend';
import type { Bills, ReadAccountBills, ReadBills } from '../ports/spend-ports';
import { errorFacts } from './aws-errors';
import { PATIENT, withLimits } from './http-limits';

/** Cost Explorer has one endpoint, for all regions of the standard partition. */
const REGION = 'us-east-1';
const ENDPOINT = `https://ce.${REGION}.amazonaws.com`;
const TARGET = 'AWSInsightsIndexService';

/** Pages of one reading, each with some thousand usage types; a request of each costs $0.01. */
const MAX_PAGES = 10;
/** The same for all accounts of an organization: each has some usage types. */
const MAX_PAGES_OF_ALL = 30;
const MAX_ATTEMPTS = 2;
const CURRENCY = 'USD';
const ACCOUNT_NUMBER = /^\d{12}$/;

/** Regions whose partition has no Cost Explorer, or another one. */
const OTHER_PARTITION = /^(?:cn|us-gov|us-iso|us-isob|eusc|eu-isoe)-/;

const JSON_VALUE = 15;
const TEXT = 0;
const STRUCTURE = 3;
const OPERATION = 9;
const NAMESPACE = 'com.amazonaws.costexplorer';
const INPUTS = ['TimePeriod', 'Granularity', 'Filter', 'GroupBy', 'Metrics', 'NextPageToken'];

/**
 * GetCostAndUsage over the client of Lightsail, which speaks the same protocol: the own client of Cost Explorer would
 * be a tenth of the report function for one operation.
 */
const GetCostAndUsageCommand = makeBuilder(
  { Endpoint: { type: 'builtInParams', name: 'endpoint' } },
  TARGET,
  'CostExplorerClient',
  getEndpointPlugin,
)({}, () => [], 'GetCostAndUsage', [
  OPERATION,
  NAMESPACE,
  'GetCostAndUsage',
  0,
  [STRUCTURE, NAMESPACE, 'Request', 0, INPUTS, INPUTS.map(() => JSON_VALUE)],
  [STRUCTURE, NAMESPACE, 'Response', 0, ['NextPageToken', 'ResultsByTime'], [TEXT, JSON_VALUE]],
]);

/** Settings of the client: credentials and connection. */
export type CostExplorerConfig = Pick<LightsailClientConfig, 'credentials' | 'requestHandler'>;

function costExplorerClient(config: CostExplorerConfig): LightsailClient {
  const settings = {
    requestHandler: withLimits(PATIENT),
    ...config,
    region: REGION,
    maxAttempts: MAX_ATTEMPTS,
    // By this name the SDK looks up AWS_ENDPOINT_URL_COST_EXPLORER.
    serviceId: 'Cost Explorer',
    endpointProvider: ({ Endpoint = ENDPOINT }: { readonly Endpoint?: string }) => ({ url: new URL(Endpoint) }),
    signingName: 'ce',
    protocolSettings: { defaultNamespace: NAMESPACE, version: '2017-10-25', serviceTarget: TARGET },
  };
  return new LightsailClient(settings as LightsailClientConfig);
}

const dimension = (key: string, value: string) => ({ Dimensions: { Key: key, Values: [value] } });

const grouping = (key: string) => ({ Type: 'DIMENSION', Key: key });

/** `account` null: all accounts, each by itself. */
const requestOf = (first: string, last: string, account: string | null) => ({
  TimePeriod: { Start: `${first}-01`, End: `${monthAfter(last, 1)}-01` },
  Granularity: 'MONTHLY',
  Filter: {
    And: [
      dimension('SERVICE', 'Amazon Lightsail'),
      dimension('RECORD_TYPE', 'Usage'),
      // Of all accounts of an organization, its management account would else get the bill of all.
      ...(account === null ? [] : [dimension('LINKED_ACCOUNT', account)]),
    ],
  },
  GroupBy: [...(account === null ? [grouping('LINKED_ACCOUNT')] : []), grouping('USAGE_TYPE')],
  Metrics: ['UnblendedCost'],
});

const unread = (cause: string, remedy: string): Extract<Bills, { state: 'unread' }> => ({
  state: 'unread',
  cause,
  remedy,
});

/** An answer that has not what was asked for. */
class Malformed extends Error {}

const NOT_READY = 'open Cost Explorer once in the Billing console of this account, and wait a day';
const NEXT_TIME = 'the next report asks again';

/** Says why a call failed. */
function failureText(error: unknown): Extract<Bills, { state: 'unread' }> {
  if (error instanceof Malformed) return unread(error.message, NEXT_TIME);
  const { code, message } = errorFacts(error);
  const detail = `${message} (${code})`;
  if (/^DataUnavailable/.test(code)) return unread('Cost Explorer has no data of this account yet', NOT_READY);
  if (/not enabled for cost explorer/i.test(message))
    return unread('Cost Explorer is not enabled in this account', NOT_READY);
  if (/^AccessDenied/.test(code))
    return unread(
      `access to Cost Explorer is denied: ${detail}`,
      'allow ce:GetCostAndUsage, and in a member account of an organization let its management account allow Cost Explorer',
    );
  return unread(`Cost Explorer failed: ${detail}`, NEXT_TIME);
}

type Json = Readonly<Record<string, unknown>>;

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Json)[name] : undefined;

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** A group: its cost, its usage type, and the account where the request groups by accounts. */
interface CostGroup {
  readonly usageType: string;
  readonly account: string;
  readonly amount: Amount;
}

function groupOf(group: unknown): CostGroup {
  const keys = listOf(member(group, 'Keys'));
  const [usageType, account = ''] = [...keys].reverse();
  const cost = member(member(group, 'Metrics'), 'UnblendedCost');
  const [amount, unit] = [member(cost, 'Amount'), member(cost, 'Unit')];
  const parsed = typeof amount === 'string' ? parseAmount(amount) : null;
  if (typeof usageType !== 'string' || typeof account !== 'string' || parsed === null)
    throw new Malformed(`Cost Explorer gave an amount that cannot be read (${JSON.stringify(amount)})`);
  if (unit !== CURRENCY && parsed !== 0n)
    throw new Malformed(`the bill is in ${JSON.stringify(unit)}, and costs here are in ${CURRENCY}`);
  return { usageType, account, amount: parsed };
}

/** Amounts by month, and whether they are final. */
type Months = Map<string, { final: boolean; readonly groups: CostGroup[] }>;

function addPage(months: Months, results: readonly unknown[]): void {
  for (const result of results) {
    const start = member(member(result, 'TimePeriod'), 'Start');
    if (typeof start !== 'string') throw new Malformed('Cost Explorer gave a month that cannot be read');
    const month = start.slice(0, 7);
    const found = months.get(month) ?? { final: true, groups: [] };
    months.set(month, found);
    found.final &&= member(result, 'Estimated') === false;
    const groups = member(result, 'Groups');
    // A month without usage has an empty list.
    if (!Array.isArray(groups)) throw new Malformed('Cost Explorer gave a month without groups');
    for (const group of groups) found.groups.push(groupOf(group));
  }
}

function groupsOf(months: Months, month: string): { readonly final: boolean; readonly groups: readonly CostGroup[] } {
  const found = months.get(month);
  if (found === undefined) throw new Malformed(`Cost Explorer gave no bill for ${month}`);
  return found;
}

function billsOf(months: Months, first: string, last: string): readonly MonthlyBill[] {
  const bills: MonthlyBill[] = [];
  for (let month = first; month <= last; month = monthAfter(month, 1)) {
    const { final, groups } = groupsOf(months, month);
    const amounts = groups.map(({ usageType, amount }) => [usageType, amount] as const);
    bills.push(billOf(month, final, amounts));
  }
  return bills;
}

async function readPages(
  client: LightsailClient,
  request: ReturnType<typeof requestOf>,
  maxPages: number,
  abortSignal: AbortSignal | undefined,
): Promise<Months> {
  const months: Months = new Map();
  const tokens = new Set<string>();
  let token: unknown;
  for (let page = 1; page <= maxPages; page += 1) {
    const input = typeof token === 'string' ? { ...request, NextPageToken: token } : request;
    const answer: unknown = await client.send(new GetCostAndUsageCommand(input as object), {
      ...(abortSignal && { abortSignal }),
    });
    addPage(months, listOf(member(answer, 'ResultsByTime')));
    token = member(answer, 'NextPageToken');
    if (token === undefined || token === null || token === '') return months;
    if (typeof token !== 'string') throw new Malformed('Cost Explorer gave a page token that cannot be read');
    if (tokens.has(token)) throw new Malformed('Cost Explorer repeated a page token');
    tokens.add(token);
  }
  throw new Malformed(`Cost Explorer gave more than ${maxPages} pages`);
}

/** The account whose bill is read (null: not known), a region of its partition, and the client's settings. */
export interface BillReaderOptions {
  readonly account: string | null;
  readonly region: string;
  readonly config: CostExplorerConfig;
}

const OTHER_COST_EXPLORER = unread(
  'this partition of AWS has another Cost Explorer',
  'read the bill in its Billing console',
);

/** Asks with a client of its own. Never rejects. */
async function asking<Read>(
  config: CostExplorerConfig,
  ask: (client: LightsailClient) => Promise<Read>,
): Promise<Read | ReturnType<typeof unread>> {
  const client = costExplorerClient(config);
  try {
    return await ask(client);
  } catch (error) {
    return failureText(error);
  } finally {
    client.destroy();
  }
}

/** Reads bills from Cost Explorer: one request for all months, and one for each further page. */
export function makeReadBills({ account, region, config }: BillReaderOptions): ReadBills {
  return async (first, last, abortSignal) => {
    if (OTHER_PARTITION.test(region)) return OTHER_COST_EXPLORER;
    if (account === null) return unread('the number of this account is not known', 'allow sts:GetCallerIdentity');
    return asking(config, async (client) => {
      const months = await readPages(client, requestOf(first, last, account), MAX_PAGES, abortSignal);
      return { state: 'read', bills: billsOf(months, first, last) };
    });
  };
}

/** Reads a month of all accounts whose bill the caller may see: one request, and one for each further page. */
export function makeReadAccountBills({ region, config }: Omit<BillReaderOptions, 'account'>): ReadAccountBills {
  return async (month, abortSignal) => {
    if (OTHER_PARTITION.test(region)) return OTHER_COST_EXPLORER;
    return asking(config, async (client) => {
      const months = await readPages(client, requestOf(month, month, null), MAX_PAGES_OF_ALL, abortSignal);
      const { final, groups } = groupsOf(months, month);
      const unnamed = groups.find(({ account }) => !ACCOUNT_NUMBER.test(account));
      if (unnamed !== undefined)
        throw new Malformed(`Cost Explorer gave an account that is none (${JSON.stringify(unnamed.account)})`);
      const amounts = groups.map(({ account, usageType, amount }) => [account, usageType, amount] as const);
      return { state: 'read', bills: accountBillsOf(month, final, amounts) };
    });
  };
}

import { createHash } from 'node:crypto';
import type { AccountData, BillRow } from './account';
import type { Struck } from './faults';
import type { OrganizationData } from './organization';
import { ServiceRefusal } from './service-error';

/** The only region whose endpoint and signatures Cost Explorer takes. */
const HOME = 'us-east-1';
/** Days of the next month after which a bill is final. */
const FINAL_AFTER_DAYS = 10;
const MAX_MONTHS = 14;

const METRICS: readonly string[] = [
  'AmortizedCost',
  'BlendedCost',
  'NetAmortizedCost',
  'NetUnblendedCost',
  'NormalizedUsageAmount',
  'UnblendedCost',
  'UsageQuantity',
];

type Row = { readonly [Name in keyof BillRow]-?: NonNullable<BillRow[Name]> };

const DIMENSIONS: Readonly<Record<string, (row: Row) => string>> = {
  SERVICE: ({ service }) => service,
  RECORD_TYPE: ({ recordType }) => recordType,
  LINKED_ACCOUNT: ({ account }) => account,
  USAGE_TYPE: ({ usageType }) => usageType,
};

const invalid = (message: string) => new ServiceRefusal({ code: 'ValidationException', message });
const failedConstraint = (value: unknown, at: string, constraint: string) =>
  invalid(
    `1 validation error detected: Value ${value === undefined ? 'null' : `'${value}'`} at '${at}' failed to satisfy constraint: ${constraint}`,
  );

const objectOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
const itemsOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Whether a row passes a filter: `And`, `Or`, `Not` or `Dimensions`. */
function passes(row: Row, filter: unknown): boolean {
  const { And, Or, Not, Dimensions, ...others } = objectOf(filter);
  const [other] = Object.keys(others);
  if (other !== undefined) throw invalid(`The emulator knows no filter by ${other}.`);
  if (And !== undefined) return itemsOf(And).every((each) => passes(row, each));
  if (Or !== undefined) return itemsOf(Or).some((each) => passes(row, each));
  if (Not !== undefined) return !passes(row, Not);
  if (Dimensions === undefined) throw invalid('Expression is invalid: it is empty.');
  const { Key, Values } = objectOf(Dimensions);
  return textsOf(Values).includes(dimensionOf(Key)(row));
}

function dimensionOf(key: unknown): (row: Row) => string {
  const found = DIMENSIONS[String(key)];
  if (found === undefined)
    throw failedConstraint(
      key,
      'dimension',
      `Member must satisfy enum value set: [${Object.keys(DIMENSIONS).join(', ')}]`,
    );
  return found;
}

const DIGITS = 10;

/** Adds up decimal texts as the service does, to ten digits at most; a single one is left as it is. */
function sumOf(amounts: readonly string[]): string {
  const [only] = amounts;
  if (only !== undefined && amounts.length === 1) return only;
  const units = amounts.reduce((sum, text) => sum + BigInt(Math.round(Number(text) * 10 ** DIGITS)), 0n);
  const text = String(units < 0n ? -units : units).padStart(DIGITS + 1, '0');
  return `${units < 0n ? '-' : ''}${text.slice(0, -DIGITS)}.${text.slice(-DIGITS)}`.replace(/\.?0+$/, '');
}

interface Period {
  readonly start: string;
  readonly end: string;
}

/** The months of a request; the service counts days, and so do these. */
function periodsOf(input: Readonly<Record<string, unknown>>, now: number): readonly Period[] {
  const { Start, End } = objectOf(input.TimePeriod);
  const day = /^\d{4}-\d{2}-\d{2}$/;
  if (typeof Start !== 'string' || typeof End !== 'string')
    throw failedConstraint(undefined, 'timePeriod', 'Member must not be null');
  if (!day.test(Start) || !day.test(End)) throw invalid(`Start time ${Start} is invalid. Valid format is: yyyy-MM-dd.`);
  if (Start >= End) throw invalid('Start date (and hour) should be before end date (and hour)');
  const [year, month] = [new Date(now).getUTCFullYear(), new Date(now).getUTCMonth()];
  const firstOf = (after: number): string => new Date(Date.UTC(year, month + after, 1)).toISOString().slice(0, 10);
  if (End > firstOf(1)) throw invalid('end date past the beginning of next month');
  if (Start < firstOf(-MAX_MONTHS)) throw invalid("You haven't enabled historical data beyond 14 months.");
  const periods: Period[] = [];
  for (let after = -MAX_MONTHS; after <= 0; after += 1) {
    const [start = Start] = [firstOf(after), Start].sort().reverse();
    const [end = End] = [firstOf(after + 1), End].sort();
    if (start < end) periods.push({ start, end });
  }
  return periods;
}

const isEstimated = ({ end }: Period, now: number): boolean =>
  now < Date.parse(`${end}T00:00:00Z`) + FINAL_AFTER_DAYS * 86_400_000;

interface Group {
  readonly period: number;
  readonly keys: readonly string[];
  readonly rows: readonly Row[];
}

function groupsOf(
  rows: readonly Row[],
  periods: readonly Period[],
  keys: readonly ((row: Row) => string)[],
): readonly Group[] {
  return periods.flatMap(({ start }, period) => {
    const groups = new Map<string, { keys: readonly string[]; rows: Row[] }>();
    for (const row of rows.filter(({ month }) => start.startsWith(month))) {
      const names = keys.map((of) => of(row));
      const group = groups.get(names.join('\n')) ?? { keys: names, rows: [] };
      groups.set(names.join('\n'), group);
      group.rows.push(row);
    }
    return [...groups.values()].map((group) => ({ period, ...group }));
  });
}

function metricsOf(rows: readonly Row[], metrics: readonly string[]) {
  const [first] = rows;
  return Object.fromEntries(
    metrics.map((metric) => {
      const isQuantity = metric === 'UsageQuantity' || metric === 'NormalizedUsageAmount';
      const Amount = sumOf(rows.map(({ amount, quantity }) => (isQuantity ? quantity : amount)));
      return [metric, { Amount: Amount === '' ? '0' : Amount, Unit: isQuantity ? 'N/A' : (first?.unit ?? 'USD') }];
    }),
  );
}

/** A page token: where the next page begins, bound to the request. */
const tokenOf = (offset: number, request: string): string =>
  Buffer.from(`${offset} ${createHash('sha256').update(request).digest('hex').slice(0, 16)}`).toString('base64');

function offsetOf(token: unknown, request: string): number {
  if (token === undefined || token === null) return 0;
  const offset = Number.parseInt(Buffer.from(String(token), 'base64').toString(), 10);
  if (Number.isNaN(offset) || tokenOf(offset, request) !== token)
    throw new ServiceRefusal({ code: 'InvalidNextTokenException', message: 'Invalid nextToken' });
  return offset;
}

function nextToken(struck: Struck, sent: unknown, next: string | undefined, request: string): string | undefined {
  switch (struck.first('tokens')?.mode) {
    case 'endless':
      return tokenOf(0, request);
    case 'repeated':
      return typeof sent === 'string' ? sent : (next ?? tokenOf(0, request));
    case 'loop':
      return next ?? tokenOf(0, request);
    case 'empty':
      return next ?? '';
    default:
      return next;
  }
}

/** What an account sees: its own bill, and in the management account of an organization that of all members. */
export function billRowsFor(
  { account, organization }: { readonly account: AccountData; readonly organization?: OrganizationData | undefined },
  accountId: string,
): readonly BillRow[] {
  const rows = [account, ...(organization?.members ?? []).map((member) => member.account)].flatMap((each) =>
    (each.bill ?? []).map((row) => ({ ...row, account: row.account ?? each.accountId })),
  );
  return accountId === account.accountId ? rows : rows.filter((row) => row.account === accountId);
}

/** The bill of the account, and how it is served. */
export interface BillWorld {
  readonly rows: readonly BillRow[];
  readonly accountId: string;
  readonly now: number;
  readonly pageSize: number;
  readonly struck: Struck;
}

function checkRequest(operation: string, region: string, input: Readonly<Record<string, unknown>>): readonly string[] {
  if (region !== HOME)
    throw new ServiceRefusal({
      code: 'InvalidSignatureException',
      message: `Credential should be scoped to a valid region, not '${region}'. `,
      status: 400,
    });
  if (operation !== 'GetCostAndUsage') throw new ServiceRefusal({ code: 'UnknownOperationException', message: '' });
  if (input.Granularity === undefined) throw failedConstraint(undefined, 'granularity', 'Member must not be null');
  if (input.Granularity !== 'MONTHLY') throw invalid('The emulator serves months alone.');
  const metrics = textsOf(input.Metrics);
  if (metrics.length === 0) throw failedConstraint(undefined, 'metrics', 'Member must not be null');
  const unknown = metrics.find((metric) => !METRICS.includes(metric));
  if (unknown !== undefined) throw invalid(`Invalid metric: ${unknown}`);
  if (itemsOf(input.GroupBy).length > 2) throw invalid('Group by is limited to 2 dimensions.');
  return metrics;
}

/** Carries out one Cost Explorer call and returns its JSON. */
export function answerCostExplorer(
  { operation, region, input }: { operation: string; region: string; input: Readonly<Record<string, unknown>> },
  { rows, accountId, now, pageSize, struck }: BillWorld,
): string {
  const metrics = checkRequest(operation, region, input);
  const periods = periodsOf(input, now);
  const definitions = itemsOf(input.GroupBy).map(objectOf);
  const keys = definitions.map(({ Key }) => dimensionOf(Key));
  const full = rows.map(
    (row): Row => ({
      ...row,
      service: row.service ?? 'Amazon Lightsail',
      recordType: row.recordType ?? 'Usage',
      account: row.account ?? accountId,
      unit: row.unit ?? 'USD',
      quantity: row.quantity ?? '1',
    }),
  );
  const chosen = input.Filter === undefined ? full : full.filter((row) => passes(row, input.Filter));
  const { NextPageToken, ...request } = input;
  const asked = JSON.stringify(request);
  const offset = offsetOf(NextPageToken, asked);
  const all = keys.length === 0 ? [] : groupsOf(chosen, periods, keys);
  const page = all.slice(offset, offset + pageSize);
  const next = nextToken(
    struck,
    NextPageToken,
    offset + pageSize < all.length ? tokenOf(offset + pageSize, asked) : undefined,
    asked,
  );
  return JSON.stringify({
    DimensionValueAttributes: [],
    ...(keys.length > 0 && { GroupDefinitions: definitions.map(({ Type = 'DIMENSION', Key }) => ({ Key, Type })) }),
    ...(next !== undefined && { NextPageToken: next }),
    ResultsByTime: periods.flatMap((period, index) => {
      const groups = page.filter((group) => group.period === index);
      // A page begins where the one before ended: months that are told in full are not told again.
      if (offset > 0 && groups.length === 0) return [];
      const own = chosen.filter(({ month }) => period.start.startsWith(month));
      return {
        Estimated: isEstimated(period, now),
        Groups: groups.map((group) => ({ Keys: group.keys, Metrics: metricsOf(group.rows, metrics) })),
        TimePeriod: { End: period.end, Start: period.start },
        Total: keys.length === 0 ? metricsOf(own, metrics) : {},
      };
    }),
  });
}

/** The JSON body of an error: those of the service's own model write `Message`, all others `message`. */
export const costExplorerError = ({ code, message }: { readonly code: string; readonly message: string }): string =>
  JSON.stringify({
    __type: code,
    [/^(DataUnavailable|LimitExceeded|BillExpiration|InvalidNextToken|RequestChanged)/.test(code)
      ? 'Message'
      : 'message']: message,
  });

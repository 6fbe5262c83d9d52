import * as z from 'zod';
import { type AccountData, LISTS, type RegionData } from './account';
import { type FaultInput, faultSchema, rowSchema } from './fault';
import { largeAccount } from './large-account';
import type { OrganizationData } from './organization';
import { sampleAccount } from './sample-account';
import { largeOrganization, sampleOrganization, sampleOrganizationFaults } from './sample-organization';
import { ERROR_FORMS } from './service-error';

const scenarioRows = z.array(rowSchema).optional();
const regionData = z.strictObject({
  ...(Object.fromEntries(LISTS.map((list) => [list, scenarioRows])) as Record<
    (typeof LISTS)[number],
    typeof scenarioRows
  >),
  autoSnapshots: z.record(z.string(), z.array(rowSchema)).optional(),
});
/** An entry of a bill. */
export const billRow = z.strictObject({
  month: z.string().regex(/^\d{4}-\d{2}$/, 'expected a month such as 2026-10'),
  usageType: z.string(),
  amount: z.string(),
  quantity: z.string().optional(),
  unit: z.string().optional(),
  service: z.string().optional(),
  recordType: z.string().optional(),
  account: z.string().optional(),
});
const accountData = z.strictObject({
  accountId: z.string().regex(/^\d{12}$/, 'expected 12 digits'),
  regions: z.array(z.string().min(1)),
  data: z.record(z.string(), regionData),
  bill: z.array(billRow).optional(),
});
const large = z.strictObject({
  large: z.strictObject({
    snapshots: z.int().min(0).max(1_000_000),
    regions: z.union([z.int().min(1).max(19), z.array(z.string()).min(1)]).optional(),
    sources: z.int().min(1).optional(),
  }),
});
const accountId = z.string().regex(/^\d{12}$/, 'expected 12 digits');
const role = z.strictObject({
  name: z.string().min(1),
  externalId: z.string().optional(),
  trusts: accountId.optional(),
  organizationId: z.string().optional(),
});
const organizationData = z.strictObject({
  id: z.string().default('o-a1b2c3d4e5'),
  rootId: z.string().default('r-ab12'),
  managementName: z.string().optional(),
  managementRole: role.optional(),
  emptyPages: z.int().min(0).max(50).optional(),
  members: z.array(
    z.strictObject({
      name: z.string().optional(),
      state: z.enum(['ACTIVE', 'SUSPENDED', 'PENDING_CLOSURE', 'PENDING_ACTIVATION', 'CLOSED']).optional(),
      ou: z.string().regex(/\/$/, 'expected a path that ends in /'),
      role: role.optional(),
      account: accountData,
    }),
  ),
});
const largeOrganizationData = z.strictObject({
  large: z.strictObject({
    accounts: z.int().min(1).max(10_000),
    snapshots: z.int().min(0).max(10_000),
    regions: z.union([z.int().min(1).max(19), z.array(z.string()).min(1)]).optional(),
  }),
});
const topic = z.strictObject({
  arn: z.string().regex(/^arn:aws:sns:[\w-]+:\d{12}:[\w-]+$/, 'expected an SNS topic ARN'),
  subscriptions: z
    .array(z.strictObject({ protocol: z.string(), endpoint: z.string(), confirmed: z.boolean().default(true) }))
    .default([]),
});

const scenarioSettings = {
  /** Rows on a page of a list. */
  pageSize: z.int().min(1).max(10_000).optional(),
  /** How Lightsail's errors are written; see ERROR_FORMS. */
  errorForm: z.enum(ERROR_FORMS).optional(),
  /** Milliseconds by which the service's clock is ahead of the machine's. */
  clockOffset: z.number().optional(),
  /** Seed of faults with a `chance`. */
  seed: z.int().optional(),
  faults: z.array(faultSchema).optional(),
  buckets: z.array(z.string().min(1)).optional(),
  /** Keys (`*` and `?` as in IAM) under which S3 refuses to create an object without `If-None-Match`. */
  writeOnce: z.array(z.string().min(1)).optional(),
  topics: z.array(topic).optional(),
};

/** What a scenario file may hold. */
export const scenarioSchema = z.strictObject({
  $schema: z.string().optional(),
  description: z.string().optional(),
  /** `sample`, a generated large one, or all its data. */
  account: z.union([z.literal('sample'), large, accountData]).default('sample'),
  /** Replaces the regions that GetRegions names. */
  regions: z.array(z.string().min(1)).optional(),
  /** The organization whose management account is `account`. */
  organization: z.union([z.literal('sample'), largeOrganizationData, organizationData]).optional(),
  ...scenarioSettings,
});

/** What an emulator starts with besides the account: all of it may be left out. */
export interface ScenarioSettings {
  readonly pageSize?: number | undefined;
  readonly errorForm?: (typeof ERROR_FORMS)[number] | undefined;
  readonly clockOffset?: number | undefined;
  readonly seed?: number | undefined;
  readonly faults?: readonly FaultInput[] | undefined;
  readonly buckets?: readonly string[] | undefined;
  readonly writeOnce?: readonly string[] | undefined;
  readonly topics?: readonly z.input<typeof topic>[] | undefined;
}

/** An account and how its service behaves. */
export interface Scenario extends ScenarioSettings {
  readonly account: AccountData;
  readonly organization?: OrganizationData | undefined;
}

function organizationOf(
  organization: z.infer<typeof scenarioSchema>['organization'],
  now: number,
): OrganizationData | undefined {
  if (organization === undefined) return undefined;
  if (organization === 'sample') return sampleOrganization(now);
  if ('large' in organization) return largeOrganization({ now, ...organization.large });
  return organization as OrganizationData;
}

/** Validates faults and fills in their defaults. Throws an Error that lists all that is wrong. */
export const parseFaults = (faults: readonly FaultInput[]) =>
  orThrow(z.array(faultSchema).safeParse(faults), 'these faults');

function orThrow<T>(result: z.ZodSafeParseResult<T>, what: string): T {
  if (result.success) return result.data;
  const wrong = result.error.issues.map(
    (issue) => `${issue.path.length === 0 ? 'the whole' : issue.path.join('.')}: ${deepest(issue)}`,
  );
  throw new Error(`${what} cannot be used: ${wrong.join('; ')}`);
}

/** Of a union, what the branch that got furthest says. */
function deepest(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return issue.message;
  const branch = issue.errors.reduce((best, next) => (depth(next) > depth(best) ? next : best));
  return branch.map((inner) => [...inner.path.map(String), deepest(inner)].join(': ')).join(', ');
}

const depth = (issues: readonly z.core.$ZodIssue[]): number =>
  Math.max(0, ...issues.map((issue) => issue.path.length + (issue.code === 'unrecognized_keys' ? 1 : 0)));

function dataOf(account: z.infer<typeof scenarioSchema>['account'], now: number): AccountData {
  if (account === 'sample') return sampleAccount(now);
  if ('large' in account) return largeAccount({ now, ...account.large });
  return account as AccountData & { data: Record<string, RegionData> };
}

/**
 * Reads a scenario from parsed JSON. `now` (epoch ms) is what generated accounts are relative to. Throws an Error that
 * lists all that is wrong.
 */
export function loadScenario(json: unknown, now: number = Date.now()): Scenario {
  const {
    account,
    regions,
    organization,
    $schema: _schema,
    description: _description,
    ...rest
  } = orThrow(scenarioSchema.safeParse(json), 'this scenario');
  const data = dataOf(account, now);
  const members = organizationOf(organization, now);
  const given = rest.faults ?? [];
  const faults = organization === 'sample' && members ? [...given, ...sampleOrganizationFaults(members)] : given;
  return {
    ...rest,
    ...(faults.length === 0 ? {} : { faults }),
    account: regions === undefined ? data : { ...data, regions },
    ...(members === undefined ? {} : { organization: members }),
  };
}

import { closest, distance } from 'fastest-levenshtein';
import { RetentionError } from '../lambda/core/util/errors';
import type { DeployedDeletion } from '../lambda/runtime/env';
import { eachOnce, isAddress } from './addresses';
import { MONITORING, type MonitoringLevel } from './monitoring';
import { checkSchedule, DEFAULT_SCHEDULE } from './schedule-expression';

/** What `cdk deploy -c key=value` may say. */
const KEYS = [
  'email',
  'config',
  'schedule',
  'deletion',
  'monitoring',
  'spend',
  'approval',
  'organization',
  'events',
  'bucket',
] as const;
type Key = (typeof KEYS)[number];

/** What is to be deployed, as asked for by context. */
export interface DeployContext {
  readonly emails: readonly string[];
  /** The configuration file that was named; null when none was. */
  readonly configPath: string | null;
  readonly schedule: string;
  readonly monitoring: MonitoringLevel;
  /** Who may start a deletion; `off` deploys nothing that could delete. */
  readonly deletion: DeletionSetting;
  /** Whether the bill may be read; absent: as the configuration says. */
  readonly spend?: boolean;
  /** Whether a plan can be approved on the dashboard. */
  readonly approval: ApprovalSetting;
  /** Whether one report covers the accounts of an organization, which the stack takes as a parameter. */
  readonly organization: boolean;
  /** Whether events are put on the default event bus. */
  readonly events: boolean;
  /** The name of a bucket that takes up its history; null: the stack makes one. */
  readonly bucketName: string | null;
}

/** Whether deletion is deployed, and who starts it: a person, or a schedule as well. */
export const DELETION = ['off', 'approve', 'automatic'] as const satisfies readonly ('off' | DeployedDeletion)[];
export type DeletionSetting = (typeof DELETION)[number];

/** Whether a plan can be approved on the dashboard too. */
export const APPROVAL_SETTINGS = ['off', 'dashboard'] as const;
export type ApprovalSetting = (typeof APPROVAL_SETTINGS)[number];

const refusedContext = (key: Key | 'unknown', message: string): RetentionError =>
  new RetentionError(`context.${key}`, message);

function readContextText(context: Readonly<Record<string, unknown>>, key: Key): string | null {
  const value = context[key];
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' && value.trim() !== '') return value.trim();
  throw refusedContext(key, `context "${key}" is ${JSON.stringify(value)}: expected a text, as in -c ${key}=…`);
}

function readEmails(text: string | null): readonly string[] {
  if (text === null)
    throw refusedContext(
      'email',
      'context "email" is missing: say who gets the report, as in -c email=you@example.com',
    );
  const emails = text.split(',').map((email) => email.trim());
  const wrong = emails.find((email) => !isAddress(email));
  if (wrong !== undefined) {
    throw refusedContext(
      'email',
      `context "email": ${JSON.stringify(wrong)} is no e-mail address; expected one or more, separated by commas, as in -c email=you@example.com`,
    );
  }
  return eachOnce(emails);
}

function readMonitoring(text: string): MonitoringLevel {
  const level = MONITORING.find((known) => known === text);
  if (level !== undefined) return level;
  throw refusedContext(
    'monitoring',
    `context "monitoring" is ${JSON.stringify(text)}: expected ${MONITORING.join(', ')}, as in -c monitoring=alarms`,
  );
}

function readDeletion(text: string): DeletionSetting {
  const setting = DELETION.find((known) => known === text);
  if (setting !== undefined) return setting;
  throw refusedContext(
    'deletion',
    `context "deletion" is ${JSON.stringify(text)}: expected ${DELETION.join(', ')}, as in -c deletion=approve`,
  );
}

function readSpend(text: string | null): Pick<DeployContext, 'spend'> {
  if (text === null) return {};
  if (text === 'on' || text === 'off') return { spend: text === 'on' };
  throw refusedContext('spend', `context "spend" is ${JSON.stringify(text)}: expected on, off, as in -c spend=on`);
}

function readApprovalSetting(text: string): ApprovalSetting {
  const setting = APPROVAL_SETTINGS.find((known) => known === text);
  if (setting !== undefined) return setting;
  throw refusedContext(
    'approval',
    `context "approval" is ${JSON.stringify(text)}: expected ${APPROVAL_SETTINGS.join(', ')}, as in -c approval=dashboard`,
  );
}

function readOrganization(text: string): boolean {
  if (text === 'on' || text === 'off') return text === 'on';
  throw refusedContext(
    'organization',
    `context "organization" is ${JSON.stringify(text)}: expected on or off, as in -c organization=on with --parameters OrganizationRoot=<the ARN that "aws organizations list-roots" prints>`,
  );
}

function readSwitch(key: 'events', text: string): boolean {
  if (text === 'on' || text === 'off') return text === 'on';
  throw refusedContext(key, `context "${key}" is ${JSON.stringify(text)}: expected off, on, as in -c ${key}=on`);
}

/** By the naming rules of S3. */
const BUCKET_NAME = /^(?=.{3,63}$)[a-z0-9]([a-z0-9-]|\.(?!\.))*[a-z0-9]$/;

function readBucketName(text: string | null): string | null {
  if (text === null || BUCKET_NAME.test(text)) return text;
  throw refusedContext(
    'bucket',
    `context "bucket" is ${JSON.stringify(text)}: expected the name of a bucket, as in -c bucket=lightsailretention-reports-1a2b3c`,
  );
}

/** What `cdk acknowledge` and `cdk cli-telemetry` note in cdk.context.json. */
const NOTED_BY_CDK = ['acknowledged-issue-numbers', 'cli-telemetry'];

/** What CDK itself keeps in context: keys that hold `:` or `/` (flags, what it looked up), and its notes. */
const isOfCdk = (key: string): boolean => /[:/]/.test(key) || NOTED_BY_CDK.includes(key);

/** A key that is not ours would be ignored without a word, and the default deployed. */
function refuseUnknown(keys: readonly string[]): void {
  const unknown = keys.find((key) => !isOfCdk(key) && !KEYS.some((known) => known === key));
  if (unknown === undefined) return;
  const meant = closest(unknown.toLowerCase(), KEYS);
  const near = distance(unknown.toLowerCase(), meant) <= 2 || unknown.toLowerCase().startsWith(meant);
  throw refusedContext(
    'unknown',
    `context "${unknown}" is not known: ${near ? `did you mean "${meant}"?` : `expected some of ${KEYS.join(', ')}`}`,
  );
}

/** Reads the context. Throws a RetentionError, one sentence, for the first that is missing, malformed or mistyped. */
export function readContext(context: Readonly<Record<string, unknown>>): DeployContext {
  refuseUnknown(Object.keys(context));
  const emails = readEmails(readContextText(context, 'email'));
  return {
    emails,
    configPath: readContextText(context, 'config'),
    schedule: checkSchedule(readContextText(context, 'schedule') ?? DEFAULT_SCHEDULE),
    monitoring: readMonitoring(readContextText(context, 'monitoring') ?? 'full'),
    deletion: readDeletion(readContextText(context, 'deletion') ?? 'off'),
    ...readSpend(readContextText(context, 'spend')),
    approval: readApprovalSetting(readContextText(context, 'approval') ?? 'off'),
    organization: readOrganization(readContextText(context, 'organization') ?? 'off'),
    events: readSwitch('events', readContextText(context, 'events') ?? 'off'),
    bucketName: readBucketName(readContextText(context, 'bucket')),
  };
}

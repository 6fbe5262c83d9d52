import { Duration, Token } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { closest } from '../lambda/config/closest';
import { brokenConfig, invalidConfig } from '../lambda/config/config-errors';
import { BUILT_IN, parseConfig } from '../lambda/config/parse-config';
import type { Config } from '../lambda/core/policy/config';
import type { CodeIn } from '../lambda/core/util/error-codes';
import { RetentionError } from '../lambda/core/util/errors';
import type { ObjectLockSetting } from '../lambda/runtime/env';
import { DEFAULT_KEPT_DAYS } from '../lambda/storage/keys';
import { eachOnce, isAddress } from './addresses';
import { checkOrganization } from './check-organization';
import { APPROVAL_SETTINGS, type ApprovalSetting, DELETION, type DeletionSetting } from './context';
import { holdsLookupDummy, isKnownLater, isListElement, isLookupDummy } from './known-later';
import { leastLifetime, type Need } from './lifetime';
import type { OrganizationProps } from './member-roles';
import { MONITORING, type MonitoringLevel } from './monitoring';
import { refusedProperty } from './refused-property';
import type { StoredParts } from './report-store';
import { checkRunbookUrl } from './runbook';
import { checkSchedule, DEFAULT_SCHEDULE, refusedSchedule } from './schedule-expression';
import type { SnapshotRetentionProps } from './snapshot-retention';

const LOCK_MODES = ['governance', 'compliance'] as const;

/** The most days that S3 locks an object for: a hundred years. */
const MAX_DAYS = 36_500;

/** Properties of which nothing is left to be wrong, defaults filled in. */
export interface CheckedProps {
  readonly config: Config;
  readonly emails: readonly string[];
  readonly schedule: string;
  readonly monitoring: MonitoringLevel;
  readonly deletion: DeletionSetting;
  readonly approval: ApprovalSetting;
  /** Null: this account alone. */
  readonly organization: OrganizationProps | null;
  /** The page that alarms link to, without an anchor. */
  readonly runbook: string;
  readonly okActions: boolean;
  /** What is stored besides reports. */
  readonly parts: StoredParts;
  readonly keepReportsFor: Duration;
  /** Null: nothing is locked. */
  readonly objectLock: ObjectLockSetting | null;
  /** How long a bucket must at least keep what is written. */
  readonly least: Need;
}

const refusedProp = (prop: CodeIn<'props'>, message: string): Error => refusedProperty(prop, `${prop}: ${message}`);

const KNOWN_LATER = 'a value that is known at deployment only';

/** What was given, as it can be shown in a sentence. */
const shownProperty = (value: unknown): string => (isKnownLater(value) ? KNOWN_LATER : shownValue(value));

const shownValue = (value: unknown): string =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? `a ${value.constructor?.name ?? 'thing'}`
    : (JSON.stringify(value) ?? String(value));

function checkConfiguration(given: unknown): Config {
  const { origin, config } = (typeof given === 'object' && given !== null ? given : {}) as {
    readonly origin?: unknown;
    readonly config?: unknown;
  };
  if (typeof origin !== 'string' || origin === '')
    throw refusedProp(
      'configuration',
      `got ${shownProperty(given)}, expected what readConfiguration('retention.yaml', console.warn) gives`,
    );
  if (isKnownLater(given))
    throw refusedProp(
      'configuration',
      `got ${KNOWN_LATER}, expected one that is known here: the functions carry it in their code`,
    );
  const result = parseConfig(config, origin);
  if (result.ok) return result.config;
  if (holdsLookupDummy(config)) return untilLookedUp(origin);
  throw invalidConfig(result.errors, origin);
}

/** Stands in for a configuration that holds what `cdk synth` has still to look up; what comes of it is thrown away. */
function untilLookedUp(origin: string): Config {
  const result = parseConfig({ version: 1 }, origin);
  if (result.ok) return result.config;
  throw brokenConfig(result.errors, origin);
}

const LIST_KNOWN_LATER =
  'got a list that is known at deployment only, expected a list of addresses: take each out of it, as in ' +
  '[Fn.select(0, list)]';

function checkEmails(given: unknown): readonly string[] {
  if (!Array.isArray(given))
    throw refusedProp(
      'emails',
      `got ${shownProperty(given)}, expected a list of addresses, such as ['you@example.com']`,
    );
  if (Token.isUnresolved(given) || given.some(isListElement)) throw refusedProp('emails', LIST_KNOWN_LATER);
  const emails = given.map((email: unknown) => (typeof email === 'string' ? email.trim() : email));
  const isFine = (email: unknown): email is string =>
    typeof email === 'string' && (Token.isUnresolved(email) || isLookupDummy(email) || isAddress(email));
  const wrong = emails.findIndex((email) => !isFine(email));
  if (wrong >= 0)
    throw refusedProp(
      'emails',
      `got ${shownProperty(emails[wrong])}, expected an e-mail address and nothing else, such as you@example.com`,
    );
  return eachOnce(emails.filter(isFine));
}

function oneOfText<T extends string>(prop: CodeIn<'props'>, known: readonly T[], given: unknown, usual: T): T {
  if (isLookupDummy(given)) return usual;
  const found = known.find((each) => each === given);
  if (found !== undefined) return found;
  throw refusedProp(prop, `got ${shownProperty(given)}, expected one of ${known.join(', ')}`);
}

/** Not by its class: an app can hold two copies of the CDK. */
const isCdkDuration = (given: unknown): given is Duration =>
  typeof given === 'object' && given !== null && 'toDays' in given && 'isUnresolved' in given;

/** Whole days, as S3 counts them. */
function checkDays(prop: 'keepReportsFor' | 'lockReportsFor' | 'objectLock', given: unknown): number {
  if (!isCdkDuration(given))
    throw refusedProp(
      prop,
      `got ${shownProperty(given)}, expected a Duration, such as Duration.days(${DEFAULT_KEPT_DAYS})`,
    );
  if (given.isUnresolved())
    throw refusedProp(prop, 'got a value that is known at deployment only, expected a Duration that is known here');
  const days = given.toDays({ integral: false });
  if (Number.isInteger(days) && days >= 1 && days <= MAX_DAYS) return days;
  throw refusedProp(
    prop,
    `got ${given.toHumanString()}, expected whole days from 1 to ${MAX_DAYS}, such as ` +
      `Duration.days(${DEFAULT_KEPT_DAYS}): S3 counts days`,
  );
}

/** Returns the lock that is to be sent with each object; null: none. */
function checkObjectLock(given: unknown): ObjectLockSetting | null {
  if (given === undefined) return null;
  if (typeof given !== 'object' || given === null || !('retention' in given))
    throw refusedProp(
      'objectLock',
      `got ${shownProperty(given)}, expected { retention: Duration.days(${DEFAULT_KEPT_DAYS}) }`,
    );
  const days = checkDays('objectLock', given.retention);
  const mode = oneOfText(
    'objectLock',
    LOCK_MODES,
    'mode' in given ? (given.mode ?? 'governance') : 'governance',
    'governance',
  );
  return { mode: mode === 'governance' ? 'GOVERNANCE' : 'COMPLIANCE', days };
}

/**
 * What is taken for a resource of somebody's own: by what is read of it, not by its class, of which an app can hold two
 * copies.
 */
const OWN = {
  topic: { member: 'topicArn', such: "a topic, such as Topic.fromTopicArn(this, 'Topic', 'arn:…')" },
  bucket: { member: 'bucketName', such: "a bucket, such as Bucket.fromBucketName(this, 'Bucket', 'mine')" },
  encryptionKey: { member: 'keyArn', such: "a key, such as Key.fromKeyArn(this, 'Key', 'arn:…')" },
} as const;

function checkOwn(prop: keyof typeof OWN, given: unknown): void {
  const { member, such } = OWN[prop];
  if (given === undefined || given === null) return;
  if (typeof given === 'object' && member in given && 'node' in given && 'env' in given) return;
  throw refusedProp(prop, `got ${shownProperty(given)}, expected ${such}`);
}

/** The default stands in for a schedule that `cdk synth` has still to look up. */
function scheduleOf(given: unknown): string {
  if (typeof given !== 'string' || isLookupDummy(given))
    return isLookupDummy(given) ? DEFAULT_SCHEDULE : checkSchedule(String(given));
  if (!isKnownLater(given)) return checkSchedule(given);
  throw refusedSchedule(
    `schedule: got ${KNOWN_LATER}, expected one that is known here, such as ${DEFAULT_SCHEDULE}: the alarm ` +
      `for a missed report is made from it`,
  );
}

function checkLogRetention(given: unknown): void {
  if (Object.values(RetentionDays).some((days) => days === given && typeof days === 'number')) return;
  throw refusedProp(
    'logRetention',
    `got ${shownProperty(given)}, expected one of RetentionDays, such as RetentionDays.THREE_MONTHS`,
  );
}

/** By what is read of a bus, as `checkOwn` does. */
function checkEvents(given: unknown): void {
  if (given === undefined || typeof given === 'boolean') return;
  if (typeof given === 'object' && given !== null && 'eventBusArn' in given && 'env' in given) return;
  throw refusedProp(
    'events',
    `got ${shownProperty(given)}, expected true, false, or an event bus, such as EventBus.fromEventBusName(this, 'Bus', 'mine')`,
  );
}

function checkFlag(prop: CodeIn<'props'>, given: unknown): boolean {
  if (given === undefined || typeof given === 'boolean') return given ?? false;
  throw refusedProp(prop, `got ${shownProperty(given)}, expected true or false`);
}

/** Whether the bill is read, as the configuration says; `spend` has to agree with it where it is given. */
function checkSpend({ spend: given, configuration }: SnapshotRetentionProps, { report }: Config): boolean {
  if (given === undefined || holdsLookupDummy(configuration)) return report.spend;
  const spend = checkFlag('spend', given);
  if (spend === report.spend) return spend;
  throw refusedProp(
    'spend',
    spend
      ? 'got true, and the configuration says report.spend: false; write report: { spend: true } there'
      : 'got false, and the configuration says report.spend: true; remove it there',
  );
}

/** Refuses resources of the app that cannot be used, and settings that the construct cannot make for them. */
function checkResources(props: SnapshotRetentionProps): void {
  const { bucket, topic, encryptionKey, keepReportsFor, lockReportsFor, objectLock, logRetention } = props;
  checkOwn('topic', topic);
  checkOwn('bucket', bucket);
  checkOwn('encryptionKey', encryptionKey);
  checkEvents(props.events);
  if (logRetention !== undefined) checkLogRetention(logRetention);
  if (bucket && (keepReportsFor || lockReportsFor || objectLock))
    throw refusedProp(
      'bucket',
      'cannot set keepReportsFor, lockReportsFor or objectLock for a bucket of yours: set its lifecycle and lock where it is made',
    );
  if (lockReportsFor !== undefined) checkDays('lockReportsFor', lockReportsFor);
}

const PROPERTIES = {
  configuration: true,
  emails: true,
  schedule: true,
  topic: true,
  bucket: true,
  encryptionKey: true,
  keepReportsFor: true,
  lockReportsFor: true,
  objectLock: true,
  logRetention: true,
  monitoring: true,
  runbookUrl: true,
  okActions: true,
  events: true,
  deletion: true,
  spend: true,
  approval: true,
  organization: true,
} satisfies Record<keyof SnapshotRetentionProps, true>;

/** Returns the properties of the construct among those of a stack that holds it. */
export const ownProps = <T extends SnapshotRetentionProps>(props: T): SnapshotRetentionProps =>
  Object.fromEntries(Object.entries(props).filter(([name]) => name in PROPERTIES)) as unknown as SnapshotRetentionProps;

/** Refuses an approval on the dashboard where no plan waits for a person, or where there is no dashboard. */
function checkApproval(given: unknown, deletion: DeletionSetting, monitoring: MonitoringLevel): ApprovalSetting {
  const approval = oneOfText('approval', APPROVAL_SETTINGS, given ?? 'off', 'off');
  if (approval === 'off') return approval;
  if (deletion !== 'approve')
    throw refusedProp(
      'approval',
      `got dashboard with deletion ${deletion}, expected deletion approve: ${deletion === 'off' ? 'nothing is deployed that could delete' : 'a schedule approves the plans'}`,
    );
  if (monitoring !== 'full')
    throw refusedProp(
      'approval',
      `got dashboard with monitoring ${monitoring}, expected monitoring full: there is no dashboard without it`,
    );
  return approval;
}

/** TypeScript refuses unknown properties of a literal alone, and JavaScript none. */
function refuseUnknown(props: object): void {
  const names = Object.keys(PROPERTIES);
  const unknown = Object.keys(props).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  const meant = closest(unknown, names);
  throw refusedProperty(
    'unknown',
    `got an unknown property ${unknown}, expected one of ${names.join(', ')}${meant === null ? '' : `; did you mean ${meant}?`}`,
  );
}

/**
 * Checks the properties of the construct. Throws a RetentionError for the first that it cannot use, or that would fail
 * silently later.
 */
export function checkProps(props: SnapshotRetentionProps): CheckedProps {
  refuseUnknown(props);
  const { keepReportsFor } = props;
  const config = checkConfiguration(props.configuration);
  const deletion = oneOfText('deletion', DELETION, props.deletion ?? 'off', 'off');
  if (deletion !== 'off' && config.origin === BUILT_IN)
    throw new RetentionError(
      'config.built-in',
      'cannot deploy deletion with the built-in starter policy: write a retention.yaml with your own ' +
        'policies, or leave deletion out',
    );
  const monitoring = oneOfText('monitoring', MONITORING, props.monitoring ?? 'full', 'full');
  const approval = checkApproval(props.approval, deletion, monitoring);
  const schedule = scheduleOf(props.schedule ?? DEFAULT_SCHEDULE);
  checkResources(props);
  const spend = checkSpend(props, config);
  const least = leastLifetime(schedule, config, deletion);
  const days =
    keepReportsFor === undefined
      ? Math.max(DEFAULT_KEPT_DAYS, least.days)
      : checkDays('keepReportsFor', keepReportsFor);
  if (days < least.days)
    throw refusedProp('keepReportsFor', `got ${days} days, expected at least ${least.days}: ${least.why}`);
  return {
    config,
    emails: checkEmails(props.emails ?? []),
    schedule,
    monitoring,
    deletion,
    approval,
    organization: checkOrganization(props.organization, deletion),
    runbook: checkRunbookUrl(props.runbookUrl),
    okActions: checkFlag('okActions', props.okActions),
    parts: { deletes: deletion !== 'off', spend },
    keepReportsFor: Duration.days(days),
    objectLock: checkObjectLock(props.objectLock),
    least,
  };
}

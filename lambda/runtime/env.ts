import { RetentionError } from '../core/util/errors';

/** Each environment variable of the functions, by what the code calls it. Names live here and nowhere else. */
const REQUIRED_VARIABLES = { topicArn: 'TOPIC_ARN', bucket: 'BUCKET' } as const;

/** What may be left out. */
const OPTIONAL_NAMES = {
  chatTopicArn: 'CHAT_TOPIC_ARN',
  eventBus: 'EVENT_BUS',
  deletionFunction: 'DELETION_FUNCTION',
  deletionMode: 'DELETION_MODE',
  approveFunction: 'APPROVE_FUNCTION',
  reportSchedule: 'REPORT_SCHEDULE',
  deletionSchedule: 'DELETION_SCHEDULE',
  dashboard: 'DASHBOARD',
  approval: 'APPROVAL',
  keptDays: 'KEPT_DAYS',
  objectLock: 'OBJECT_LOCK',
  memberRole: 'MEMBER_ROLE',
  externalId: 'EXTERNAL_ID',
  batchFunction: 'BATCH_FUNCTION',
  // Read by `doctor` alone.
  configurationDigest: 'CONFIGURATION_DIGEST',
} as const;

/** Set by Lambda itself in every function. */
const RUNTIME_NAMES = { region: 'AWS_REGION' } as const;

/**
 * Read by the C library before any code runs: larger blocks, such as answers from the network, return to the system
 * when they are released. Left alone, it keeps them after the first large one: some 20 MB of a large account's report.
 */
const ALLOCATION = { MALLOC_MMAP_THRESHOLD_: '16384' } as const;

const REQUIRED_NAMES = { ...REQUIRED_VARIABLES, ...RUNTIME_NAMES } as const;
type EnvSettings = Record<keyof typeof REQUIRED_VARIABLES, string> &
  Partial<Record<keyof typeof OPTIONAL_NAMES, string>>;

/** How S3 Object Lock keeps what is recorded. */
export interface ObjectLockSetting {
  readonly mode: 'GOVERNANCE' | 'COMPLIANCE';
  readonly days: number;
}

/** What the report function is told by its environment. */
export interface ReportEnv {
  /** The topic that reports are sent to. */
  readonly topicArn: string;
  /** The topic of a chat that gets a short message as well; absent where there is none. */
  readonly chatTopicArn?: string;
  /** The ARN of the bus that gets events; absent: none are sent. */
  readonly eventBus?: string;
  /** The bucket in which reports and plans are stored. */
  readonly bucket: string;
  /** The region in which the function runs: the first to ask. */
  readonly region: string;
  /**
   * The deployed deletion: its function's alias, and whether a schedule starts it as well; absent where there is none.
   */
  readonly deletion?: {
    readonly functionArn: string;
    readonly mode: DeployedDeletion;
    /** The name of the schedule that starts the deletion. */
    readonly schedule?: string;
    /** Whether a person can also approve on the dashboard. */
    readonly approval?: 'dashboard';
  };
  /** The expression of the report's schedule, by which the days of deletions and of the next report are known. */
  readonly reportSchedule?: string;
  /** The name of the dashboard; absent: none is deployed. */
  readonly dashboard?: string;
  /** How many days objects of the bucket are kept at least; absent: not known. */
  readonly keptDays?: number;
  /** Absent: nothing is locked. */
  readonly objectLock?: ObjectLockSetting;
}

/** What the deletion function is told by its environment. */
export interface DeletionEnv
  extends Pick<
    ReportEnv,
    'topicArn' | 'bucket' | 'region' | 'eventBus' | 'reportSchedule' | 'keptDays' | 'objectLock'
  > {
  readonly mode: DeployedDeletion;
}

/** What a function of the dashboard is told by its environment. `target`: the ARN of the function that comes next. */
export interface ApprovalEnv extends Pick<ReportEnv, 'bucket' | 'region'> {
  readonly target: string;
}

/** The function that comes next: the view names the one that approves, and that one invokes the deletion function. */
export type ApprovalTarget = 'approveFunction' | 'deletionFunction';

/** What the function is told that reads a batch of accounts. */
export interface BatchEnv extends Pick<ReportEnv, 'topicArn' | 'bucket' | 'region'> {
  /** The ARN of the read role, with `{account}` in the place of the account. */
  readonly memberRole: string;
  readonly externalId: string;
}

/** What the function is told that reports on an organization. */
export interface OrganizationEnv
  extends Pick<
    ReportEnv,
    'topicArn' | 'bucket' | 'region' | 'eventBus' | 'reportSchedule' | 'dashboard' | 'keptDays' | 'objectLock'
  > {
  /** The name of the function that reads a batch of accounts. */
  readonly batchFunction: string;
}

/** How a deployed deletion is started: by a person alone, or by a schedule as well. */
export type DeployedDeletion = 'approve' | 'automatic';

function readMode(text: string): DeployedDeletion {
  if (text === 'approve' || text === 'automatic') return text;
  throw new RetentionError(
    'env.missing',
    `environment variable ${OPTIONAL_NAMES.deletionMode} is "${text}", expected approve or automatic: the function's environment was changed, deploy the stack again`,
  );
}

/** Writes a lock for the environment: `GOVERNANCE 400`. */
export const objectLockText = ({ mode, days }: ObjectLockSetting): string => `${mode} ${days}`;

function readRecording(value: (name: string) => string): Pick<ReportEnv, 'keptDays' | 'objectLock'> {
  const [kept, lock] = [value(OPTIONAL_NAMES.keptDays), value(OPTIONAL_NAMES.objectLock)];
  const [, mode, days] = /^(GOVERNANCE|COMPLIANCE) ([1-9]\d*)$/.exec(lock) ?? [];
  if ((kept !== '' && !/^[1-9]\d*$/.test(kept)) || (lock !== '' && mode === undefined))
    throw new RetentionError(
      'env.missing',
      `environment variables ${OPTIONAL_NAMES.keptDays} and ${OPTIONAL_NAMES.objectLock} are "${kept}" and "${lock}", expected days, and GOVERNANCE or COMPLIANCE with days: the function's environment was changed, deploy the stack again`,
    );
  return {
    ...(kept === '' ? {} : { keptDays: Number(kept) }),
    ...(mode === undefined ? {} : { objectLock: { mode: mode as ObjectLockSetting['mode'], days: Number(days) } }),
  };
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Throws one `env.missing` that names every variable that is absent or blank. */
function requireSet(env: Readonly<Record<string, string | undefined>>, names: readonly string[]): void {
  const missing = names.filter((name) => (env[name]?.trim() ?? '') === '');
  if (missing.length === 0) return;
  throw new RetentionError(
    'env.missing',
    `environment variable${missing.length > 1 ? 's' : ''} ${missing.join(', ')} not set: the function's environment was changed, deploy the stack again`,
  );
}

/**
 * Reads the environment, before anything else is read. Throws one `env.missing` that names every variable that is
 * absent or blank.
 */
export function parseEnv(env: Readonly<Record<string, string | undefined>>): ReportEnv {
  const value = (name: string): string => env[name]?.trim() ?? '';
  requireSet(env, Object.values(REQUIRED_NAMES));
  const optional = (name: keyof typeof OPTIONAL_NAMES): string | undefined => value(OPTIONAL_NAMES[name]) || undefined;
  const { chatTopicArn, eventBus, functionArn, dashboard, reportSchedule, schedule } = {
    chatTopicArn: optional('chatTopicArn'),
    eventBus: optional('eventBus'),
    functionArn: optional('deletionFunction'),
    dashboard: optional('dashboard'),
    reportSchedule: optional('reportSchedule'),
    schedule: optional('deletionSchedule'),
  };
  return {
    topicArn: value(REQUIRED_NAMES.topicArn),
    bucket: value(REQUIRED_NAMES.bucket),
    region: value(REQUIRED_NAMES.region),
    ...(chatTopicArn !== undefined && { chatTopicArn }),
    ...(eventBus !== undefined && { eventBus }),
    ...(reportSchedule !== undefined && { reportSchedule }),
    ...(dashboard !== undefined && { dashboard }),
    ...(functionArn !== undefined && {
      deletion: {
        functionArn,
        mode: readMode(value(OPTIONAL_NAMES.deletionMode)),
        ...(schedule !== undefined && { schedule }),
        ...(optional('approval') === 'dashboard' && { approval: 'dashboard' as const }),
      },
    }),
    ...readRecording(value),
  };
}

/** Reads the environment of a deletion function, as `parseEnv` does; its mode must be there. */
export function parseDeletionEnv(env: Readonly<Record<string, string | undefined>>): DeletionEnv {
  const { topicArn, bucket, region, eventBus, reportSchedule, keptDays, objectLock } = parseEnv(env);
  const recording = {
    ...(keptDays === undefined ? {} : { keptDays }),
    ...(objectLock && { objectLock }),
    ...(eventBus !== undefined && { eventBus }),
  };
  const mode = readMode(env[OPTIONAL_NAMES.deletionMode]?.trim() ?? '');
  return { topicArn, bucket, region, ...recording, mode, ...(reportSchedule && { reportSchedule }) };
}

/** Reads the environment of a function of the dashboard. Throws `env.missing`. */
export function parseApprovalEnv(
  env: Readonly<Record<string, string | undefined>>,
  target: ApprovalTarget,
): ApprovalEnv {
  const names = { bucket: REQUIRED_VARIABLES.bucket, region: RUNTIME_NAMES.region, target: OPTIONAL_NAMES[target] };
  requireSet(env, Object.values(names));
  const value = (name: string): string => env[name]?.trim() ?? '';
  return { bucket: value(names.bucket), region: value(names.region), target: value(names.target) };
}

/** The environment to deploy a function of the dashboard with. */
export const buildApprovalEnv = (
  bucket: string,
  target: ApprovalTarget,
  functionArn: string,
): Record<string, string> => ({
  [REQUIRED_VARIABLES.bucket]: bucket,
  [OPTIONAL_NAMES[target]]: functionArn,
});

/** Reads the environment of the function that reads a batch of accounts, as `parseEnv` does. */
export function parseBatchEnv(env: Environment): BatchEnv {
  const { topicArn, bucket, region } = parseEnv(env);
  requireSet(env, [OPTIONAL_NAMES.memberRole, OPTIONAL_NAMES.externalId]);
  const [memberRole = '', externalId = ''] = [env[OPTIONAL_NAMES.memberRole], env[OPTIONAL_NAMES.externalId]];
  return { topicArn, bucket, region, memberRole, externalId };
}

/** Reads the environment of the function that reports on an organization, as `parseEnv` does. */
export function parseOrganizationEnv(env: Environment): OrganizationEnv {
  const { topicArn, bucket, region, eventBus, reportSchedule, dashboard, keptDays, objectLock } = parseEnv(env);
  requireSet(env, [OPTIONAL_NAMES.batchFunction]);
  return {
    topicArn,
    bucket,
    region,
    batchFunction: env[OPTIONAL_NAMES.batchFunction] ?? '',
    ...(eventBus !== undefined && { eventBus }),
    ...(reportSchedule !== undefined && { reportSchedule }),
    ...(dashboard !== undefined && { dashboard }),
    ...(keptDays !== undefined && { keptDays }),
    ...(objectLock && { objectLock }),
  };
}

/**
 * The environment to deploy a function with: the variables that `parseEnv` asks for and Lambda does not set itself, and
 * how to allocate.
 */
export function buildEnv({ topicArn, bucket, ...optional }: Readonly<EnvSettings>): Record<string, string> {
  return {
    [REQUIRED_VARIABLES.topicArn]: topicArn,
    [REQUIRED_VARIABLES.bucket]: bucket,
    ...ALLOCATION,
    ...optionalEnv(optional),
  };
}

/** The part of that environment which may be left out. */
export function optionalEnv(
  settings: Readonly<Partial<Record<keyof typeof OPTIONAL_NAMES, string>>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(OPTIONAL_NAMES).flatMap(([setting, name]) => {
      const value = settings[setting as keyof typeof OPTIONAL_NAMES];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** What the environment of a deployed report function says, for `doctor`; null where it does not say it. */
export function deployedSettings(
  env: Readonly<Record<string, string | undefined>>,
): Readonly<
  Record<'topicArn' | 'bucket' | 'configurationDigest' | 'deletionFunction' | 'deletionMode', string | null>
> {
  const value = (name: string): string | null => env[name]?.trim() || null;
  return {
    topicArn: value(REQUIRED_VARIABLES.topicArn),
    bucket: value(REQUIRED_VARIABLES.bucket),
    configurationDigest: value(OPTIONAL_NAMES.configurationDigest),
    deletionFunction: value(OPTIONAL_NAMES.deletionFunction),
    deletionMode: value(OPTIONAL_NAMES.deletionMode),
  };
}

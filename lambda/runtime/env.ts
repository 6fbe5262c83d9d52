import { RetentionError } from '../core/util/errors';

/** Each environment variable of the functions, by what the code calls it. Names live here and nowhere else. */
const REQUIRED_VARIABLES = { topicArn: 'TOPIC_ARN', bucket: 'BUCKET' } as const;

/** What may be left out. */
const OPTIONAL_NAMES = {
  chatTopicArn: 'CHAT_TOPIC_ARN',
  eventBus: 'EVENT_BUS',
  deletionFunction: 'DELETION_FUNCTION',
  deletionMode: 'DELETION_MODE',
  reportSchedule: 'REPORT_SCHEDULE',
  deletionSchedule: 'DELETION_SCHEDULE',
  dashboard: 'DASHBOARD',
  keptDays: 'KEPT_DAYS',
  objectLock: 'OBJECT_LOCK',
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

/**
 * Reads the environment, before anything else is read. Throws one `env.missing` that names every variable that is
 * absent or blank.
 */
export function parseEnv(env: Readonly<Record<string, string | undefined>>): ReportEnv {
  const value = (name: string): string => env[name]?.trim() ?? '';
  const missing = Object.values(REQUIRED_NAMES).filter((name) => value(name) === '');
  if (missing.length > 0) {
    throw new RetentionError(
      'env.missing',
      `environment variable${missing.length > 1 ? 's' : ''} ${missing.join(', ')} not set: the function's environment was changed, deploy the stack again`,
    );
  }
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

import { RetentionError } from './core/errors';

/** Each environment variable of the report function, by what the code calls it. Names live here and nowhere else. */
const NAMES = { topicArn: 'TOPIC_ARN', bucket: 'BUCKET' } as const;

/** What may be left out. */
const OPTIONAL_NAMES = { chatTopicArn: 'CHAT_TOPIC_ARN' } as const;

/** Set by Lambda itself in every function. */
const RUNTIME_NAMES = { region: 'AWS_REGION' } as const;

const ALL = { ...NAMES, ...RUNTIME_NAMES } as const;
type Settings = Record<keyof typeof NAMES, string> & Partial<Record<keyof typeof OPTIONAL_NAMES, string>>;

/** What the report function is told by its environment. */
export interface ReportEnv {
  /** The topic that reports are sent to. */
  readonly topicArn: string;
  /** The topic of a chat that gets a short message as well; absent where there is none. */
  readonly chatTopicArn?: string;
  /** The bucket in which reports and plans are stored. */
  readonly bucket: string;
  /** The region in which the function runs: the first to ask. */
  readonly region: string;
}

/** Reads the environment, before anything else is read. Throws one `env.missing` that names every variable that is absent or blank. */
export function parseEnv(env: Readonly<Record<string, string | undefined>>): ReportEnv {
  const value = (name: string): string => env[name]?.trim() ?? '';
  const missing = Object.values(ALL).filter((name) => value(name) === '');
  if (missing.length > 0) {
    throw new RetentionError(
      'env.missing',
      'operator',
      `environment variable${missing.length > 1 ? 's' : ''} ${missing.join(', ')} not set: the function's environment was changed, deploy the stack again`,
    );
  }
  const chatTopicArn = value(OPTIONAL_NAMES.chatTopicArn);
  return {
    topicArn: value(ALL.topicArn),
    bucket: value(ALL.bucket),
    region: value(ALL.region),
    ...(chatTopicArn === '' ? {} : { chatTopicArn }),
  };
}

/** The environment to deploy a report function with: exactly the variables that `parseEnv` asks for and Lambda does not set itself. */
export function buildEnv({ topicArn, bucket, chatTopicArn }: Readonly<Settings>): Record<string, string> {
  return {
    [NAMES.topicArn]: topicArn,
    [NAMES.bucket]: bucket,
    ...(chatTopicArn === undefined ? {} : { [OPTIONAL_NAMES.chatTopicArn]: chatTopicArn }),
  };
}

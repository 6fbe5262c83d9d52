import { utf8Bytes } from '../util/utf8';

/** A word that needs no quotes in a POSIX shell or zsh. */
const UNQUOTED_WORD = /^[\w./:@+,-][\w./:@%+,=-]*$/;
/**
 * Characters that must not be printed: controls, format characters, line separators. `printf` writes them as octal
 * bytes.
 */
const UNPRINTABLE_CHARACTER = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
const UNPRINTABLE_OR_SPECIAL = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}!'\\]|^-/gu;

const octal = (text: string): string =>
  [...utf8Bytes(text)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');

/**
 * A word as the output of `printf`, without characters that a terminal interprets. The shell removes newlines at its
 * end.
 */
const printfWord = (word: string): string =>
  `"$(printf '${word.replace(UNPRINTABLE_OR_SPECIAL, octal).replace(/%/g, '%%')}')"`;

/** Quotes text as one word of a POSIX shell, on one line; only newlines at its end are kept as they are. */
export function quoteWord(text: string): string {
  if (UNQUOTED_WORD.test(text)) return text;
  const [ending = ''] = /\n*$/.exec(text) ?? [];
  const rest = text.slice(0, text.length - ending.length);
  if (!UNPRINTABLE_CHARACTER.test(rest)) return `'${text.replace(/'/g, "'\\''")}'`;
  return `${printfWord(rest)}${ending === '' ? '' : `'${ending}'`}`;
}

/** A command that a POSIX shell splits into exactly these arguments. */
export const commandText = (args: readonly string[]): string => args.map(quoteWord).join(' ');

/** An option with its value, or no words. A value that begins with `-` is joined with `=`. */
export function option(name: string, value: string | undefined): readonly string[] {
  if (value === undefined) return [];
  return value.startsWith('-') ? [`${name}=${value}`] : [name, value];
}

/** Whether a name is a valid Lightsail resource name. Commands contain only valid names. */
export const isResourceName = (name: string): boolean => /^[A-Za-z0-9][\w.-]*$/.test(name);

/** The options of a CLI run, which the printed commands repeat. */
export interface RunOptions {
  /** The path as given. */
  readonly config?: string | undefined;
  readonly region?: readonly string[] | undefined;
  readonly kind?: readonly string[] | undefined;
  readonly profile?: string | undefined;
  /** Account numbers of an organization, or `all`. */
  readonly account?: readonly string[] | undefined;
  readonly roleArn?: string | undefined;
  readonly externalId?: string | undefined;
}

const CLI = ['npx', 'lightsail-retention'] as const;

const commonOptions = ({ config, profile }: RunOptions): readonly string[] => [
  ...option('--config', config),
  ...option('--profile', profile),
];

const scopeOptions = ({ region = [], kind = [], account = [], roleArn, externalId }: RunOptions): readonly string[] => [
  ...account.flatMap((each) => option('--account', each)),
  ...option('--role-arn', roleArn),
  ...option('--external-id', externalId),
  ...region.flatMap((each) => option('--region', each)),
  ...kind.flatMap((each) => option('--kind', each)),
];

/** A command of this project that reads the account (`report`, `explain`), with all options of the run. */
export const readingCommand = (args: readonly string[], run: RunOptions): string =>
  commandText([...CLI, ...args, ...commonOptions(run), ...scopeOptions(run)]);

/** A path that is not mistaken for an option or a URL. */
const operand = (path: string): string => (/^(-|[a-z][a-z0-9+.-]*:\/\/)/i.test(path) ? `./${path}` : path);

/** The command that applies a plan file with the caller's credentials. The plan has its regions and kinds. */
export const applyLocallyCommand = (plan: string, run: RunOptions): string =>
  commandText([...CLI, 'apply', operand(plan), '--local', ...commonOptions(run)]);

/** Any other command of this project. */
export const ownCommand = (args: readonly string[], run: RunOptions = {}): string =>
  commandText([...CLI, ...args, ...commonOptions(run)]);

/** The region and profile options of an AWS CLI command. */
export const awsOptions = (region: string, { profile }: Pick<RunOptions, 'profile'> = {}): readonly string[] => [
  ...option('--region', region),
  ...option('--profile', profile),
];

/** An AWS CLI command in a region; `args` begin with the service and the operation. */
export const awsCommand = (args: readonly string[], region: string, run: Pick<RunOptions, 'profile'> = {}): string =>
  commandText(['aws', ...args.slice(0, 2), ...awsOptions(region, run), ...args.slice(2)]);

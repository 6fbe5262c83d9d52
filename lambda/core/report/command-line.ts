import { utf8Bytes } from '../util/utf8';

/** A word that every POSIX shell (and zsh) takes as it is. */
const UNQUOTED_WORD = /^[\w./:@+,-][\w./:@%+,=-]*$/;
/** What must not be printed raw: controls, format characters, separators of lines. They go through `printf`, as octal bytes. */
const UNPRINTABLE_CHARACTER = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
const UNPRINTABLE_OR_SPECIAL = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}!'\\]|^-/gu;

const octal = (text: string): string =>
  [...utf8Bytes(text)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');

/** A word as the output of `printf`: on one line, and without a character that a terminal would act on. A shell cuts newlines at its end. */
const printfWord = (word: string): string =>
  `"$(printf '${word.replace(UNPRINTABLE_OR_SPECIAL, octal).replace(/%/g, '%%')}')"`;

/** Text as one word of a POSIX shell's command line, on one line; only newlines at its end stay what they are. */
export function quoteWord(text: string): string {
  if (UNQUOTED_WORD.test(text)) return text;
  const [ending = ''] = /\n*$/.exec(text) ?? [];
  const rest = text.slice(0, text.length - ending.length);
  if (!UNPRINTABLE_CHARACTER.test(rest)) return `'${text.replace(/'/g, "'\\''")}'`;
  return `${printfWord(rest)}${ending === '' ? '' : `'${ending}'`}`;
}

/** A command that a POSIX shell splits into exactly these arguments. */
export const commandText = (args: readonly string[]): string => args.map(quoteWord).join(' ');

/** An option with its value, or nothing; a value that looks like an option stays joined to the name. */
export function option(name: string, value: string | undefined): readonly string[] {
  if (value === undefined) return [];
  return value.startsWith('-') ? [`${name}=${value}`] : [name, value];
}

/** Whether a name is one that Lightsail gives to a resource: no command of ours contains another. */
export const isResourceName = (name: string): boolean => /^[A-Za-z0-9][\w.-]*$/.test(name);

/** What a run of the command line was told, and its commands repeat. Nothing is told by default: the environment stays. */
export interface RunOptions {
  /** The path as it was given. */
  readonly config?: string | undefined;
  readonly region?: readonly string[] | undefined;
  readonly kind?: readonly string[] | undefined;
  readonly profile?: string | undefined;
}

const CLI = ['npx', 'lightsail-retention'] as const;

const commonOptions = ({ config, profile }: RunOptions): readonly string[] => [
  ...option('--config', config),
  ...option('--profile', profile),
];

const scopeOptions = ({ region = [], kind = [] }: RunOptions): readonly string[] => [
  ...region.flatMap((each) => option('--region', each)),
  ...kind.flatMap((each) => option('--kind', each)),
];

/** A command of this project that reads the account: `report`, `explain`, with everything that the run was told. */
export const readingCommand = (args: readonly string[], run: RunOptions): string =>
  commandText([...CLI, ...args, ...commonOptions(run), ...scopeOptions(run)]);

/** A path that no program takes for an option or an address. */
const operand = (path: string): string => (/^(-|[a-z][a-z0-9+.-]*:\/\/)/i.test(path) ? `./${path}` : path);

/** Carries out a plan in a file, with the caller's credentials: the plan itself says which regions and kinds. */
export const applyLocallyCommand = (plan: string, run: RunOptions): string =>
  commandText([...CLI, 'apply', operand(plan), '--local', ...commonOptions(run)]);

/** Any other command of this project. */
export const ownCommand = (args: readonly string[], run: RunOptions = {}): string =>
  commandText([...CLI, ...args, ...commonOptions(run)]);

/** Where a command of AWS's own command line acts, and for whom. */
export const awsOptions = (region: string, { profile }: Pick<RunOptions, 'profile'> = {}): readonly string[] => [
  ...option('--region', region),
  ...option('--profile', profile),
];

/** A command of AWS's own command line, in a region; `args` begin with its service and its operation. */
export const awsCommand = (args: readonly string[], region: string, told: Pick<RunOptions, 'profile'> = {}): string =>
  commandText(['aws', ...args.slice(0, 2), ...awsOptions(region, told), ...args.slice(2)]);

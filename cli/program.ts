import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { closest } from '../lambda/config/closest';
import { type Rhythm, WEEKDAYS } from '../lambda/core/policy/schedule';
import { ownCommand } from '../lambda/core/report/command-line';
import { FAIL_ON } from '../lambda/core/report/compare-policies';
import { REGION } from '../lambda/core/snapshot/region';
import { KINDS } from '../lambda/core/snapshot/snapshot';
import { type Duration, parseDuration } from '../lambda/core/time/duration';
import { parseLocalInstant } from '../lambda/core/time/instant';
import { subtractDuration } from '../lambda/core/time/period';
import type { Zone } from '../lambda/core/time/zone';
import { RetentionError } from '../lambda/core/util/errors';
import { visibleLines } from '../lambda/core/util/safe-text';
import { isRolePattern } from '../lambda/organization/role-pattern';
import { CALENDAR_FORMATS } from '../lambda/render/calendar';
import { completionScript, SHELLS, type Shell } from './completion';
import { EXIT, type ExitCode } from './exit-codes';
import {
  CHECK_FORMATS,
  COMPARE_FORMATS,
  DOCTOR_FORMATS,
  DRY_RUN_FORMATS,
  EXPLAIN_FORMATS,
  FORMATS,
  HISTORY_FORMATS,
} from './formats';
import { regionMeantBy } from './meant-region';
import { reportFailure, type Terminal, wrapped, writeOut } from './terminal';

const NAME = 'lightsail-retention';
const CONFIG_OPTION = 'configuration (default: ./retention.yaml; without it the built-in starter policy)';
const READ_REGION = 'read this region only, or "all"; may be repeated';
const READ_KIND = `read this kind only: ${KINDS.join(', ')}; may be repeated`;

const MEMBER = 'read this account of the organization, or "all" of them; may be repeated';
const ROLE_ARN = 'the role to assume in each account, such as arn:aws:iam::{account}:role/LightsailRetentionRead';
const EXTERNAL_ID = 'the external id that the trust policy of the role asks for';

const STORE = 'where results are: s3://BUCKET, or the folder results/ that "apply --local" wrote (default: ./results)';
const STACK_STORE = 'read the results in the bucket of this CloudFormation stack';

const ONE_YEAR = durationOption('1y');

/** An empty name is that of a variable without a value; taken as left out, it could name another file or account. */
function notEmpty(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('Expected a name, got an empty text.');
  return text;
}

const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), value];

function instantOption(text: string): (zone: Zone) => number {
  const at = parseLocalInstant(text);
  if (at === null)
    throw new InvalidArgumentError(
      'Expected an ISO 8601 instant, such as 2026-11-23T08:00:00Z, or without an offset in the configured time zone, ' +
        'such as 2026-11-23T09:00.',
    );
  return at;
}

function readDuration(text: string, instead: string): Duration {
  const parsed = parseDuration(text);
  if (!parsed.ok)
    throw new InvalidArgumentError(`Expected ${instead}${parsed.expected}${parsed.expected.endsWith('?') ? '' : '.'}`);
  return parsed.value;
}

function durationOption(text: string): Duration {
  return readDuration(text, '');
}

/** The rhythm of a schedule: a duration, or the name of a weekday. */
function rhythmOption(text: string): Rhythm {
  const weekday = WEEKDAYS.findIndex((name) => name.toLowerCase() === text.toLowerCase());
  return weekday === -1 ? { every: readDuration(text, `a weekday (${WEEKDAYS.join(', ')}) or `) } : { weekday };
}

/** A time in the past: a duration before now, an instant, or a day. */
function since(text: string): (zone: Zone, now: number) => number {
  const parsed = parseDuration(text);
  if (parsed.ok) return (zone, now) => subtractDuration(now, parsed.value, zone);
  const at = parseLocalInstant(text) ?? parseLocalInstant(`${text}T00:00`);
  if (at === null)
    throw new InvalidArgumentError(
      'Expected a duration such as 30d, a day such as 2026-11-23, or an ISO 8601 instant such as 2026-11-23T08:00:00Z.',
    );
  return at;
}

function gigabytes(text: string): number {
  const size = /^\d{1,7}$/.test(text) ? Number(text) : 0;
  if (size === 0 || size > 1_000_000)
    throw new InvalidArgumentError('Expected a whole number of GB from 1 to 1000000.');
  return size;
}

/** Refuses an option that is given twice: the last one would win in silence. */
const onceOnly =
  <T>(parse: (text: string) => T) =>
  (text: string, earlier: T | undefined): T => {
    if (earlier !== undefined) throw new InvalidArgumentError('It is given twice.');
    return parse(text);
  };

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Expected a whole number.');
  return Number(text);
}

function digestOption(text: string): string {
  if (!/^sha256:[0-9a-f]{64}$/.test(text))
    throw new InvalidArgumentError('Expected sha256: and 64 lower-case hex digits.');
  return text;
}

function port(text: string): number {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number <= 65_535)) throw new InvalidArgumentError('Expected a port number from 0 to 65535.');
  return number;
}

const kindOption = (text: string, before: readonly string[] | undefined): readonly string[] => {
  if (!(KINDS as readonly string[]).includes(text))
    throw new InvalidArgumentError(`Expected one of ${KINDS.join(', ')}.`);
  return collect(text, before);
};

const regionOption = (text: string, before: readonly string[] | undefined): readonly string[] => {
  if (text.includes(','))
    throw new InvalidArgumentError(
      `Expected one region; repeat the option: ${text
        .split(/[\s,]+/)
        .filter((each) => each !== '')
        .map((each) => `--region ${each.toLowerCase()}`)
        .join(' ')}`,
    );
  const lower = text.trim().toLowerCase();
  if (lower !== text && (lower === 'all' || REGION.test(lower)))
    throw new InvalidArgumentError(`Region names are lower case; did you mean ${lower}?`);
  if (text !== 'all' && !REGION.test(text)) {
    const meant = regionMeantBy(text);
    throw new InvalidArgumentError(
      `Expected a region such as eu-central-1, or all${meant === null ? '.' : `; did you mean ${meant}?`}`,
    );
  }
  return collect(text, before);
};

/** An account number, `all`, or several values of the option. */
const accountOption = (text: string, before: readonly string[] | undefined): readonly string[] => {
  const digits = text.replace(/[\s-]/g, '');
  if (text !== 'all' && !/^\d{12}$/.test(text)) {
    const meant = /^\d{12}$/.test(digits) ? `; did you mean ${digits}?` : '.';
    throw new InvalidArgumentError(`Expected an account number of 12 digits, or all${meant}`);
  }
  return collect(text, before);
};

function roleOption(text: string): string {
  if (isRolePattern(text)) return text;
  const why = text.includes('{account}')
    ? ''
    : ' It must contain {account}, which stands for the number of each account.';
  throw new InvalidArgumentError(`Expected the ARN of a role, such as arn:aws:iam::{account}:role/NAME.${why}`);
}

function externalIdOption(text: string): string {
  if (!/^[\w+=,.@:/-]{2,1224}$/.test(text))
    throw new InvalidArgumentError('Expected 2 to 1224 letters, digits and + = , . @ : / - _.');
  return text;
}

/** Adds the options that select accounts of an organization. */
const withAccounts = (command: Command): Command =>
  command
    .option('--account <id>', MEMBER, accountOption)
    .option('--role-arn <arn>', ROLE_ARN, roleOption)
    .option('--external-id <id>', EXTERNAL_ID, externalIdOption);

const optionsHint = (command: string): string => `(run "${ownCommand([command, '--help'])}" for its options)`;

/** Whether an error is about the options of a command. */
const isAboutOptions = (error: unknown): boolean =>
  error instanceof RetentionError && /^(?:usage|simulate)\./.test(error.code);

/** The needs of every command. */
interface CommandContext {
  readonly terminal: Terminal;
  readonly version: string;
  readonly setExitCode: (code: ExitCode) => void;
}

function describeReport(program: Command, { terminal, setExitCode }: CommandContext): void {
  withAccounts(program.command('report'))
    .description('list, decide, print; read-only')
    .option('--config <file>', CONFIG_OPTION, notEmpty)
    .option('--region <region>', READ_REGION, regionOption)
    .option('--kind <kind>', READ_KIND, kindOption)
    .option('--profile <name>', 'AWS profile', notEmpty)
    .option(
      '--at <instant>',
      'evaluate as of this ISO 8601 instant; without an offset in the configured time zone',
      instantOption,
    )
    .addOption(new Option('--format <format>', 'output format').choices(FORMATS).default('text'))
    .option('--output <file>', 'write the report to this file instead of standard output', notEmpty)
    .option('--plan-out <file>', 'write the plan of a deletion to this file', notEmpty)
    .option('--raise-caps', 'with --plan-out: make a plan whose limits are its own count, for a first clean-up')
    .option('--summary', 'totals and one line per source')
    .option('--spend', 'show the bill of the last month; one request to Cost Explorer, which costs $0.01')
    .option('--quiet', 'no progress')
    .action(async (options) => setExitCode(await (await import('./report')).report(options, terminal)));
}

function describeExplain(program: Command, { terminal, setExitCode }: CommandContext): void {
  program
    .command('explain')
    .description(
      'explain the decision about one snapshot step by step, or list the snapshots of a source with the rules that keep them',
    )
    .argument(
      '<name>',
      'name or ARN of a snapshot or of a source; of a deleted one, its entry in the history',
      notEmpty,
    )
    .option('--config <file>', CONFIG_OPTION, notEmpty)
    .option('--store <place>', STORE)
    .option('--stack <name>', STACK_STORE, notEmpty)
    .option('--region <region>', READ_REGION, regionOption)
    .option('--kind <kind>', READ_KIND, kindOption)
    .option('--profile <name>', 'AWS profile', notEmpty)
    .option(
      '--at <instant>',
      'evaluate as of this ISO 8601 instant; without an offset in the configured time zone',
      instantOption,
    )
    .addOption(new Option('--format <format>', 'output format').choices(EXPLAIN_FORMATS).default('text'))
    .option('--quiet', 'no progress')
    .action(async (snapshot, options) =>
      setExitCode(await (await import('./explain')).explain(snapshot, options, terminal)),
    );
}

function describeCheck(program: Command, { terminal, setExitCode }: CommandContext): void {
  withAccounts(program.command('check'))
    .description('validate the configuration; with --live, the tags in the account too')
    .option('--config <file>', CONFIG_OPTION, notEmpty)
    .option('--live', 'read the account, and check the tags of its snapshots and their sources')
    .option('--region <region>', READ_REGION, regionOption)
    .option('--profile <name>', 'AWS profile', notEmpty)
    .addOption(new Option('--format <format>', 'output format').choices(CHECK_FORMATS).default('text'))
    .option('--quiet', 'no progress')
    .action(async (options) => setExitCode(await (await import('./check')).check(options, terminal)));
}

function describeCompare(program: Command, { terminal, setExitCode }: CommandContext): void {
  withAccounts(program.command('compare'))
    .description('compare configurations over one inventory: what each expires or keeps against the first; read-only')
    .argument('<configurations...>', 'two or more configuration files')
    .option('--from <report>', 'evaluate a stored JSON report instead of the account', notEmpty)
    .option('--region <region>', READ_REGION, regionOption)
    .option('--kind <kind>', READ_KIND, kindOption)
    .option('--profile <name>', 'AWS profile', notEmpty)
    .option(
      '--at <instant>',
      "evaluate as of this ISO 8601 instant; without an offset in the first configuration's time zone",
      instantOption,
    )
    .addOption(new Option('--format <format>', 'output format').choices(COMPARE_FORMATS).default('text'))
    .option('--output <file>', 'write the comparison to this file instead of standard output', notEmpty)
    .addOption(new Option('--fail-on <changes>', 'exit with 6 if there are such changes').choices(FAIL_ON))
    .option('--quiet', 'no progress')
    .action(async (files, options) => setExitCode(await (await import('./compare')).compare(files, options, terminal)));
}

function describeSimulate(program: Command, { terminal, setExitCode }: CommandContext): void {
  program
    .command('simulate')
    .description('draw what a policy would keep of a schedule of snapshots, as a calendar; calls nothing')
    .option(
      '--config <file>',
      'configuration with the policy, time zone, floors and price (default: ./retention.yaml)',
      notEmpty,
    )
    .option(
      '--policy <name>',
      'a policy of the configuration (default: its default policy); several are shown side by side',
      (name: string, before: readonly string[] | undefined) => collect(notEmpty(name), before),
    )
    .option('--keep <rules>', 'a policy spelt out as in the tag retention:keep, such as "last=3 daily=7"')
    .option('--expire-after <age>', 'an age as in the tag retention:expire-after, such as 30d')
    .option(
      '--every <rhythm>',
      'a snapshot every so often: a duration such as 12h, or a weekday (default: 1d); several are shown side by side',
      (text: string, before: readonly Rhythm[] | undefined) => [...(before ?? []), rhythmOption(text)],
    )
    .option('--from <file>', 'with --source: snapshots at the distances of a source in this stored report', notEmpty)
    .option('--source <name>', 'with --from: the name or ARN of the source', notEmpty)
    .addOption(new Option('--for <duration>', 'for so long').argParser(durationOption).default(ONE_YEAR, '1y'))
    .option(
      '--at <instant>',
      'until this ISO 8601 instant, without an offset in the configured time zone (default: now)',
      instantOption,
    )
    .addOption(new Option('--size <gb>', 'GB of each snapshot, for the cost').argParser(gigabytes).default(40))
    .addOption(new Option('--format <format>', 'output format').choices(CALENDAR_FORMATS).default('text'))
    .option('--output <file>', 'write the calendar to this file instead of standard output', notEmpty)
    .action(async (options) => setExitCode(await (await import('./simulate')).simulate(options, terminal)));
}

function describePlayground(program: Command, { terminal, setExitCode }: CommandContext): void {
  program
    .command('playground')
    .description('write a page that shows what a policy keeps while you write it; calls nothing')
    .option(
      '--config <file>',
      'policy to begin with, valid or not (default: ./retention.yaml; without it an example)',
      notEmpty,
    )
    .option(
      '--output <file>',
      'write the page to this file (default: ./playground.html, if it is not there yet)',
      notEmpty,
    )
    .action(async (options) => setExitCode(await (await import('./playground')).playground(options, terminal)));
}

function describeInit(program: Command, { terminal, setExitCode }: CommandContext): void {
  program
    .command('init')
    .description('propose a policy from the rhythm of your snapshots and write it as a new retention.yaml; read-only')
    .option('--region <region>', READ_REGION, regionOption)
    .option('--kind <kind>', READ_KIND, kindOption)
    .option('--profile <name>', 'AWS profile', notEmpty)
    .option('--quiet', 'no progress')
    .action(async (options) => setExitCode(await (await import('./init')).init(options, terminal)));
}

function describeApply(program: Command, { terminal, setExitCode }: CommandContext): void {
  program
    .command('apply')
    .description('the opt-in deletion: apply a plan that a report made; a deletion cannot be undone')
    .argument('<plan>', 'a plan: the file of "report --plan-out", or its s3:// address')
    .option('--function <name>', 'invoke the deployed deletion function', notEmpty)
    .option('--local', 'delete from this machine, with your own credentials')
    .option(
      '--yes <count>',
      'the number of snapshots to delete, or of the plan, instead of typing it',
      onceOnly(wholeNumber),
    )
    .option('--digest <sha256>', "the plan's digest as the e-mail has it; any other plan is refused", digestOption)
    .option('--config <file>', CONFIG_OPTION, notEmpty)
    .option('--profile <name>', 'AWS profile', notEmpty)
    .option('--dry-run', 'show what would be deleted; delete nothing')
    .addOption(new Option('--format <format>', 'output format of a dry run').choices(DRY_RUN_FORMATS).default('text'))
    .option('--quiet', 'no progress')
    .action(async (plan, options) => setExitCode(await (await import('./apply')).apply(plan, options, terminal)));
}

function describeHistory(program: Command, { terminal, setExitCode }: CommandContext): void {
  program
    .command('history')
    .description('list what was deleted, when, why, and by whose approval; read-only')
    .argument('[name]', 'name or ARN of a snapshot, or the name of a source', notEmpty)
    .option('--store <place>', STORE)
    .option('--stack <name>', STACK_STORE, notEmpty)
    .option('--since <time>', 'only outcomes since a day or an instant, or of a duration such as 30d', since)
    .option('--verify', 'check the evidence chain and all that it records instead; exit code 6 if it is broken')
    .option(
      '--head <number:sha256>',
      'with --verify: also find a chain that was cut or written again since this e-mail',
      notEmpty,
    )
    .option('--config <file>', 'configuration with the time zone (default: ./retention.yaml)', notEmpty)
    .option('--profile <name>', 'AWS profile', notEmpty)
    .addOption(new Option('--format <format>', 'output format').choices(HISTORY_FORMATS).default('text'))
    .action(async (name, options) => setExitCode(await (await import('./history')).history(name, options, terminal)));
}

function describeDoctor(program: Command, { terminal, setExitCode }: CommandContext): void {
  withAccounts(program.command('doctor'))
    .description(
      'what stands between you and a report: credentials, permissions, regions, subscribers, schedule, the last report',
    )
    .option(
      '--stack <name>',
      'the CloudFormation stack that contains the construct (default: every stack of the region is searched)',
      notEmpty,
    )
    .option('--config <file>', CONFIG_OPTION, notEmpty)
    .option('--profile <name>', 'AWS profile', notEmpty)
    .addOption(new Option('--format <format>', 'output format').choices(DOCTOR_FORMATS).default('text'))
    .action(async (options) => setExitCode(await (await import('./doctor')).doctor(options, terminal)));
}

function describeEmulator(program: Command, { terminal, setExitCode }: CommandContext): void {
  program
    .command('emulator')
    .description('serve the embedded Lightsail on this machine')
    .option('--port <number>', 'port to listen on', port, 4566)
    .option('--scenario <file>', 'account and faults as JSON: docs/emulator.md (default: the sample account)', notEmpty)
    .action(async (options) => setExitCode(await (await import('./emulator')).emulator(options, terminal)));
}

function describeDemo(program: Command, { terminal, setExitCode }: CommandContext): void {
  program
    .command('demo')
    .description('the whole job on an embedded sample account: what "npm start" runs')
    .action(async () => setExitCode(await (await import('./demo')).demo(terminal)));
}

function describeCompletion(program: Command, { terminal, setExitCode }: CommandContext): void {
  program
    .command('completion')
    .description('print a completion script')
    .addArgument(new Argument('<shell>', 'shell that completes').choices(SHELLS))
    .action(async (shell: Shell) => {
      await writeOut(terminal.out, [completionScript(program, shell)]);
      setExitCode(EXIT.done);
    });
}

function describeVersion(program: Command, { terminal, version, setExitCode }: CommandContext): void {
  program
    .command('version')
    .description('print the version')
    .action(async () => {
      await writeOut(terminal.out, [`${version}\n`]);
      setExitCode(EXIT.done);
    });
}

/** The commands in the order of `--help`. */
const DESCRIBE_COMMANDS = [
  describeReport,
  describeExplain,
  describeCheck,
  describeCompare,
  describeSimulate,
  describePlayground,
  describeInit,
  describeApply,
  describeHistory,
  describeDoctor,
  describeEmulator,
  describeDemo,
  describeCompletion,
  describeVersion,
] as const;

/** Describes the command line. Actions are loaded when they are called, so that `--help` starts at once. */
function describeProgram(context: CommandContext): Command {
  const { terminal, version } = context;
  const program = new Command(NAME)
    .description(
      'Retention for Amazon Lightsail snapshots: reads everything, decides by policy, explains every decision.',
    )
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out.write(text),
      writeErr: (text) => terminal.err.write(wrapped(visibleLines(text), terminal.err)),
      outputError: (text, write) => write(withNearSuggestion(text)),
    })
    .showHelpAfterError(`(run "${ownCommand(['--help'])}" for the commands and their options)`);
  for (const describe of DESCRIBE_COMMANDS) describe(program, context);
  for (const command of program.commands)
    command.exitOverride().allowExcessArguments(false).showHelpAfterError(optionsHint(command.name()));
  return program;
}

/** Ends `help NAME` with an error where there is no such command; the parser would print the whole help. */
function checkHelp(program: Command, [first, name]: readonly string[]): void {
  if (first !== 'help' || name === undefined || name.startsWith('-')) return;
  const known = [...program.commands.map((command) => command.name()), 'help'];
  if (known.includes(name)) return;
  const meant = closest(name, known);
  program.error(`error: unknown command '${name}'${meant === null ? '' : `\n(Did you mean ${meant}?)`}`);
}

/** Leaves out a suggestion of the parser that is far from what was typed, such as --version for --region. */
function withNearSuggestion(text: string): string {
  const [, typed, meant] = /unknown (?:option|command) '-*([^'\n]*)'\n\(Did you mean -*([\w-]+)\?\)/.exec(text) ?? [];
  if (typed === undefined || meant === undefined || closest(typed, [meant]) !== null) return text;
  return text.replace(/\n\(Did you mean [^\n]*\)/, '');
}

/** Runs the command line; never throws. Arguments are those after the program's name. */
export async function run(args: readonly string[], terminal: Terminal, version: string): Promise<ExitCode> {
  let code: ExitCode = EXIT.done;
  try {
    const setExitCode = (result: ExitCode): void => {
      code = result;
    };
    const program = describeProgram({ terminal, version, setExitCode });
    checkHelp(program, args);
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    const failed = reportFailure(error, terminal.err, terminal.env);
    const [command] = args;
    if (isAboutOptions(error) && command !== undefined) terminal.err.write(`${optionsHint(command)}\n`);
    return failed;
  }
}

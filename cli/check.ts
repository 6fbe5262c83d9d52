import {
  type ConfigProblem,
  type ConfigResult,
  type ConfigWarning,
  describeWarning,
  problemMessage,
} from '../lambda/config/parse-config';
import { DEFAULT_FILE, findConfigFile, readConfigFile, WARNING } from '../lambda/config/read-config-file';
import type { Config } from '../lambda/core/policy/config';
import type { MemberAccount } from '../lambda/core/policy/policy';
import { ownCommand } from '../lambda/core/report/command-line';
import type { RollUpAccount } from '../lambda/core/report/roll-up';
import { RetentionError } from '../lambda/core/util/errors';
import { faultOfCode } from '../lambda/core/util/faults';
import { joinNames } from '../lambda/core/util/join-names';
import { oneLine } from '../lambda/core/util/safe-text';
import { type AccountCheck, checkAccount, uniteChecks } from '../lambda/explain/audit-tags';
import { decideConfirmed } from '../lambda/inventory/confirm-sources';
import { makeRollUp, reportedAccount } from '../lambda/organization/roll-up';
import { readingLines } from '../lambda/render/denied-regions';
import { formatCount, formatNumber } from '../lambda/render/numbers';
import { policyWords } from '../lambda/render/policy-words';
import { accountTitle, unreadLine } from '../lambda/render/roll-up';
import { wrap } from '../lambda/render/terminal';
import { totalsOf } from '../lambda/reporting/make-report';
import { EXIT, type ExitCode } from './exit-codes';
import type { CheckFormat } from './formats';
import { loadConfig, warnOn } from './load-config';
import { type AccountsOptions, asksAccounts, memberCaller, memberReader, readMembers } from './member-accounts';
import { type AccountOptions, readAccount, readingDeadline, scopeOf, unreadText } from './read-account';
import { columnsOf, type Terminal, writeFailure, writeOut } from './terminal';

export interface CheckOptions extends AccountOptions, AccountsOptions {
  readonly config?: string;
  readonly live?: boolean;
  readonly format?: CheckFormat;
}

const MAX_NAMES_IN_CHECK = 12;

const some = (names: readonly string[]): string => joinNames(names, MAX_NAMES_IN_CHECK);

/** What a valid configuration means, for a person who wrote it. */
function meaning({ origin, zone, policies, rules, defaultPolicy, floors, tagPrefix }: Config): readonly string[] {
  const named = [...policies].map(([name, policy]) => `${oneLine(name)} (${policyWords(policy)})`);
  const matched = rules.map(({ name, policy }) => `${oneLine(name)} → ${oneLine(policy)}`);
  const rest =
    defaultPolicy === null
      ? `What no tag and no rule reaches is unmanaged: kept, and listed.`
      : `What no tag and no rule reaches gets the default policy, ${oneLine(defaultPolicy)}.`;
  return [
    `Policies: ${named.length === 0 ? `none; only tags such as ${tagPrefix}:keep set one` : some(named)}.`,
    `Rules, the first that matches: ${matched.length === 0 ? 'none' : some(matched)}. ${rest}`,
    `Always kept: what is held, what is younger than ${floors.minAge.text}, and the newest ` +
      `${floors.minKeep} of each source. Days start at midnight in ${oneLine(zone.name)}.`,
    `${oneLine(origin)} is valid.`,
  ];
}

/** What the account's tags say, after the configuration itself. */
function accountLines(check: AccountCheck): readonly string[] {
  const policies = check.policies.map(
    ({ name, snapshots, byTagsOnly }) =>
      `${oneLine(name)} ${formatNumber(snapshots)}${byTagsOnly ? ' (by tags only)' : ''}`,
  );
  return [
    `${formatCount(check.snapshots, 'snapshot')} read: ${formatNumber(check.held)} held, ${formatNumber(check.unmanaged)} unmanaged.`,
    ...(policies.length === 0 ? [] : [`By policy: ${some(policies)}.`]),
    ...(check.idleRules.length === 0
      ? []
      : [`Rules that reach no snapshot now: ${some(check.idleRules.map(oneLine))}.`]),
    ...check.otherProblems.map(({ code, message }) => `problem: ${oneLine(message)} [${code}]`),
  ];
}

/** Writes sentences, wrapped on a terminal. */
const writeLines = (out: NodeJS.WriteStream, lines: readonly string[]): Promise<void> =>
  writeOut(
    out,
    lines.map((line) => wrap(line, columnsOf(out), '')),
  );

/** Prints what the account's tags say; what is wrong goes to stderr. */
async function printAccount({ live: check, missing, accounts }: LiveCheck, { out, err }: Terminal): Promise<void> {
  if (accounts !== undefined) await writeLines(out, readingLines(accounts));
  await writeLines(out, accountLines(check));
  if (missing !== null) writeFailure({ code: 'inventory.incomplete', message: missing }, err);
  for (const { code, message } of check.tagProblems) writeFailure({ code, message: oneLine(message) }, err);
  if (check.tagProblems.length > 0)
    err.write(
      `error: ${formatCount(check.tagProblems.length, 'tag problem')}: the snapshots concerned are kept ` +
        `until the tags are fixed [tags.invalid]\n`,
    );
  else if (missing === null) await writeOut(out, ['No tag problems.\n']);
}

/** What `--live` found. */
interface LiveCheck {
  readonly live: AccountCheck;
  /** What was not read, in one sentence; null: all was read. */
  readonly missing: string | null;
  /** The accounts of an organization; absent: one account. */
  readonly accounts?: readonly RollUpAccount[];
}

async function readLive(options: CheckOptions, config: Config, terminal: Terminal): Promise<LiveCheck> {
  if (asksAccounts(options)) return readMembersLive(options, config, terminal);
  const now = Date.now();
  const { inventory } = await decideConfirmed(await readAccount(options, config, terminal), { config, now });
  return { live: checkAccount(inventory, config, now), missing: inventory.complete ? null : unreadText(inventory) };
}

/** A check whose problems name their account. */
function namedProblems(member: MemberAccount, check: AccountCheck): AccountCheck {
  const named = (problems: AccountCheck['tagProblems']) =>
    problems.map((problem) => ({ ...problem, message: `${accountTitle(member)}: ${problem.message}` }));
  return { ...check, tagProblems: named(check.tagProblems), otherProblems: named(check.otherProblems) };
}

/** The checks of several accounts together. */
async function readMembersLive(options: CheckOptions, config: Config, terminal: Terminal): Promise<LiveCheck> {
  const checks = new Map<string, AccountCheck>();
  const reader = await memberReader(await memberCaller(options.profile, terminal), options, config, terminal.err);
  const read = await readMembers(reader, options, terminal.err, async (member, opened) => {
    const now = Date.now();
    const request = {
      ...scopeOf(options, config),
      deadline: readingDeadline(),
      automaticSnapshots: false,
      previouslyRead: new Set<string>(),
    };
    const decided = await decideConfirmed(await opened.readInventory(request), { config: opened.config, now });
    const { scopes, complete, problems } = decided.inventory;
    const { items } = decided.decision;
    const totals = totalsOf(items, problems.length, config);
    const outcome = reportedAccount(member, { items, sources: [], reportId: '', totals, scopes, complete, problems });
    if (outcome.totals !== null)
      checks.set(member.id, namedProblems(member, checkAccount(decided.inventory, opened.config, now)));
    return outcome;
  });
  const { accounts, complete } = makeRollUp('', read);
  const ordered = accounts.flatMap(({ id }) => checks.get(id) ?? []);
  const live = uniteChecks(ordered, config);
  return { live, missing: complete ? null : unreadLine(accounts).replace(/\.$/, ''), accounts };
}

function liveCode({ live, missing }: LiveCheck): ExitCode {
  if (live.tagProblems.length > 0) return EXIT.usage;
  return missing === null ? EXIT.done : EXIT.incomplete;
}

const withoutTotals = (accounts: readonly RollUpAccount[]) =>
  accounts.map(({ id, name, ou, status, error }) => ({ id, name, ou, status, error }));

/** What `--format json` prints. */
interface CheckJson {
  readonly valid: boolean;
  readonly errors: readonly {
    readonly path: string;
    readonly line: number | null;
    readonly column: number | null;
    readonly message: string;
    readonly suggestion: string | null;
  }[];
  readonly warnings: readonly Pick<ConfigWarning, 'code' | 'rule' | 'by' | 'message'>[];
  /** With `--live` only. */
  readonly live?: AccountCheck & {
    readonly complete: boolean;
    readonly accounts?: ReturnType<typeof withoutTotals>;
  };
}

const invalidCheck = (errors: readonly ConfigProblem[]): CheckJson => ({
  valid: false,
  errors: errors.map((problem) => ({
    path: problem.path,
    line: problem.line ?? null,
    column: problem.column ?? null,
    message: problemMessage(problem),
    suggestion: problem.suggestion ?? null,
  })),
  warnings: [],
});

/** Every error of the file that was read; a failure that is not about its content is the one error. */
function failedCheck(file: ConfigResult, { code, message }: RetentionError): CheckJson {
  if (code === 'config.invalid' && !file.ok) return invalidCheck(file.errors);
  return { valid: false, errors: [{ path: '', line: null, column: null, message, suggestion: null }], warnings: [] };
}

/**
 * Loads the configuration as every command does; warnings of the file itself are in the object, other warnings go to
 * stderr.
 */
function loadQuietly(options: CheckOptions, path: string, file: ConfigResult, { err }: Terminal): Config {
  requireFile(options);
  const own = new Set(file.ok ? file.warnings.map((each) => `${WARNING}${describeWarning(each, path)}`) : []);
  const warn = warnOn(err);
  return loadConfig(options.config, (line) => {
    if (!own.has(line)) warn(line);
  });
}

/** `check --format json`: one object on stdout, and the exit code of the text. */
async function checkJson(options: CheckOptions, terminal: Terminal): Promise<ExitCode> {
  const print = (json: CheckJson): Promise<void> => writeOut(terminal.out, [`${JSON.stringify(json, null, 2)}\n`]);
  const path = options.config ?? DEFAULT_FILE;
  const file = readConfigFile(path);
  let config: Config;
  try {
    config = loadQuietly(options, path, file, terminal);
  } catch (error) {
    if (!(error instanceof RetentionError) || faultOfCode(error.code) !== 'operator') throw error;
    await print(failedCheck(file, error));
    return EXIT.usage;
  }
  const warnings = (file.ok ? file.warnings : []).map(({ code, rule, by, message }) => ({ code, rule, by, message }));
  const valid: CheckJson = { valid: true, errors: [], warnings };
  if (options.live !== true) {
    await print(valid);
    return EXIT.done;
  }
  const found = await readLive(options, config, terminal);
  const { live, missing, accounts } = found;
  const members = accounts === undefined ? {} : { accounts: withoutTotals(accounts) };
  await print({ ...valid, live: { complete: missing === null, ...members, ...live } });
  return liveCode(found);
}

function requireFile({ config, live }: CheckOptions): void {
  if (config === undefined && live !== true && findConfigFile() === null)
    throw new RetentionError(
      'check.no-file',
      `there is no ${DEFAULT_FILE} here: name a configuration with --config, or make one: ${ownCommand(['init'])}`,
    );
}

/**
 * `check`: everything that is wrong with the configuration, and with `--live` with the tags in the account. Changes
 * nothing.
 */
export async function check(options: CheckOptions, terminal: Terminal): Promise<ExitCode> {
  const { out, err } = terminal;
  if (options.live !== true && (options.region ?? options.profile ?? options.account ?? null) !== null)
    throw new RetentionError(
      'usage.needs-live',
      '--region, --profile and --account say what to read: add --live, or leave them out',
    );
  if (options.format === 'json') return checkJson(options, terminal);
  requireFile(options);
  const config = loadConfig(options.config, warnOn(err));
  await writeLines(out, meaning(config));
  if (options.live !== true) return EXIT.done;
  const found = await readLive(options, config, terminal);
  await printAccount(found, terminal);
  return liveCode(found);
}

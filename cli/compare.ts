import { globMatches } from '../lambda/config/globs';
import type { Config } from '../lambda/core/policy/config';
import { isInScope, outOfScope } from '../lambda/core/policy/scope';
import {
  comparePolicies,
  type EvaluatedPolicy,
  type FailOn,
  failsOn,
  neverRead,
  type PolicyComparison,
} from '../lambda/core/report/compare-policies';
import type { Kind, Snapshot, SourceState } from '../lambda/core/snapshot/snapshot';
import type { Zone } from '../lambda/core/time/zone';
import { RetentionError } from '../lambda/core/util/errors';
import { oneLine, visible } from '../lambda/core/util/safe-text';
import { decideConfirmed } from '../lambda/inventory/confirm-sources';
import { makeRollUp, reportedAccount, sumTotals } from '../lambda/organization/roll-up';
import { selectsAccount } from '../lambda/organization/select-accounts';
import type { LiveInventory } from '../lambda/ports/ports';
import { renderComparisonHtml } from '../lambda/render/comparison-html';
import { renderComparisonJson } from '../lambda/render/comparison-json';
import { renderComparisonMarkdown } from '../lambda/render/comparison-markdown';
import { renderComparisonText } from '../lambda/render/comparison-text';
import { unreadLine } from '../lambda/render/roll-up';
import { reportOrder, totalsOf } from '../lambda/reporting/make-report';
import { EXIT, type ExitCode } from './exit-codes';
import type { CompareFormat } from './formats';
import { loadConfigFiles, warnOn } from './load-config';
import { type AccountsOptions, asksAccounts, memberCaller, memberReader, readMembers } from './member-accounts';
import { checkOutputFile, isSameFile, writeOutputFile } from './output-file';
import { firstFew, readAccount, readingDeadline, scopeOf, unreadText } from './read-account';
import { readReportFile } from './report-file';
import { type Terminal, writeOut } from './terminal';

export interface CompareOptions extends AccountsOptions {
  readonly from?: string;
  readonly region?: readonly string[];
  readonly kind?: readonly Kind[];
  readonly profile?: string;
  /** Epoch milliseconds, by the configured zone. */
  readonly at?: (zone: Zone) => number;
  readonly format: CompareFormat;
  readonly output?: string;
  readonly failOn?: FailOn;
  readonly quiet?: boolean;
}

/** The inventory that all configurations evaluate. */
interface ComparedConfig {
  /** `live`, or a report id. */
  readonly name: string;
  readonly inventory: LiveInventory;
  readonly evaluatedAt: number;
  /** What a report lacks of the regions and kinds of the configurations. */
  readonly lacks: readonly string[];
}

const compareUsage = (message: string): RetentionError => new RetentionError('usage.compare', message);

function checkCompareOptions(
  files: readonly string[],
  { from, output, profile, region, kind, account }: CompareOptions,
): void {
  if (files.length < 2) throw compareUsage(`compare needs two or more configuration files: got ${files.length}`);
  if (from !== undefined && [profile, region, kind, account].some((given) => given !== undefined))
    throw compareUsage('--from reads a stored report: leave out --profile, --region, --kind and --account');
  if (output === undefined) return;
  const same = [...files, ...(from === undefined ? [] : [from])].find((file) => isSameFile(file, output));
  if (same !== undefined) throw compareUsage(`--output names an input, ${oneLine(same)}: give another file`);
  checkOutputFile(output);
}

/** The regions and kinds that any of the configurations reads. */
const unitedScope = (configs: readonly Config[]): Pick<Config, 'regions' | 'kinds'> => ({
  regions: configs.some(({ regions }) => regions === 'all')
    ? 'all'
    : [...new Set(configs.flatMap(({ regions }) => regions))],
  kinds: [...new Set(configs.flatMap(({ kinds }) => kinds))],
});

async function readSubject(
  configs: readonly [Config, ...Config[]],
  options: CompareOptions,
  terminal: Terminal,
): Promise<ComparedConfig> {
  const [first] = configs;
  if (options.from !== undefined) {
    const { reportId, evaluatedAt, allRegions, inventory } = readReportFile(options.from);
    const { scopes } = inventory;
    const lacks = [...new Set(configs.flatMap((config) => neverRead({ allRegions, scopes }, config)))];
    return { name: reportId, inventory, evaluatedAt: options.at?.(first.zone) ?? evaluatedAt, lacks };
  }
  const inventory = await readAccount(options, { ...first, ...unitedScope(configs) }, terminal);
  return { name: 'live', inventory, evaluatedAt: options.at?.(first.zone) ?? Date.now(), lacks: [] };
}

/** Asks for each source once, whichever configuration needs it first. */
function askingOnce(inventory: LiveInventory): LiveInventory {
  const answers = new Map<string, SourceState>();
  return {
    ...inventory,
    askSources: async (sources) => {
      const open = sources.filter(({ arn }) => !answers.has(arn));
      if (open.length > 0) for (const [arn, state] of await inventory.askSources(open)) answers.set(arn, state);
      return answers;
    },
  };
}

/**
 * Evaluates one configuration as `report` does, over the snapshots in its regions and kinds; over none where it does not
 * read the account.
 */
async function evaluateConfig(
  { inventory, evaluatedAt }: ComparedConfig,
  file: string,
  config: Config,
  readsAccount = true,
): Promise<EvaluatedPolicy> {
  const isRead = (snapshot: Snapshot): boolean => readsAccount && isInScope(config, snapshot);
  const snapshots = inventory.snapshots.filter(isRead);
  const { decision, inventory: confirmed } = await decideConfirmed(
    { ...inventory, snapshots },
    { config, now: evaluatedAt },
  );
  const problems = confirmed.problems.length + decision.problems.length + config.hiddenRules.length;
  let next = 0;
  const items = inventory.snapshots.map((snapshot) => {
    const item = isRead(snapshot) ? decision.items[next++] : undefined;
    return item ?? outOfScope(snapshot);
  });
  return {
    origin: file,
    digest: config.digest,
    totals: totalsOf(decision.items, problems, config),
    items,
    pricing: config.pricing,
  };
}

/** What the configurations decide about the snapshots of several accounts together. */
type EvaluatedSubject = Pick<PolicyComparison, 'evaluatedAt' | 'inventory' | 'complete' | 'accounts' | 'policies'> & {
  /** What was not read, in one sentence. */
  readonly missing: string;
};

type LoadedConfigs = ReturnType<typeof loadConfigFiles>;

async function evaluateOne(
  loaded: LoadedConfigs,
  options: CompareOptions,
  terminal: Terminal,
): Promise<EvaluatedSubject> {
  const [first, ...later] = loaded.map(({ config }) => config);
  if (first === undefined) throw compareUsage('compare needs two or more configuration files: got none');
  const read = await readSubject([first, ...later], options, terminal);
  const subject = { ...read, inventory: askingOnce(read.inventory) };
  const policies: EvaluatedPolicy[] = [];
  for (const { file, config } of loaded) policies.push(await evaluateConfig(subject, file, config));
  const complete = subject.inventory.complete && subject.lacks.length === 0;
  const { evaluatedAt, name } = subject;
  return { evaluatedAt, inventory: name, complete, policies, missing: complete ? '' : incompleteText(subject) };
}

/** The decisions of one configuration over all accounts, in the order of their numbers. */
function unitePolicies(
  perAccount: readonly (readonly EvaluatedPolicy[])[],
  index: number,
  file: string,
  config: Config,
) {
  const own = perAccount.flatMap((policies) => policies[index] ?? []);
  return {
    origin: file,
    digest: config.digest,
    totals: sumTotals(own.map(({ totals }) => totals)),
    items: own.flatMap(({ items }) => items),
    pricing: config.pricing,
  };
}

async function evaluateMembers(
  loaded: LoadedConfigs,
  options: CompareOptions,
  terminal: Terminal,
): Promise<EvaluatedSubject> {
  const configs = loaded.map(({ config }) => config);
  const [first] = configs;
  if (first === undefined) throw compareUsage('compare needs two or more configuration files: got none');
  const evaluatedAt = options.at?.(first.zone) ?? Date.now();
  const [, ...later] = configs;
  const reader = await memberReader(await memberCaller(options.profile, terminal), options, first, terminal.err, later);
  const isAll = options.account?.includes('all') === true;
  const evaluated = new Map<string, readonly EvaluatedPolicy[]>();
  const accounts = await readMembers(reader, options, terminal.err, async (member, { readInventory }) => {
    const inventory = await readInventory({
      ...scopeOf(options, unitedScope(configs)),
      deadline: readingDeadline(),
      automaticSnapshots: false,
      previouslyRead: new Set<string>(),
    });
    const subject = { name: 'live', inventory: askingOnce(inventory), evaluatedAt, lacks: [] };
    const policies: EvaluatedPolicy[] = [];
    for (const { file, config } of loaded) {
      const reads = !isAll || selectsAccount(config.organization.accounts, member, globMatches);
      policies.push(await evaluateConfig(subject, file, { ...config, member }, reads));
    }
    const [{ items, totals } = { items: [], totals: sumTotals([]) }] = policies;
    const { scopes, complete, problems } = inventory;
    const outcome = reportedAccount(member, { items, sources: [], reportId: '', totals, scopes, complete, problems });
    if (outcome.totals !== null) evaluated.set(member.id, policies);
    return outcome;
  });
  const { complete, accounts: ordered } = makeRollUp('', accounts);
  const perAccount = ordered.flatMap(({ id }) => {
    const policies = evaluated.get(id);
    return policies === undefined ? [] : [policies];
  });
  const policies = loaded.map(({ file, config }, index) => unitePolicies(perAccount, index, file, config));
  const missing = complete ? '' : unreadLine(ordered).replace(/\.$/, '');
  return { evaluatedAt, inventory: 'live', complete, accounts: ordered, policies, missing };
}

/** What is missing in the inventory, in one sentence. */
function incompleteText({ name, inventory, lacks }: ComparedConfig): string {
  const parts = [
    ...(inventory.complete ? [] : [unreadText(inventory)]),
    ...(lacks.length === 0
      ? []
      : [`the report ${oneLine(name)} never read what the configurations read: ${oneLine(firstFew(lacks))}`]),
  ];
  return parts.join('; ');
}

function renderComparison(
  comparison: PolicyComparison,
  zone: Zone,
  options: CompareOptions,
  terminal: Terminal,
): Iterable<string> {
  const isOnTerminal = options.output === undefined && terminal.out.isTTY === true;
  switch (options.format) {
    case 'json':
      return renderComparisonJson(comparison);
    case 'markdown':
      return renderComparisonMarkdown(comparison, zone);
    case 'html':
      return renderComparisonHtml(comparison, zone);
    case 'text':
      return renderComparisonText(comparison, zone, {
        columns: isOnTerminal ? Math.max(60, terminal.out.columns || 100) : Number.POSITIVE_INFINITY,
        colour: isOnTerminal && !terminal.env.NO_COLOR,
      });
  }
}

/** `compare`: one inventory, several configurations, and what each changes against the first. Read-only. */
export async function compare(
  files: readonly string[],
  options: CompareOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  checkCompareOptions(files, options);
  const { err, out } = terminal;
  const loaded = loadConfigFiles(files, warnOn(err));
  const [first] = loaded;
  if (first === undefined) throw compareUsage('compare needs two or more configuration files: got none');
  const evaluate = asksAccounts(options) ? evaluateMembers : evaluateOne;
  const { missing, ...subject } = await evaluate(loaded, options, terminal);
  const comparison = comparePolicies(subject, reportOrder);
  const chunks = renderComparison(comparison, first.config.zone, options, terminal);
  if (options.output === undefined) await writeOut(out, chunks);
  else {
    await writeOutputFile(options.output, chunks);
    if (!options.quiet) err.write(`wrote ${visible(options.output)}\n`);
  }
  if (!subject.complete) {
    err.write(`error: ${missing}; changes can be missing [inventory.incomplete]\n`);
    return EXIT.incomplete;
  }
  if (options.failOn === undefined || !failsOn(comparison, options.failOn)) return EXIT.done;
  err.write(`error: the comparison has changes that --fail-on ${options.failOn} names [compare.changes]\n`);
  return EXIT.checkFailed;
}

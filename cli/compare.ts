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
import type { Kind, SourceState } from '../lambda/core/snapshot/snapshot';
import type { Zone } from '../lambda/core/time/zone';
import { RetentionError } from '../lambda/core/util/errors';
import { oneLine, visible } from '../lambda/core/util/safe-text';
import { decideConfirmed } from '../lambda/inventory/confirm-sources';
import type { LiveInventory } from '../lambda/ports/ports';
import { renderComparisonHtml } from '../lambda/render/comparison-html';
import { renderComparisonJson } from '../lambda/render/comparison-json';
import { renderComparisonMarkdown } from '../lambda/render/comparison-markdown';
import { renderComparisonText } from '../lambda/render/comparison-text';
import { reportOrder, totalsOf } from '../lambda/reporting/make-report';
import { EXIT, type ExitCode } from './exit-codes';
import type { CompareFormat } from './formats';
import { loadConfigFiles, warnOn } from './load-config';
import { checkOutputFile, isSameFile, writeOutputFile } from './output-file';
import { firstFew, readAccount, unreadText } from './read-account';
import { readReportFile } from './report-file';
import { type Terminal, writeOut } from './terminal';

export interface CompareOptions {
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

function checkCompareOptions(files: readonly string[], { from, output, profile, region, kind }: CompareOptions): void {
  if (files.length < 2) throw compareUsage(`compare needs two or more configuration files: got ${files.length}`);
  if (from !== undefined && (profile !== undefined || region !== undefined || kind !== undefined))
    throw compareUsage('--from reads a stored report: leave out --profile, --region and --kind');
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

/** Evaluates one configuration as `report` does, over the snapshots in its regions and kinds. */
async function evaluateConfig(
  { inventory, evaluatedAt }: ComparedConfig,
  file: string,
  config: Config,
): Promise<EvaluatedPolicy> {
  const snapshots = inventory.snapshots.filter((snapshot) => isInScope(config, snapshot));
  const { decision, inventory: confirmed } = await decideConfirmed(
    { ...inventory, snapshots },
    { config, now: evaluatedAt },
  );
  const problems = confirmed.problems.length + decision.problems.length + config.hiddenRules.length;
  let next = 0;
  const items = inventory.snapshots.map((snapshot) => {
    const item = isInScope(config, snapshot) ? decision.items[next++] : undefined;
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
  const [first, ...later] = loaded.map(({ config }) => config);
  if (first === undefined) throw compareUsage('compare needs two or more configuration files: got none');
  const read = await readSubject([first, ...later], options, terminal);
  const subject = { ...read, inventory: askingOnce(read.inventory) };
  const policies: EvaluatedPolicy[] = [];
  for (const { file, config } of loaded) policies.push(await evaluateConfig(subject, file, config));
  const complete = subject.inventory.complete && subject.lacks.length === 0;
  const comparison = comparePolicies(
    { evaluatedAt: subject.evaluatedAt, inventory: subject.name, complete, policies },
    reportOrder,
  );
  const chunks = renderComparison(comparison, first.zone, options, terminal);
  if (options.output === undefined) await writeOut(out, chunks);
  else {
    await writeOutputFile(options.output, chunks);
    if (!options.quiet) err.write(`wrote ${visible(options.output)}\n`);
  }
  if (!complete) {
    err.write(`error: ${incompleteText(subject)}; changes can be missing [inventory.incomplete]\n`);
    return EXIT.incomplete;
  }
  if (options.failOn === undefined || !failsOn(comparison, options.failOn)) return EXIT.done;
  err.write(`error: the comparison has changes that --fail-on ${options.failOn} names [compare.changes]\n`);
  return EXIT.checkFailed;
}

import { accessSync, closeSync, constants, openSync, unlinkSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { brokenConfig } from '../lambda/config/config-errors';
import { builtInConfig } from '../lambda/config/parse-config';
import { readConfigText } from '../lambda/config/parse-yaml';
import { configFilesHere, DEFAULT_FILE } from '../lambda/config/read-config-file';
import type { Config } from '../lambda/core/policy/config';
import { type Proposal, proposePolicy } from '../lambda/core/policy/propose-policy';
import { sourceRhythms } from '../lambda/core/policy/source-rhythm';
import { applyLocallyCommand, ownCommand, type RunOptions, readingCommand } from '../lambda/core/report/command-line';
import type { Report } from '../lambda/core/report/report-model';
import { KINDS } from '../lambda/core/snapshot/snapshot';
import { RetentionError } from '../lambda/core/util/errors';
import { joinNames } from '../lambda/core/util/join-names';
import type { LiveInventory } from '../lambda/ports/ports';
import { type ProposalSummary, renderProposalSummary } from '../lambda/render/proposal-summary';
import { renderProposedConfig } from '../lambda/render/proposed-config';
import { makeReport } from '../lambda/reporting/make-report';
import { digestOf } from '../lambda/runtime/digest';
import { newReportId } from '../lambda/runtime/report-id';
import { profileToRepeat } from './credentials';
import { EXIT, type ExitCode } from './exit-codes';
import { isFull, unwritable } from './output-file';
import { type AccountOptions, readAccount, scopeOf, unreadText } from './read-account';
import { type Terminal, writeOut } from './terminal';

/** The package's own JSON Schema: this file is bundled into `dist/`. */
const INIT_SCHEMA_FILE = join(__dirname, '..', 'retention.schema.json');
const INIT_PLAN_FILE = 'plan.json';

function refuseExisting(): void {
  const here = configFilesHere();
  if (here.length === 0) return;
  throw new RetentionError(
    'init.exists',
    `init writes a new ${DEFAULT_FILE}, and this folder has ${joinNames(here)}; expected none: rename or remove it, or run init in another folder`,
  );
}

const notWritten = (cause: unknown): RetentionError =>
  unwritable(
    `cannot write ${DEFAULT_FILE}: ${cause instanceof Error ? cause.message : String(cause)}; ` +
      (isFull(cause) ? 'make room on that disk, and run the same again' : 'run this in a folder that you may write to'),
    cause,
  );

function checkFolder(): void {
  try {
    accessSync('.', constants.W_OK);
  } catch (error) {
    throw notWritten(error);
  }
}

const isThere = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'EEXIST';

/** Creates the file. Throws `init.exists` where something is there by now; leaves no partial file behind. */
function writeNew(path: string, text: string): void {
  let file: number;
  try {
    file = openSync(path, 'wx');
  } catch (error) {
    if (isThere(error)) refuseExisting();
    throw notWritten(error);
  }
  try {
    writeFileSync(file, text);
    closeSync(file);
  } catch (error) {
    unlinkSync(path);
    throw notWritten(error);
  }
}

/** The path to the JSON Schema from the working directory, as an editor expects it. */
function schemaPath(): string {
  const path = relative(process.cwd(), INIT_SCHEMA_FILE).split(sep).join('/');
  return encodeURI(/^(\.\.?\/|\/|[A-Za-z]:)/.test(path) ? path : `./${path}`);
}

/** The proposed file, with the configuration that it holds. */
interface Proposed {
  readonly text: string;
  readonly proposal: Proposal;
  readonly config: Config;
}

function propose(live: LiveInventory, options: AccountOptions, now: number): Proposed {
  const { zone, caps, regions: everyRegion, kinds: everyKind } = builtInConfig();
  const { regions, kinds } = scopeOf(options, { regions: everyRegion, kinds: everyKind });
  const sources = sourceRhythms(live, now);
  const proposal = proposePolicy(sources);
  const text = renderProposedConfig({
    proposal,
    sources,
    snapshots: live.snapshots.length,
    account: live.account,
    regions,
    kinds: kinds.length === KINDS.length ? null : kinds,
    caps,
    schema: schemaPath(),
    now,
    zone,
  });
  const result = readConfigText(text, DEFAULT_FILE);
  if (!result.ok) throw brokenConfig(result.errors, DEFAULT_FILE);
  return { text, proposal, config: result.config };
}

/** A report by the proposed configuration, over the inventory that was read. */
async function evaluateProposal(live: LiveInventory, config: Config, at: number): Promise<Report> {
  const request = {
    reportId: newReportId(at),
    config,
    at,
    inventory: { regions: config.regions, kinds: config.kinds, deadline: null },
    previous: null,
  };
  const { report } = await makeReport({ clock: () => at, digest: digestOf, readInventory: async () => live }, request);
  return report;
}

function nextCommands(run: RunOptions, { plan, totals }: Report): ProposalSummary['commands'] {
  const check = { purpose: 'Check the file after each change:', command: ownCommand(['check']) };
  const html = ['report', '--format', 'html', '--output', 'report.html'];
  const page = { purpose: 'See each snapshot with its reasons:', command: readingCommand(html, run) };
  if (totals.expire === 0) return [check, page];
  const raised = plan.blocked?.code.startsWith('cap.') ? ['--raise-caps'] : [];
  return [
    check,
    page,
    {
      purpose: `Make a plan${raised.length === 0 ? '' : ', which is larger than the limits allow'}:`,
      command: readingCommand(['report', '--plan-out', INIT_PLAN_FILE, ...raised], run),
    },
    {
      purpose: 'Try the deletion without deleting:',
      command: `${applyLocallyCommand(INIT_PLAN_FILE, run)} --dry-run`,
    },
  ];
}

/** `init`: reads the account, proposes a policy, writes it as a new `retention.yaml`. Read-only in the account. */
export async function init(given: AccountOptions, terminal: Terminal): Promise<ExitCode> {
  const { out, err, env } = terminal;
  const options = { ...given, profile: await profileToRepeat(given.profile, env) };
  refuseExisting();
  checkFolder();
  const live = await readAccount(options, builtInConfig(), terminal);
  if (!live.complete) {
    err.write(
      `error: wrote no ${DEFAULT_FILE}, because ${unreadText(live)}; run "${ownCommand(['doctor'], options)}", or leave out what you may not read with --region and --kind [inventory.incomplete]\n`,
    );
    return EXIT.incomplete;
  }
  const now = Date.now();
  const { text, proposal, config } = propose(live, options, now);
  const report = await evaluateProposal(live, config, now);
  writeNew(DEFAULT_FILE, text);
  const summary: ProposalSummary = {
    file: DEFAULT_FILE,
    policies: proposal.policies.length,
    rules: proposal.rules.length,
    report,
    commands: nextCommands(options, report),
  };
  await writeOut(out, renderProposalSummary(summary, out.isTTY === true ? out.columns : Number.POSITIVE_INFINITY));
  return EXIT.done;
}

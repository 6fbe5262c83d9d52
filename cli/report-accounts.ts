import { makeReadAccountBills } from '../lambda/aws/cost-explorer';
import { PATIENT } from '../lambda/aws/http-limits';
import { readingCommand } from '../lambda/core/report/command-line';
import type { Report } from '../lambda/core/report/report-model';
import type { RollUp, RollUpAccount, RollUpBill } from '../lambda/core/report/roll-up';
import { compareText } from '../lambda/core/util/compare-text';
import { visible } from '../lambda/core/util/safe-text';
import { makeReadAccountsSpend } from '../lambda/organization/read-accounts-spend';
import { makeRollUp, reportedAccount } from '../lambda/organization/roll-up';
import { withTagCosts } from '../lambda/organization/tag-costs';
import { renderJson } from '../lambda/render/json';
import { type AccountDetails, accountDetails, unreadLine } from '../lambda/render/roll-up';
import { renderRollUpCsv } from '../lambda/render/roll-up-csv';
import { renderRollUpEmail } from '../lambda/render/roll-up-email';
import { renderRollUpHtml } from '../lambda/render/roll-up-html';
import { renderRollUpJson } from '../lambda/render/roll-up-json';
import { type RollUpContext, renderRollUpMarkdown, renderRollUpText } from '../lambda/render/roll-up-text';
import { forReading } from '../lambda/reporting/account-report';
import { makeReport } from '../lambda/reporting/make-report';
import { digestOf } from '../lambda/runtime/digest';
import { newReportId } from '../lambda/runtime/report-id';
import { type Caller, findCallerAccount } from './aws';
import { profileToRepeat } from './credentials';
import { EXIT, type ExitCode } from './exit-codes';
import { loadConfig, warnOn } from './load-config';
import { accountsUsage, memberCaller, memberReader, readMembers } from './member-accounts';
import { writeOutputFile } from './output-file';
import { readingDeadline, scopeOf } from './read-account';
import type { ReportOptions } from './report';
import { columnsOf, type Terminal, wrapped, writeFailure, writeOut } from './terminal';

/** What a run keeps of each account: little, so that hundreds of accounts fit into memory. */
interface Kept {
  readonly details: Map<string, AccountDetails>;
  /** The JSON of each report; only for `--format json`. */
  readonly reports: Map<string, string>;
}

/** Why `report --account` refuses an option; null where it uses it, or where the option needs another that is refused. */
const WITH_ACCOUNTS: Readonly<Record<keyof ReportOptions, string | null>> = {
  account: null,
  roleArn: null,
  externalId: null,
  config: null,
  region: null,
  kind: null,
  profile: null,
  at: null,
  format: null,
  output: null,
  spend: null,
  quiet: null,
  planOut: '--plan-out does not go with --account: plans of accounts of an organization are report-only; leave it out',
  raiseCaps: null,
  summary: '--summary does not go with --account: the text of several accounts is a summary already; leave it out',
};

function checkAccountsOptions(options: ReportOptions): void {
  for (const [name, refusal] of Object.entries(WITH_ACCOUNTS))
    if (refusal !== null && options[name as keyof ReportOptions] !== undefined) throw accountsUsage(refusal);
}

function keepReport({ details, reports }: Kept, id: string, report: Report, isJson: boolean): void {
  details.set(id, accountDetails(report));
  if (isJson) reports.set(id, [...renderJson(report)].join('').trimEnd());
}

function renderRollUp(
  rollUp: RollUp,
  { details, reports }: Kept,
  options: ReportOptions,
  terminal: Terminal,
): Iterable<string> {
  const screen = options.output === undefined ? terminal.out : { isTTY: false, columns: 0 };
  const context: RollUpContext = { details, jsonCommand: readingCommand(['report', '--format', 'json'], options) };
  switch (options.format) {
    case 'text':
      return renderRollUpText(rollUp, context, {
        columns: columnsOf(screen),
        colour: screen.isTTY === true && !terminal.env.NO_COLOR,
      });
    case 'json': {
      const ordered = [...reports].sort(([a], [b]) => compareText(a, b));
      return renderRollUpJson(
        rollUp,
        ordered.map(([id, text]) => [id, [text]] as const),
      );
    }
    case 'csv':
      return renderRollUpCsv(rollUp);
    case 'html':
      return renderRollUpHtml(rollUp, context);
    case 'markdown':
      return renderRollUpMarkdown(rollUp);
    case 'email': {
      const { subject, body } = renderRollUpEmail(rollUp);
      return [`Subject: ${subject}\n\n`, body].map((text) => wrapped(text, screen));
    }
  }
}

/** The bill of all accounts, as the account of the caller sees it. */
async function readAccountsSpend(caller: Caller, accounts: readonly RollUpAccount[], now: number): Promise<RollUpBill> {
  const { credentials, region, connection } = caller;
  const config = { credentials, requestHandler: connection.withLimits(PATIENT) };
  const own = await findCallerAccount(caller);
  return makeReadAccountsSpend({ readBills: makeReadAccountBills({ region, config }), store: null, own })(
    accounts,
    now,
  );
}

/** `report --account`: a report of each account, and the roll-up of all. Read-only. */
export async function reportAccounts(given: ReportOptions, terminal: Terminal): Promise<ExitCode> {
  checkAccountsOptions(given);
  const options = { ...given, profile: await profileToRepeat(given.profile, terminal.env) };
  const { err, out } = terminal;
  const config = loadConfig(options.config, warnOn(err));
  const at = options.at?.(config.zone) ?? null;
  const kept: Kept = { details: new Map(), reports: new Map() };
  const caller = await memberCaller(given.profile, terminal);
  const reader = await memberReader(caller, options, config, err);
  const accounts = await readMembers(reader, options, err, async (member, opened) => {
    const made = await makeReport(
      { clock: Date.now, digest: digestOf, readInventory: opened.readInventory },
      {
        reportId: newReportId(Date.now()),
        config: opened.config,
        at,
        inventory: { ...scopeOf(options, config), deadline: readingDeadline() },
        previous: null,
      },
    );
    const { report } = forReading(made, digestOf);
    const outcome = withTagCosts(reportedAccount(member, report), report, config.organization.costTag);
    if (outcome.reportId !== null) keepReport(kept, member.id, report, options.format === 'json');
    return outcome;
  });
  const now = Date.now();
  const hasSpend = options.spend === true || config.report.spend;
  const bill = hasSpend ? await readAccountsSpend(caller, accounts, Math.min(at ?? now, now)) : { spend: null };
  const rollUp = makeRollUp(newReportId(now), accounts, { ...bill, costTag: config.organization.costTag });
  const chunks = renderRollUp(rollUp, kept, options, terminal);
  if (options.output === undefined) await writeOut(out, chunks);
  else {
    await writeOutputFile(options.output, chunks);
    if (!options.quiet) err.write(`wrote ${visible(options.output)}\n`);
  }
  if (rollUp.complete) return EXIT.done;
  writeFailure({ code: 'inventory.incomplete', message: unreadLine(rollUp.accounts).replace(/\.$/, '') }, err);
  return EXIT.incomplete;
}

import type { NewPlan } from '../lambda/core/plan/plan';
import type { Config } from '../lambda/core/policy/config';
import type { Report } from '../lambda/core/report/report-model';
import type { Kind } from '../lambda/core/snapshot/snapshot';
import type { Zone } from '../lambda/core/time/zone';
import { RetentionError } from '../lambda/core/util/errors';
import { oneLine, visible } from '../lambda/core/util/safe-text';
import { renderCsv } from '../lambda/render/csv';
import { renderEmail } from '../lambda/render/email';
import { renderHtml } from '../lambda/render/html';
import { renderJson } from '../lambda/render/json';
import { renderMarkdown } from '../lambda/render/markdown';
import { formatCount } from '../lambda/render/numbers';
import { renderPlanJson } from '../lambda/render/plan';
import { csvCommand } from '../lambda/render/report-header';
import { renderTerminal } from '../lambda/render/terminal';
import { makeReport } from '../lambda/reporting/make-report';
import { makeReadSpend } from '../lambda/reporting/read-spend';
import { digestOf } from '../lambda/runtime/digest';
import { newReportId } from '../lambda/runtime/report-id';
import { profileToRepeat } from './credentials';
import { EXIT, type ExitCode } from './exit-codes';
import type { Format } from './formats';
import { loadConfig, warnOn } from './load-config';
import { type AccountsOptions, asksAccounts } from './member-accounts';
import { checkOutput, requireTwoFiles, writeOutputFile } from './output-file';
import { withProgress } from './progress';
import { accountReaders, readingDeadline, scopeOf, unreadText } from './read-account';
import { reportAccounts } from './report-accounts';
import { renderSummary } from './report-summary';
import { columnsOf, type Terminal, wrapped, writeFailure, writeOut } from './terminal';

export interface ReportOptions extends AccountsOptions {
  readonly config?: string;
  readonly region?: readonly string[];
  readonly kind?: readonly Kind[];
  readonly profile?: string | undefined;
  /** Epoch milliseconds, by the configured zone. */
  readonly at?: (zone: Zone) => number;
  readonly format: Format;
  readonly output?: string;
  readonly planOut?: string;
  readonly raiseCaps?: boolean;
  readonly summary?: boolean;
  readonly spend?: boolean;
  readonly quiet?: boolean;
}

/** A report that was printed is stored nowhere and mailed to nobody. */
const PRINTED = {
  fullReport: null,
  files: [],
  applyCommand: null,
  confirmedSubscribers: null,
  deletionMode: 'off',
} as const;

function renderReport(
  report: Report,
  told: ReportOptions,
  at: number | null,
  terminal: Terminal,
  config: Config,
): Iterable<string> {
  const { tagPrefix } = config;
  const context = {
    ...PRINTED,
    tagPrefix,
    run: { kind: 'command-line', options: told, plan: told.planOut ?? null, at },
  } as const;
  const screen = told.output === undefined ? terminal.out : { isTTY: false, columns: 0 };
  switch (told.format) {
    case 'text':
      if (told.summary === true) return renderSummary(report, context, columnsOf(screen));
      return renderTerminal(report, context, {
        columns: columnsOf(screen),
        colour: screen.isTTY === true && !terminal.env.NO_COLOR,
      });
    case 'json':
      return renderJson(report);
    case 'csv':
      return renderCsv(report);
    case 'html':
      return renderHtml(report, {
        stored: false,
        tagPrefix,
        csvCommand: csvCommand(told, at),
        config,
        deletionMode: 'off',
        run: context.run,
      });
    case 'markdown':
      return renderMarkdown(report, context);
    case 'email':
      return emailChunks(report, config).map((text) => wrapped(text, screen));
  }
}

/** The e-mail that a deployed function would send: `Subject: …`, an empty line, the body. */
function emailChunks(report: Report, { tagPrefix, caps }: Config): readonly string[] {
  const region = report.scopes[0]?.region ?? 'us-east-1';
  const context = { ...PRINTED, tagPrefix, limits: caps, run: { kind: 'deployed', region } } as const;
  const { subject, body } = renderEmail(report, context);
  return [`Subject: ${subject}\n\n`, body];
}

function checkReportOptions({ at, config, output, planOut, raiseCaps, summary, format }: ReportOptions): void {
  if (summary === true && format !== 'text')
    throw new RetentionError(
      'usage.summary',
      `--summary goes with --format text only, and got --format ${format}; leave one of them out`,
    );
  if (raiseCaps === true && planOut === undefined)
    throw new RetentionError(
      'usage.raise-caps',
      '--raise-caps needs --plan-out FILE: it raises the limits of that one plan only',
    );
  if (at !== undefined && planOut !== undefined)
    throw new RetentionError(
      'usage.at-with-plan-out',
      '--at and --plan-out do not go together: a plan is made at the real time only; leave one of them out',
    );
  if (output !== undefined && planOut !== undefined) requireTwoFiles(output, planOut);
  checkOutput('--output', output, config);
  checkOutput('--plan-out', planOut, config);
}

const planText = ({ items, blocked }: NewPlan): string =>
  `${formatCount(items.length, 'snapshot')}${blocked === null ? '' : `, blocked: ${oneLine(blocked.message)}`}`;

/** `report`: list, decide, print. Read-only. */
export async function report(given: ReportOptions, terminal: Terminal): Promise<ExitCode> {
  checkReportOptions(given);
  if (asksAccounts(given)) return reportAccounts(given, terminal);
  const options = { ...given, profile: await profileToRepeat(given.profile, terminal.env) };
  const { err } = terminal;
  const config = loadConfig(options.config, warnOn(err));
  const { readInventory, readBills } = await accountReaders(options, terminal);
  const hasSpend = options.spend === true || config.report.spend;
  const ports = {
    clock: Date.now,
    digest: digestOf,
    readInventory,
    ...(hasSpend && { readSpend: makeReadSpend({ readBills, store: null }) }),
  };
  const at = options.at?.(config.zone) ?? null;
  const request = {
    reportId: newReportId(Date.now()),
    config,
    at,
    inventory: { ...scopeOf(options, config), deadline: readingDeadline() },
    previous: null,
    raiseCaps: options.raiseCaps ?? false,
  };
  const made = await withProgress(err, options.quiet ?? false, (tell) => makeReport(ports, request, tell));
  const chunks = renderReport(made.report, options, at, terminal, config);
  if (options.output === undefined) await writeOut(terminal.out, chunks);
  else {
    await writeOutputFile(options.output, chunks);
    if (!options.quiet) err.write(`wrote ${visible(options.output)}\n`);
  }
  if (options.planOut !== undefined) {
    await writeOutputFile(options.planOut, renderPlanJson(made.plan));
    if (!options.quiet) err.write(wrapped(`wrote ${visible(options.planOut)}: ${planText(made.plan)}\n`, err));
  }
  if (made.report.complete) return EXIT.done;
  const message = `${unreadText(made.report)}; the report names what was not read`;
  writeFailure({ code: 'inventory.incomplete', message }, err);
  return EXIT.incomplete;
}

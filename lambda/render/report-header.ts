import {
  applyLocallyCommand,
  awsCommand,
  isResourceName,
  option,
  type RunOptions,
  readingCommand,
} from '../core/report/command-line';
import { cloudShellLink, SNAPSHOTS_PAGE, s3ObjectLink } from '../core/report/console-links';
import type { Report } from '../core/report/report-model';
import type { Snapshot } from '../core/snapshot/snapshot';
import { localMinute } from '../core/time/period';
import { oneLine } from '../core/util/safe-text';
import { dayInWords } from './day-text';
import { firstCleanUp, type PlanLimits } from './first-clean-up';
import { formatCount, formatNumber } from './numbers';
import { CEILING_NOTE, evidenceLines, zoneText } from './phrases';
import { regionsNotRead } from './report-sections';
import { spendLine } from './spend-text';
import { type SizeTotals, sizesText, sumSizes } from './totals';

/** A run of the command line that prints a report. Its commands repeat the options. */
export interface CommandLineRun {
  readonly kind: 'command-line';
  readonly options: RunOptions;
  /** The path of the plan that this run writes, as given; null: none. */
  readonly plan: string | null;
  /** The instant of `--at` (epoch ms); null: not given. */
  readonly at: number | null;
}

/** A deployed function that sends a report. Its readers may have nothing installed. */
export interface DeployedRun {
  readonly kind: 'deployed';
  /** The region of the function, and of the CloudShell for its commands. */
  readonly region: string;
  /** Absent: not known. */
  readonly functionName?: string;
  /** The local day of the next report (`2026-12-07`); absent: not known. */
  readonly nextReport?: string;
}

/** `The next report is due on 7 Dec 2026 and makes a new list.`; empty: not known. */
export function nextReportText(run: CommandLineRun | DeployedRun | undefined, isCountdown: boolean): string {
  if (run?.kind !== 'deployed' || run.nextReport === undefined) return '';
  const due = `The next report is due on ${dayInWords(run.nextReport)}`;
  return isCountdown ? `${due}, and does not postpone these deletions.` : `${due} and makes a new list.`;
}

/** The command that makes the report again; null: the function is not known. */
export function repeatCommand(run: CommandLineRun | DeployedRun): string | null {
  if (run.kind === 'command-line')
    return readingCommand(['report', ...option('--plan-out', run.plan ?? undefined)], run.options);
  if (run.functionName === undefined) return null;
  const args = ['lambda', 'invoke', '--function-name', run.functionName, '--invocation-type', 'Event', '/dev/null'];
  return awsCommand(args, run.region);
}

/** The surroundings of a report as text: its files, and how deletion is set up. */
export interface TextContext {
  readonly run: CommandLineRun | DeployedRun;
  /** The place of the full report, `s3://…` or a path; null: not stored. */
  readonly fullReport: string | null;
  /** The places of the files of this report. */
  readonly files: readonly string[];
  /** The place of the index of all reports. */
  readonly index?: string;
  /** The command that starts the deployed deletion function with the plan; null: none is deployed. */
  readonly applyCommand: string | null;
  /** Null: not known, or no e-mail is sent. */
  readonly confirmedSubscribers: number | null;
  readonly deletionMode: 'off' | 'approve' | 'automatic';
  /** By ARN, the earliest day of the automatic deletion of a snapshot that stays on the list. */
  readonly due?: ReadonlyMap<string, string>;
  /** Whether a deletion of earlier reports may still run; null: not known. */
  readonly isDeleting?: boolean | null;
  /** Whether no report was made before this one. */
  readonly isFirstReport?: boolean;
  /** The name of the deletion schedule; absent: none is deployed. */
  readonly deletionSchedule?: string;
  /** The name of the dashboard; absent: none is deployed. */
  readonly dashboard?: string;
  /** Whether a plan can be approved on the dashboard. */
  readonly approvesOnDashboard?: boolean;
  /** The configured limits of a plan; absent: not known. */
  readonly limits?: PlanLimits;
  /** The configured grace period of automatic deletion. */
  readonly grace?: string;
  /** Prefix of the retention tags; by default `retention`. */
  readonly tagPrefix?: string;
  /** The head of the evidence chain, `NUMBER:SHA256`; null: the report is not recorded. Absent: none is. */
  readonly evidenceHead?: string | null;
}

/** Whether something may be deleted that the report does not announce. */
export const mayStillDelete = ({ isDeleting = false }: Pick<TextContext, 'isDeleting'>): boolean =>
  isDeleting !== false;

/** A paragraph, or a command or address to copy. */
export type Line = string | { readonly command: string };

/** The command that prints every snapshot of a report. */
export const csvCommand = (options: RunOptions, at: number | null): string =>
  readingCommand(['report', '--format', 'csv', ...atOption(at)], options);

const atOption = (at: number | null): readonly string[] =>
  option('--at', at === null ? undefined : new Date(at).toISOString());

/** The place of the items that a text leaves out. */
export function fullReportPlace({ fullReport, run }: TextContext): string {
  if (fullReport !== null) return oneLine(fullReport);
  return run.kind === 'deployed' ? 'not stored' : `the output of: ${csvCommand(run.options, run.at)}`;
}

/** How the listed snapshots are deleted. */
function deletionLine({ totals, plan }: Report, { deletionMode }: TextContext): string {
  if (deletionMode === 'off') return 'Nothing was deleted: this report only reads.';
  if (deletionMode === 'approve') return 'Nothing was deleted: deletion waits for a person to approve it.';
  const on = 'Nothing was deleted by this report. Automatic deletion is switched on';
  if (plan.blocked !== null) return `${on}, but deletes nothing after a report like this one.`;
  return totals.expire === 0
    ? `${on}; its list is empty.`
    : `${on}: snapshots that stay on this list are deleted later.`;
}

const snapshotsOf = ({ items }: Report) => items.map(({ snapshot }) => snapshot);

/** The sizes and the cost ceiling of the expired snapshots. */
export function expiringSizes({ items, totals, pricing }: Report): SizeTotals {
  const expiring = items.flatMap(({ verdict, snapshot }) => (verdict === 'expire' ? [snapshot] : []));
  return { ...sumSizes(expiring, pricing), ceiling: totals.expireMonthlyCostCeiling };
}

/** The sizes and the cost ceiling of all snapshots. */
export const allSizes = (report: Report): SizeTotals => ({
  ...sumSizes(snapshotsOf(report), report.pricing),
  ceiling: report.totals.monthlyCostCeiling,
});

function summaryText(report: Report): string {
  const { totals } = report;
  if (totals.snapshots === 0) return 'there are no snapshots.';
  if (totals.expire === 0)
    return totals.snapshots === 1
      ? 'nothing is expired by policy: the one snapshot is kept.'
      : `nothing is expired by policy: all ${formatCount(totals.snapshots, 'snapshot')} are kept.`;
  const verb = totals.expire === 1 ? 'is' : 'are';
  const amount = `${formatNumber(totals.expire)} of ${formatCount(totals.snapshots, 'snapshot')}`;
  return `${amount} ${verb} expired by policy: ${sizesText(expiringSizes(report))}.`;
}

/** Whether no list was read. */
export const nothingRead = ({ scopes, totals }: Report): boolean =>
  totals.snapshots === 0 && !scopes.some(({ status }) => status === 'read');

/** The result for all snapshots that could be read, in one sentence. */
export function verdictLine(report: Report): string {
  if (!report.complete)
    return nothingRead(report) ? 'Nothing could be read.' : `In what could be read, ${summaryText(report)}`;
  if (report.totals.snapshots === 0) return 'No snapshots were found.';
  const text = summaryText(report);
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

/** The last line of a report on the command line: the result, and whether its list can be deleted. */
export const closingLine = (report: Report): string =>
  report.plan.blocked === null || report.totals.expire === 0 || !report.complete
    ? verdictLine(report)
    : `${verdictLine(report)} Nothing can be deleted with this report.`;

const MAX_COUNTDOWN_DAYS = 5;

/** The announced deletions by day, the nearest first; null: none. */
function countdownLine(due: ReadonlyMap<string, string>): string | null {
  const days = new Map<string, number>();
  for (const day of due.values()) days.set(day, (days.get(day) ?? 0) + 1);
  const sorted = [...days].sort(([a], [b]) => (a < b ? -1 : 1));
  if (sorted.length === 0) return null;
  const named = sorted.slice(0, MAX_COUNTDOWN_DAYS).map(([day, many]) => `${formatNumber(many)} on ${day}`);
  const later = sorted.slice(MAX_COUNTDOWN_DAYS).reduce((sum, [, many]) => sum + many, 0);
  const all = later === 0 ? named : [...named, `${formatNumber(later)} later`];
  return `WILL BE DELETED unless you keep them: ${all.join(', ')}. To keep one, see the next step below.`;
}

/** How many snapshots are kept, and the sizes of all. */
function keptLine(report: Report): string {
  const { totals, complete } = report;
  const parts = [
    totals.held > 0 ? `${formatNumber(totals.held)} held` : '',
    totals.unmanaged > 0 ? `${formatNumber(totals.unmanaged)} covered by no policy` : '',
  ].filter((part) => part !== '');
  const ofThese = parts.length === 0 ? '' : `, of these ${parts.join(' and ')}`;
  const all = `${complete ? 'All together' : 'All that was read'}: ${sizesText(allSizes(report))}`;
  return `${formatCount(totals.keep, 'snapshot')} kept${ofThese}. ${all}.`;
}

const NOT_STORED =
  'NOT STORED: this message is the only copy of this report. Nothing can be deleted with it, ' +
  'and automatic deletion does not count it. The problems below give the reason.';
const NO_SUBSCRIBER =
  'NO PERSON RECEIVES THIS REPORT: no e-mail address has confirmed its subscription. Open the message ' +
  '"AWS Notification - Subscription Confirmation" and follow its link; it is valid for two days.';

/** What a person must fix: the plan, the storage, the configuration, the subscription. */
function warningLines({ plan, config }: Report, { confirmedSubscribers }: TextContext): readonly string[] {
  const lines: string[] = [];
  if (plan.blocked?.code.startsWith('cap.'))
    lines.push(`The plan to delete cannot be carried out: ${oneLine(plan.blocked.message)}.`);
  if (plan.blocked?.code === 'report.not-stored') lines.push(NOT_STORED);
  if (config.origin === 'built-in')
    lines.push('There is no retention.yaml: the built-in starter policy was used. It only reports and never deletes.');
  if (confirmedSubscribers === 0) lines.push(NO_SUBSCRIBER);
  return lines;
}

const present = (line: string | null): readonly string[] => (line === null ? [] : [line]);

/** The outcome, and what needs a person before anything else. Never cut. */
export function outcomeLines(report: Report, context: TextContext): readonly string[] {
  const { totals, problems, complete } = report;
  const dueLine = context.deletionMode === 'automatic' ? countdownLine(context.due ?? new Map()) : null;
  return [
    ...(complete
      ? []
      : [
          'INCOMPLETE: not everything could be read. What was not read is listed below. Nothing may be deleted with this report.',
        ]),
    verdictLine(report),
    ...regionsNotRead(report),
    ...(totals.snapshots > 0 ? [keptLine(report)] : []),
    ...present(spendLine(report)),
    ...(problems.length > 0 ? [`${formatCount(problems.length, 'problem')} to check.`] : []),
    ...(dueLine === null ? [] : [dueLine]),
    deletionLine(report, context),
    ...warningLines(report, context),
  ];
}

/** A snapshot with a name that commands can use. */
interface ExampleSnapshot {
  readonly name: string;
  readonly snapshot: Snapshot;
}

/** The snapshot of the example commands: the first expiring one, else the first one, with a valid resource name. */
function exampleOf({ items }: Report): ExampleSnapshot | null {
  let first: ExampleSnapshot | null = null;
  for (const { snapshot, verdict } of items) {
    const { name } = snapshot;
    if (name === null || !isResourceName(name)) continue;
    if (verdict === 'expire') return { name, snapshot };
    first ??= { name, snapshot };
  }
  return first;
}

/** The operand of `explain`: the name if it is unique, else the ARN. */
const explainOperand = ({ items }: Report, { name, snapshot: { arn } }: ExampleSnapshot): string =>
  arn === null || items.filter(({ snapshot }) => snapshot.name === name).length === 1 ? name : arn;

const runOptions = ({ run }: TextContext): RunOptions => (run.kind === 'command-line' ? run.options : {});

function howToDeleteOnCommandLine({ options, plan }: CommandLineRun): readonly Line[] {
  if (plan !== null) return [{ command: applyLocallyCommand(plan, options) }];
  const file = 'plan.json';
  return [
    { command: readingCommand(['report', '--plan-out', file], options) },
    { command: applyLocallyCommand(file, options) },
  ];
}

/** `To delete these 5 (it cannot be undone), until …` */
const toDelete = ({ totals, plan, zone }: Report): string =>
  `To delete ${totals.expire === 1 ? 'it' : `these ${formatNumber(plan.count)}`} (it cannot be undone), ` +
  `until ${localMinute(plan.expiresAt, zone)}; each snapshot is checked again before its deletion:`;

/** How to delete without a deletion function. */
function howToDeleteByHand(report: Report, { run, deletionMode }: TextContext): readonly Line[] {
  if (run.kind === 'command-line') {
    const intro =
      run.plan === null
        ? 'To delete: this report cannot. Delete snapshots in the Lightsail console, or make a plan and apply it, ' +
          'in this folder (a deletion cannot be undone):'
        : toDelete(report);
    return [intro, ...howToDeleteOnCommandLine(run)];
  }
  if (deletionMode === 'automatic') return [];
  const these = report.totals.expire === 1 ? 'it' : `these ${formatNumber(report.plan.count)}`;
  return [
    `To delete ${these}: this deployment only reports. Delete snapshots in the Lightsail console ` +
      '(a deletion cannot be undone), or deploy it with deletion=approve:',
    { command: SNAPSHOTS_PAGE },
  ];
}

const automaticLine = ({ grace }: TextContext): string =>
  `Automatic deletion deletes snapshots that stayed on this list for ${grace ?? 'the whole grace period'} ` +
  'without interruption. A snapshot that you hold is not deleted.';

/** How to make a configuration, where the built-in starter policy was used on the command line. */
const howToBegin = ({ config }: Report, { run }: TextContext): readonly Line[] =>
  config.origin === 'built-in' && run.kind === 'command-line'
    ? [
        'To make a retention.yaml from the rhythm of your snapshots (nothing is deleted):',
        { command: readingCommand(['init'], run.options) },
      ]
    : [];

/** How to delete what the report lists, or why that is not possible and what to do. */
export function howToDelete(report: Report, context: TextContext): readonly Line[] {
  const { totals, plan, complete } = report;
  const none = complete && totals.expire === 0 ? ['There is nothing to delete.'] : [];
  if (plan.blocked !== null)
    return [
      ...none,
      `Nothing can be deleted with this report: ${oneLine(plan.blocked.message)}.`,
      ...howToBegin(report, context),
      ...firstCleanUp(report, context),
    ];
  if (totals.expire === 0) return none;
  const automatic = context.deletionMode === 'automatic' ? [automaticLine(context)] : [];
  if (context.applyCommand === null) return [...automatic, ...howToDeleteByHand(report, context)];
  return [...automatic, toDelete(report), { command: context.applyCommand }];
}

/** How to hold a snapshot, with an example command. */
function howToKeep(report: Report, context: TextContext, tag: string): readonly Line[] {
  if (report.totals.snapshots === 0) return [];
  const inConsole =
    `To keep a snapshot: in the Lightsail console, give it a tag with the key ${tag} and no value; ` +
    'on an instance, disk or database the tag keeps all of its snapshots.';
  const example = exampleOf(report);
  if (example === null) return [inConsole];
  const args = ['lightsail', 'tag-resource', '--resource-name', example.name, '--tags', `key=${tag}`];
  return [
    `${inConsole} Or with the AWS command line, here for ${example.name}:`,
    { command: awsCommand(args, example.snapshot.region, runOptions(context)) },
  ];
}

function howToExplain(report: Report, { run }: TextContext): readonly Line[] {
  const example = exampleOf(report);
  if (example === null || run.kind === 'deployed') return [];
  return [
    `To see each step of the decision about one snapshot, here ${example.name}:`,
    { command: readingCommand(['explain', explainOperand(report, example), ...atOption(run.at)], run.options) },
  ];
}

/** A link to CloudShell, for readers without the AWS CLI. */
export const whereToPaste = (region: string, account: string | null): readonly Line[] => [
  'Commands that begin with "aws" can be pasted into CloudShell, a terminal in the browser; ' +
    `sign in to account ${oneLine(account ?? 'of the snapshots')}:`,
  { command: cloudShellLink(region) },
];

/** How to keep, how to delete, how to explain. Never cut. */
export function nextSteps(report: Report, context: TextContext): readonly Line[] {
  const tag = `${context.tagPrefix ?? 'retention'}:hold`;
  const steps = [...howToKeep(report, context, tag), ...howToDelete(report, context), ...howToExplain(report, context)];
  const hasCommand = steps.some((line) => typeof line !== 'string' && line.command.startsWith('aws '));
  const where = hasCommand && context.run.kind === 'deployed' ? whereToPaste(context.run.region, report.account) : [];
  return [...steps, ...where];
}

/** How to open the report, and the places of its data. */
function placesOf({ fullReport, files, index, run }: TextContext): readonly Line[] {
  if (fullReport === null) return run.kind === 'deployed' ? ['The full report was not stored.'] : [];
  const others = files.filter((file) => file !== fullReport).slice(0, 20);
  const place = oneLine(fullReport);
  const link = run.kind === 'deployed' ? s3ObjectLink(fullReport, run.region) : null;
  return [
    ...(link === null
      ? ['The full report:', { command: place }]
      : ['To open the full report in a browser, follow this link and choose Open:', { command: link }]),
    ...(others.length === 0 ? [] : ['Its data:', ...others.map((file) => ({ command: oneLine(file) }))]),
    ...(index === undefined ? [] : ['All reports so far:', { command: oneLine(index) }]),
  ];
}

/** The places, the time and the configuration of the report. */
export const aboutReport = (report: Report, context: TextContext): readonly Line[] => [
  ...placesOf(context),
  `Report ${oneLine(report.reportId)}, as of ${localMinute(report.evaluatedAt, report.zone)}. ` +
    `${zoneText(report.zone)}; days start at midnight there.`,
  `Account: ${oneLine(report.account ?? 'not known')}. ` +
    `Configuration: ${oneLine(report.config.origin)} (${oneLine(report.config.digest)}).`,
  ...evidenceLines(context.evidenceHead),
  CEILING_NOTE,
];

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
import { formatCount, formatNumber } from './numbers';
import { zoneText } from './phrases';
import { regionsNotRead, unreadScopes } from './report-sections';
import { ceilingText, type SizeTotals, sizesText, sumSizes } from './totals';

/** A run of the command line that prints a report, and what its commands repeat. */
export interface CommandLineRun {
  readonly kind: 'command-line';
  readonly options: RunOptions;
  /** The path, as it was given, of the plan that this run writes; null: it writes none. */
  readonly plan: string | null;
  /** The instant (epoch ms) as of which it was told to evaluate; null: its own. */
  readonly at: number | null;
}

/** A deployed function that sends a report to people who may have nothing installed. */
export interface DeployedRun {
  readonly kind: 'deployed';
  /** Where it runs, and where its commands are made to be pasted: into CloudShell. */
  readonly region: string;
}

/** What a text needs to know beyond the report: where things are, and how deletion is set up. */
export interface TextContext {
  readonly run: CommandLineRun | DeployedRun;
  /** Where the full report is, for people: `s3://…` or a path; null where none is stored. */
  readonly fullReport: string | null;
  /** Where the files of this report are. */
  readonly files: readonly string[];
  /** Where all reports are listed; absent where they are not. */
  readonly index?: string;
  /** The one command by which the deployed deletion function applies the plan; null where none is deployed. */
  readonly applyCommand: string | null;
  /** Null when that could not be read, or nobody is to be mailed. */
  readonly confirmedSubscribers: number | null;
  readonly deletionMode: 'off' | 'approve' | 'automatic';
  /** By ARN, the day on which automatic deletion takes a snapshot at the earliest, if it stays on the list. */
  readonly due?: ReadonlyMap<string, string>;
  /** How long a snapshot must have been listed before automatic deletion takes it, as configured. */
  readonly grace?: string;
  /** Prefix of the retention tags; `retention` where absent. */
  readonly tagPrefix?: string;
}

/** A paragraph of prose, or something to copy in one piece: a command, an address. */
export type Line = string | { readonly command: string };

/** The command that prints every snapshot of a report, for a run that stores none. */
export const csvCommand = (options: RunOptions, at: number | null): string =>
  readingCommand(['report', '--format', 'csv', ...atOption(at)], options);

const atOption = (at: number | null): readonly string[] =>
  option('--at', at === null ? undefined : new Date(at).toISOString());

/** Where cut items are, in words. */
export function fullReportPlace({ fullReport, run }: TextContext): string {
  if (fullReport !== null) return oneLine(fullReport);
  return run.kind === 'deployed' ? 'not stored' : `the output of: ${csvCommand(run.options, run.at)}`;
}

/** What becomes of the list, so that nobody waits, or worries, for nothing. */
function deletionLine({ totals, plan }: Report, { deletionMode }: TextContext): string {
  if (deletionMode === 'off') return 'Nothing was deleted: this report only reads.';
  if (deletionMode === 'approve') return 'Nothing was deleted: deletion waits for a person to approve it.';
  const on = 'Nothing was deleted by this report. Automatic deletion is switched on';
  if (plan.blocked !== null) return `${on}, but takes nothing on a report like this one.`;
  return totals.expire === 0 ? `${on}; nothing is on its list.` : `${on}: what stays on this list is deleted later.`;
}

const snapshotsOf = ({ items }: Report) => items.map(({ snapshot }) => snapshot);

/** What is past policy: how much, and at most for how many dollars. */
export function expiringSizes({ items, totals, pricing }: Report): SizeTotals {
  const expiring = items.flatMap(({ verdict, snapshot }) => (verdict === 'expire' ? [snapshot] : []));
  return { ...sumSizes(expiring, pricing), ceiling: totals.expireMonthlyCostCeiling };
}

/** All snapshots: how much, and at most for how many dollars. */
export const allSizes = (report: Report): SizeTotals => ({
  ...sumSizes(snapshotsOf(report), report.pricing),
  ceiling: report.totals.monthlyCostCeiling,
});

function summaryText(report: Report): string {
  const { totals } = report;
  if (totals.snapshots === 0) return 'there are no snapshots.';
  if (totals.expire === 0)
    return `nothing is past policy: ${totals.snapshots === 1 ? 'the one snapshot is' : `all ${formatCount(totals.snapshots, 'snapshot')} are`} kept.`;
  const verb = totals.expire === 1 ? 'is' : 'are';
  return `${formatNumber(totals.expire)} of ${formatCount(totals.snapshots, 'snapshot')} ${verb} past policy: ${sizesText(expiringSizes(report))}.`;
}

/** Whether not one list was read, so that the report knows nothing at all. */
const nothingRead = ({ scopes, totals }: Report): boolean =>
  totals.snapshots === 0 && !scopes.some(({ status }) => status === 'read');

/** The verdict over all snapshots in one sentence; of an incomplete report, over what could be read. */
export function verdictLine(report: Report): string {
  if (!report.complete)
    return nothingRead(report) ? 'Nothing could be read.' : `In what could be read, ${summaryText(report)}`;
  if (report.totals.snapshots === 0) return 'No snapshots were found.';
  const text = summaryText(report);
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

const MAX_COUNTDOWN_DAYS = 5;

/** What automatic deletion will do, by day, the nearest first; null where nothing counts down. */
function countdownLine(due: ReadonlyMap<string, string>): string | null {
  const days = new Map<string, number>();
  for (const day of due.values()) days.set(day, (days.get(day) ?? 0) + 1);
  const sorted = [...days].sort(([a], [b]) => (a < b ? -1 : 1));
  if (sorted.length === 0) return null;
  const named = sorted.slice(0, MAX_COUNTDOWN_DAYS).map(([day, many]) => `${formatNumber(many)} on ${day}`);
  const later = sorted.slice(MAX_COUNTDOWN_DAYS).reduce((sum, [, many]) => sum + many, 0);
  return `WILL BE DELETED unless held: ${named.join(', ')}${later === 0 ? '' : `, ${formatNumber(later)} later`}. To hold one, see the next step below.`;
}

/** Who must act before anything else, and what came out: read in ten seconds, never cut. */
export function outcomeLines(report: Report, context: TextContext): readonly string[] {
  const { totals, problems, plan } = report;
  const lines: string[] = [];
  if (!report.complete)
    lines.push(
      'INCOMPLETE: not everything could be read. What was not read stands below, and nothing may be deleted on this report.',
    );
  lines.push(verdictLine(report));
  lines.push(...regionsNotRead(report));
  if (totals.snapshots > 0) {
    const set = [
      totals.held > 0 ? `${formatNumber(totals.held)} held` : '',
      totals.unmanaged > 0 ? `${formatNumber(totals.unmanaged)} covered by no policy` : '',
    ].filter((part) => part !== '');
    const kept = `${formatCount(totals.keep, 'snapshot')} kept${set.length === 0 ? '' : `, of these ${set.join(' and ')}`}.`;
    lines.push(`${kept} ${report.complete ? 'All together' : 'All that was read'}: ${sizesText(allSizes(report))}.`);
  }
  if (problems.length > 0) lines.push(`${formatCount(problems.length, 'problem')} to look at.`);
  const counting = context.deletionMode === 'automatic' ? countdownLine(context.due ?? new Map()) : null;
  if (counting !== null) lines.push(counting);
  lines.push(deletionLine(report, context));
  if (plan.blocked?.code.startsWith('cap.'))
    lines.push(`The plan to delete cannot be carried out: ${oneLine(plan.blocked.message)}.`);
  if (plan.blocked?.code === 'report.not-stored')
    lines.push(
      'NOT STORED: this message is all there is of this report. It offers nothing for deletion, and automatic deletion does not count it. The problems below say why.',
    );
  if (report.config.origin === 'built-in')
    lines.push('There is no configuration: the built-in starter policy evaluated. It reports only, and never deletes.');
  if (context.confirmedSubscribers === 0) {
    lines.push(
      'NO PERSON RECEIVES THIS REPORT: no e-mail address has confirmed its subscription. Open the message "AWS Notification - Subscription Confirmation" and follow its link; it is valid for two days.',
    );
  }
  return lines;
}

/** A snapshot that commands can name. */
interface ExampleSnapshot {
  readonly name: string;
  readonly snapshot: Snapshot;
}

/** The snapshot that examples are about: the first that may be deleted, else the first, whose name is one that Lightsail gives. */
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

/** What `explain` is told: the name where one snapshot alone has it, else the ARN. */
const explainOperand = ({ items }: Report, { name, snapshot: { arn } }: ExampleSnapshot): string =>
  arn === null || items.filter(({ snapshot }) => snapshot.name === name).length === 1 ? name : arn;

const runOptions = ({ run }: TextContext): RunOptions => (run.kind === 'command-line' ? run.options : {});

function howToDeleteOnCommandLine({ options: told, plan }: CommandLineRun): readonly Line[] {
  if (plan !== null) return [{ command: applyLocallyCommand(plan, told) }];
  const file = 'plan.json';
  return [
    { command: readingCommand(['report', '--plan-out', file], told) },
    { command: applyLocallyCommand(file, told) },
  ];
}

/** What deletes, where there is something to delete and no deletion function to do it. */
function howToDeleteByHand({ totals, plan, zone }: Report, { run, deletionMode }: TextContext): readonly Line[] {
  const these = totals.expire === 1 ? 'it' : `these ${formatNumber(plan.count)}`;
  if (run.kind === 'deployed')
    return deletionMode === 'automatic'
      ? []
      : [
          `To delete ${these}: this deployment only reports. Delete snapshots in the Lightsail console (a deletion cannot be undone), or deploy it with deletion=approve:`,
          { command: SNAPSHOTS_PAGE },
        ];
  if (run.plan !== null)
    return [
      `To delete ${these} (it cannot be undone), until ${localMinute(plan.expiresAt, zone)}; each is checked once more before it goes:`,
      ...howToDeleteOnCommandLine(run),
    ];
  return [
    'To delete: this report cannot. Delete snapshots in the Lightsail console, or make a plan and apply it, in this folder (a deletion cannot be undone):',
    ...howToDeleteOnCommandLine(run),
  ];
}

function howToDelete(report: Report, context: TextContext): readonly Line[] {
  const { totals, plan, complete } = report;
  const none = complete && totals.expire === 0 ? ['There is nothing to delete.'] : [];
  if (plan.blocked !== null)
    return [...none, `Nothing can be deleted with this report: ${oneLine(plan.blocked.message)}.`];
  if (totals.expire === 0) return none;
  const automatic =
    context.deletionMode === 'automatic'
      ? [
          `Automatic deletion takes what has stayed on this list${context.grace === undefined ? ' for the whole grace period' : ` for ${context.grace}`} without a break. What you keep is left alone.`,
        ]
      : [];
  if (context.applyCommand === null) return [...automatic, ...howToDeleteByHand(report, context)];
  return [
    ...automatic,
    `To delete ${totals.expire === 1 ? 'it' : `these ${formatNumber(plan.count)}`} (it cannot be undone), until ${localMinute(plan.expiresAt, report.zone)}; each is checked once more before it goes:`,
    { command: context.applyCommand },
  ];
}

/** How to hold a snapshot, with a command for one of the report. */
function howToKeep(report: Report, context: TextContext, tag: string): readonly Line[] {
  if (report.totals.snapshots === 0) return [];
  const inConsole = `To keep a snapshot: in the Lightsail console, give it a tag with the key ${tag} and no value; on an instance, disk or database the tag keeps all of its snapshots.`;
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

/** Where commands that begin with `aws` can be pasted, for people who have nothing installed. */
export const whereToPaste = (region: string, account: string | null): readonly Line[] => [
  `Commands that begin with "aws" can be pasted into CloudShell, a terminal in the browser; sign in to account ${oneLine(account ?? 'of the snapshots')}:`,
  { command: cloudShellLink(region) },
];

/** What to do now: how to keep one, how to delete, where everything is. Never cut. */
export function nextSteps(report: Report, context: TextContext): readonly Line[] {
  const tag = `${context.tagPrefix ?? 'retention'}:hold`;
  const steps = [...howToKeep(report, context, tag), ...howToDelete(report, context), ...howToExplain(report, context)];
  const hasCommand = steps.some((line) => typeof line !== 'string' && line.command.startsWith('aws '));
  const where = hasCommand && context.run.kind === 'deployed' ? whereToPaste(context.run.region, report.account) : [];
  return [...steps, ...where];
}

/** How to open the report, and where its data are. */
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

/** Where the report is and what it rests on. */
export const aboutReport = (report: Report, context: TextContext): readonly Line[] => [
  ...placesOf(context),
  `Report ${oneLine(report.reportId)}, as of ${localMinute(report.evaluatedAt, report.zone)}. ${zoneText(report.zone)}; days start at midnight there.`,
  `Account: ${oneLine(report.account ?? 'not known')}. Configuration: ${oneLine(report.config.origin)} (${oneLine(report.config.digest)}).`,
  '"At most" because a size is that of the disk: Lightsail bills only what changed from one snapshot to the next.',
];

/** The subject: the outcome in at most 99 printable ASCII characters. */
export function reportSubject(report: Report): string {
  const { totals } = report;
  const money = `, ${ceilingText(expiringSizes(report))}`;
  const short =
    totals.expire === 0
      ? 'nothing past policy'
      : `${formatNumber(totals.expire)} of ${formatCount(totals.snapshots, 'snapshot')} past policy`;
  const candidates = report.complete
    ? completeSubjects(report, short, money)
    : incompleteSubjects(report, short, money);
  const fitting = candidates.map((text) => `[Lightsail] ${text}`).find((text) => text.length <= 99);
  return fitting ?? '[Lightsail] Snapshot report';
}

function incompleteSubjects(report: Report, short: string, money: string): readonly string[] {
  if (nothingRead(report)) return ['Incomplete: nothing could be read'];
  const failed = unreadScopes(report).length;
  const missing =
    failed === 0
      ? 'not everything was read'
      : `${formatNumber(failed)} of ${formatCount(report.scopes.length, 'list')} not read`;
  const said = report.totals.expire === 0 ? [`${short} in the rest`] : [`${short}${money}`, short];
  return [...said.map((text) => `Incomplete, ${missing}: ${text}`), `Incomplete, ${missing}`];
}

function completeSubjects({ totals, problems }: Report, short: string, money: string): readonly string[] {
  if (totals.expire > 0) return [`${short}${money}`, short];
  const all =
    totals.snapshots === 0
      ? 'No snapshots found'
      : `Nothing past policy, ${totals.snapshots === 1 ? '1 snapshot' : `all ${formatCount(totals.snapshots, 'snapshot')}`} kept`;
  return [problems.length === 0 ? all : `${all}, ${formatCount(problems.length, 'problem')} to look at`, all];
}

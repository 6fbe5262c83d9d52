import { localMinute } from '../core/period';
import type { Report } from '../core/report-model';
import { ceilingText, type Extent, extentOf, extentText } from './extent';
import { unreadScopes } from './outline';
import { clean, count, figure, zoneText } from './phrases';

/** What a text needs to know beyond the report: where things are, and how deletion is set up. */
export interface TextContext {
  /** Where the full report is, for people: `s3://…` or a path; null where none is stored. */
  readonly fullReport: string | null;
  /** Where the files of this report are. */
  readonly files: readonly string[];
  /** Where all reports are listed; absent where they are not. */
  readonly index?: string;
  /** The one command that applies the plan; null where there is nothing to apply it with. */
  readonly applyCommand: string | null;
  /** Does the same with AWS's own command line; absent where there is nothing to invoke. */
  readonly invokeCommand?: string;
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

/** Where cut items are. */
export const fullReportPlace = (context: TextContext): string =>
  clean(context.fullReport ?? 'the output of "npx lightsail-retention report --format csv"');

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
export function expiringExtent({ items, totals, pricing }: Report): Extent {
  const expiring = items.flatMap(({ verdict, snapshot }) => (verdict === 'expire' ? [snapshot] : []));
  return { ...extentOf(expiring, pricing), ceiling: totals.expireMonthlyCostCeiling };
}

/** All snapshots: how much, and at most for how many dollars. */
export const wholeExtent = (report: Report): Extent => ({
  ...extentOf(snapshotsOf(report), report.pricing),
  ceiling: report.totals.monthlyCostCeiling,
});

function finding(report: Report): string {
  const { totals } = report;
  if (totals.snapshots === 0) return 'there are no snapshots.';
  if (totals.expire === 0)
    return `nothing is past policy: ${totals.snapshots === 1 ? 'the one snapshot is' : `all ${count(totals.snapshots, 'snapshot')} are`} kept.`;
  const verb = totals.expire === 1 ? 'is' : 'are';
  return `${figure(totals.expire)} of ${count(totals.snapshots, 'snapshot')} ${verb} past policy: ${extentText(expiringExtent(report))}.`;
}

/** Whether not one list was read, so that the report knows nothing at all. */
const nothingRead = ({ scopes, totals }: Report): boolean => totals.snapshots === 0 && !scopes.some(({ status }) => status === 'read');

/** The verdict over all snapshots in one sentence; of an incomplete report, over what could be read. */
export function verdictLine(report: Report): string {
  if (!report.complete) return nothingRead(report) ? 'Nothing could be read.' : `In what could be read, ${finding(report)}`;
  if (report.totals.snapshots === 0) return 'No snapshots were found.';
  const text = finding(report);
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

const MOST_DAYS = 5;

/** What automatic deletion will do, by day, the nearest first; null where nothing counts down. */
function countdownLine(due: ReadonlyMap<string, string>): string | null {
  const days = new Map<string, number>();
  for (const day of due.values()) days.set(day, (days.get(day) ?? 0) + 1);
  const sorted = [...days].sort(([a], [b]) => (a < b ? -1 : 1));
  if (sorted.length === 0) return null;
  const named = sorted.slice(0, MOST_DAYS).map(([day, many]) => `${figure(many)} on ${day}`);
  const later = sorted.slice(MOST_DAYS).reduce((sum, [, many]) => sum + many, 0);
  return `WILL BE DELETED unless held: ${named.join(', ')}${later === 0 ? '' : `, ${figure(later)} later`}. To hold one, see the next step below.`;
}

/** Who must act before anything else, and what came out: read in ten seconds, never cut. */
export function outcome(report: Report, context: TextContext): readonly string[] {
  const { totals, problems, plan } = report;
  const lines: string[] = [];
  if (!report.complete)
    lines.push('INCOMPLETE: not everything could be read. What was not read stands below, and nothing may be deleted on this report.');
  lines.push(verdictLine(report));
  if (totals.snapshots > 0) {
    const set = [
      totals.held > 0 ? `${figure(totals.held)} held` : '',
      totals.unmanaged > 0 ? `${figure(totals.unmanaged)} covered by no policy` : '',
    ].filter((part) => part !== '');
    const kept = `${count(totals.keep, 'snapshot')} kept${set.length === 0 ? '' : `, of these ${set.join(' and ')}`}.`;
    lines.push(`${kept} ${report.complete ? 'All together' : 'All that was read'}: ${extentText(wholeExtent(report))}.`);
  }
  if (problems.length > 0) lines.push(`${count(problems.length, 'problem')} to look at.`);
  const counting = context.deletionMode === 'automatic' ? countdownLine(context.due ?? new Map()) : null;
  if (counting !== null) lines.push(counting);
  lines.push(deletionLine(report, context));
  if (plan.blocked?.code.startsWith('cap.')) lines.push(`The plan to delete cannot be carried out: ${clean(plan.blocked.message)}.`);
  if (plan.blocked?.code === 'report.not-stored')
    lines.push(
      'NOT STORED: this message is all there is of this report. It offers nothing for deletion, and automatic deletion does not count it. The problems below say why.',
    );
  if (report.config.origin === 'built-in')
    lines.push('There is no configuration: the built-in starter policy judged. It reports only, and never deletes.');
  if (context.confirmedSubscribers === 0) {
    lines.push(
      'NO PERSON RECEIVES THIS REPORT: no e-mail address has confirmed its subscription. Open the message "AWS Notification - Subscription Confirmation" and follow its link; it is valid for two days.',
    );
  }
  return lines;
}

/** Text for one word of a shell's command line. */
const quoted = (text: string): string => (/^[\w.][\w.+=:,@/-]*$/.test(text) ? text : `'${text.replace(/'/g, "'\\''")}'`);

/** Names the configuration that judged, so that the command means the same snapshots. */
function withConfig(command: string, { config }: Report): string {
  return config.origin === 'built-in' ? command : `${command} --config ${quoted(clean(config.origin.replace(/^-/, './-')))}`;
}

function howToDelete(report: Report, context: TextContext): readonly Line[] {
  const { totals, plan, complete, config } = report;
  const none = complete && totals.expire === 0 ? ['There is nothing to delete.'] : [];
  if (plan.blocked !== null) return [...none, `Nothing can be deleted with this report: ${clean(plan.blocked.message)}.`];
  if (totals.expire === 0) return none;
  const automatic =
    context.deletionMode === 'automatic'
      ? [
          `Automatic deletion takes what has stayed on this list${context.grace === undefined ? ' for the whole grace period' : ` for ${context.grace}`} without a break. What you keep is left alone.`,
        ]
      : [];
  if (context.applyCommand === null) {
    const byHand = `To delete: this report cannot. Delete by hand in the Lightsail console, or make a plan and carry it out, in the folder where ${clean(config.origin)} is (a deletion cannot be undone):`;
    const commands = ['npx lightsail-retention report --plan-out plan.json', 'npx lightsail-retention apply plan.json --local'];
    return automatic.length > 0 ? automatic : [byHand, ...commands.map((command) => ({ command: withConfig(command, report) }))];
  }
  return [
    ...automatic,
    `To delete ${totals.expire === 1 ? 'it' : `these ${figure(plan.count)}`} (it cannot be undone), until ${localMinute(plan.expiresAt, report.zone)}; each is checked once more before it goes:`,
    { command: context.applyCommand },
    ...(context.invokeCommand === undefined ? [] : ['Or with the AWS command line alone:', { command: context.invokeCommand }]),
  ];
}

/** What to do now: how to keep one, how to delete, where everything is. Never cut. */
export function nextStep(report: Report, context: TextContext): readonly Line[] {
  const tag = `${context.tagPrefix ?? 'retention'}:hold`;
  const keep: readonly Line[] =
    report.totals.snapshots === 0
      ? []
      : [
          `To keep a snapshot: in the Lightsail console, give it a tag with the key ${tag} and no value; on an instance, disk or database the tag keeps all of its snapshots. Or copy this, with its region and name:`,
          { command: `aws lightsail tag-resource --region REGION --resource-name NAME --tags key=${tag}` },
        ];
  const why: readonly Line[] =
    report.totals.snapshots === 0
      ? []
      : ['To see the whole story of one snapshot:', { command: withConfig('npx lightsail-retention explain NAME', report) }];
  return [...keep, ...howToDelete(report, context), ...why];
}

/** How to open the report, and where its data are. */
function placesOf({ fullReport, files, index }: TextContext): readonly Line[] {
  if (fullReport === null) return ['The full report was not stored.'];
  const others = files.filter((file) => file !== fullReport).slice(0, 20);
  const place = clean(fullReport);
  return [
    ...(place.startsWith('s3://')
      ? ['To open the full report in a browser, copy it here:', { command: `aws s3 cp ${quoted(place)} report.html` }]
      : ['The full report:', { command: place }]),
    ...(others.length === 0 ? [] : ['Its data:', ...others.map((file) => ({ command: clean(file) }))]),
    ...(index === undefined ? [] : ['All reports so far:', { command: clean(index) }]),
  ];
}

/** Where the report is and what it rests on. */
export const foot = (report: Report, context: TextContext): readonly Line[] => [
  ...placesOf(context),
  `Report ${clean(report.reportId)}, as of ${localMinute(report.evaluatedAt, report.zone)}. ${zoneText(report.zone)}; days start at midnight there.`,
  `Account: ${clean(report.account ?? 'not known')}. Configuration: ${clean(report.config.origin)} (${clean(report.config.digest)}).`,
  '"At most" because a size is that of the disk: Lightsail bills only what changed from one snapshot to the next.',
];

/** The subject: the outcome in at most 99 printable ASCII characters. */
export function subject(report: Report): string {
  const { totals } = report;
  const money = `, ${ceilingText(expiringExtent(report))}`;
  const short =
    totals.expire === 0 ? 'nothing past policy' : `${figure(totals.expire)} of ${count(totals.snapshots, 'snapshot')} past policy`;
  const candidates = report.complete ? completeSubjects(report, short, money) : incompleteSubjects(report, short, money);
  const fitting = candidates.map((text) => `[Lightsail] ${text}`).find((text) => text.length <= 99);
  return fitting ?? '[Lightsail] Snapshot report';
}

function incompleteSubjects(report: Report, short: string, money: string): readonly string[] {
  if (nothingRead(report)) return ['Incomplete: nothing could be read'];
  const failed = unreadScopes(report).length;
  const missing = failed === 0 ? 'not everything was read' : `${figure(failed)} of ${count(report.scopes.length, 'list')} not read`;
  const said = report.totals.expire === 0 ? [`${short} in the rest`] : [`${short}${money}`, short];
  return [...said.map((text) => `Incomplete, ${missing}: ${text}`), `Incomplete, ${missing}`];
}

function completeSubjects({ totals, problems }: Report, short: string, money: string): readonly string[] {
  if (totals.expire > 0) return [`${short}${money}`, short];
  const all =
    totals.snapshots === 0
      ? 'No snapshots found'
      : `Nothing past policy, ${totals.snapshots === 1 ? '1 snapshot' : `all ${count(totals.snapshots, 'snapshot')}`} kept`;
  return [problems.length === 0 ? all : `${all}, ${count(problems.length, 'problem')} to look at`, all];
}

import { snapshotGb } from '../core/cost';
import type { Blocked, Judged, Report } from '../core/report-model';
import { unreadScopes } from './outline';
import { clean, count, dollars, figure, minute } from './phrases';

/** What a text needs to know beyond the report: where things are, and how deletion is set up. */
export interface TextContext {
  /** Where the full report is, for people: `s3://…` or a path; null where none is stored. */
  readonly fullReport: string | null;
  /** Where the files of this report are. */
  readonly files: readonly string[];
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

const IN_WORDS: Readonly<Record<TextContext['deletionMode'], string>> = {
  off: 'Nothing was deleted: this report only reads.',
  approve: 'Nothing was deleted: deletion waits for a person to approve it.',
  automatic: 'Nothing was deleted by this report. Automatic deletion is switched on: what stays on this list is deleted later.',
};

/** Disk sizes behind a ceiling: `180 GB`, or `244 GB with attached disks` where these are part of it. */
export function sizeOf(items: readonly Judged[]): string {
  const own = items.reduce((sum, { snapshot }) => sum + (snapshot.sizeGb ?? 0), 0);
  const all = items.reduce((sum, { snapshot }) => sum + (snapshotGb(snapshot) ?? 0), 0);
  return `${figure(all)} GB${all === own ? '' : ' with attached disks'}`;
}

const expiringOf = ({ items }: Report): readonly Judged[] => items.filter(({ verdict }) => verdict === 'expire');

/** The verdict over all snapshots in one sentence. */
export function verdictLine(report: Report): string {
  const { totals } = report;
  if (totals.snapshots === 0) return 'No snapshots were found.';
  if (totals.expire === 0)
    return `Nothing is past policy: ${totals.snapshots === 1 ? 'the one snapshot is' : `all ${count(totals.snapshots, 'snapshot')} are`} kept.`;
  const verb = totals.expire === 1 ? 'is' : 'are';
  return `${figure(totals.expire)} of ${count(totals.snapshots, 'snapshot')} ${verb} past policy: ${sizeOf(expiringOf(report))}, at most ${dollars(totals.expireMonthlyCostCeiling)}/month.`;
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
    lines.push(`${kept} All together: ${sizeOf(report.items)}, at most ${dollars(totals.monthlyCostCeiling)}/month.`);
  }
  if (problems.length > 0) lines.push(`${count(problems.length, 'problem')} to look at.`);
  const counting = context.deletionMode === 'automatic' ? countdownLine(context.due ?? new Map()) : null;
  if (counting !== null) lines.push(counting);
  lines.push(IN_WORDS[context.deletionMode]);
  if (plan.blocked?.code.startsWith('cap.')) lines.push(`The plan to delete cannot be carried out: ${clean(plan.blocked.message)}.`);
  if (report.config.origin === 'built-in')
    lines.push('There is no configuration: the built-in starter policy judged. It reports only, and never deletes.');
  if (context.confirmedSubscribers === 0) {
    lines.push(
      'NOBODY RECEIVES THIS REPORT: no e-mail address has confirmed its subscription. Open the message "AWS Notification - Subscription Confirmation" and follow its link; it is valid for two days.',
    );
  }
  return lines;
}

/** What would make a deletion possible. */
const REMEDIES: Readonly<Record<Blocked['code'], string>> = {
  'inventory.incomplete': 'Mend what could not be read, and make the report again.',
  'config.built-in': 'Write a retention.yaml with the policies that you want, and make the report again.',
  'cap.max-deletions': 'If this is meant, raise caps.maxDeletions in the configuration.',
  'cap.max-share': 'If this is meant, raise caps.maxShare in the configuration.',
};

function howToDelete(report: Report, context: TextContext): readonly Line[] {
  const { totals, plan } = report;
  if (totals.expire === 0) return ['There is nothing to delete.'];
  if (plan.blocked !== null)
    return [`To delete: not possible with this report: ${clean(plan.blocked.message)}. ${REMEDIES[plan.blocked.code]}`];
  const automatic =
    context.deletionMode === 'automatic'
      ? [
          `Automatic deletion takes what has stayed on this list${context.grace === undefined ? ' for the whole grace period' : ` for ${context.grace}`} without a break. What you keep is left alone.`,
        ]
      : [];
  if (context.applyCommand === null) {
    const byHand =
      'To delete: this report cannot. Delete by hand in the Lightsail console, or make a plan and carry it out (a deletion cannot be undone):';
    const commands = ['npx lightsail-retention report --plan-out plan.json', 'npx lightsail-retention apply plan.json --local'];
    return automatic.length > 0 ? automatic : [byHand, ...commands.map((command) => ({ command }))];
  }
  return [
    ...automatic,
    `To delete ${totals.expire === 1 ? 'it' : `these ${figure(plan.count)}`} (it cannot be undone), until ${minute(plan.expiresAt)}; each is checked once more before it goes:`,
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
    report.totals.snapshots === 0 ? [] : ['To see the whole story of one snapshot:', { command: 'npx lightsail-retention explain NAME' }];
  return [...keep, ...howToDelete(report, context), ...why];
}

/** Where the report is and what it rests on. */
export function foot(report: Report, context: TextContext): readonly Line[] {
  const others = context.files.filter((file) => file !== context.fullReport).slice(0, 20);
  const full = context.fullReport === null ? [] : [context.fullReport];
  const places: readonly Line[] = [...full, ...others].map((place) => ({ command: clean(place) }));
  return [
    context.fullReport === null ? 'The full report was not stored.' : 'The full report, and its data:',
    ...places,
    `Report ${clean(report.reportId)}, as of ${minute(report.evaluatedAt)}; days are cut in ${clean(report.timezone)}.`,
    `Account: ${clean(report.account ?? 'not known')}. Configuration: ${clean(report.config.origin)} (${clean(report.config.digest)}).`,
    '"At most" because a size is that of the disk: Lightsail bills only what changed from one snapshot to the next.',
  ];
}

/** The subject: the outcome in at most 99 printable ASCII characters. */
export function subject(report: Report): string {
  const { totals } = report;
  const money = `, at most ${dollars(totals.expireMonthlyCostCeiling)}/month`;
  const short =
    totals.expire === 0 ? 'nothing past policy' : `${figure(totals.expire)} of ${count(totals.snapshots, 'snapshot')} past policy`;
  const failed = unreadScopes(report).length;
  const missing = failed === 0 ? 'not everything was read' : `${figure(failed)} of ${count(report.scopes.length, 'list')} not read`;
  const candidates = report.complete
    ? completeSubjects(report, short, money)
    : [`Incomplete, ${missing}: ${short}${totals.expire === 0 ? '' : money}`, `Incomplete, ${missing}: ${short}`, `Incomplete, ${missing}`];
  const fitting = candidates.map((text) => `[Lightsail] ${text}`).find((text) => text.length <= 99);
  return fitting ?? '[Lightsail] Snapshot report';
}

function completeSubjects({ totals, problems }: Report, short: string, money: string): readonly string[] {
  if (totals.expire > 0) return [`${short}${money}`, short];
  const all =
    totals.snapshots === 0
      ? 'No snapshots found'
      : `Nothing past policy, ${totals.snapshots === 1 ? '1 snapshot' : `all ${count(totals.snapshots, 'snapshot')}`} kept`;
  return [problems.length === 0 ? all : `${all}, ${count(problems.length, 'problem')} to look at`, all];
}

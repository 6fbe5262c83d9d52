import { applyLocallyCommand, type RunOptions, readingCommand } from '../core/report/command-line';
import type { Report } from '../core/report/report-model';
import { exactPercentText, percentText } from '../core/util/percent';
import { foreignText } from './email-layout';
import { formatCount, formatNumber } from './numbers';
import type { Line, TextContext } from './report-header';
import { afterRaisingText } from './unread-text';

/** The configured limits of a plan. */
export interface PlanLimits {
  readonly maxDeletions: number;
  readonly maxShare: number;
}

/** How a reader without a command line raises the limits: to what, and in which file. */
export function raiseLimitsText({ totals, config }: Pick<Report, 'totals' | 'config'>, limits?: PlanLimits): string {
  const share = Math.ceil((100 * totals.expire) / Math.max(1, totals.snapshots)) / 100;
  const raised = [
    ...(limits === undefined || totals.expire > limits.maxDeletions
      ? [`caps.maxDeletions to at least ${totals.expire}`]
      : []),
    ...(limits === undefined || totals.expire > limits.maxShare * totals.snapshots
      ? [`caps.maxShare to at least ${share}`]
      : []),
  ];
  return (
    `Check the list. If it is wrong, do nothing. If it is right, ask the person who deployed this to raise ` +
    `${raised.join(' and ')} in ${foreignText(config.origin, 40)}.`
  );
}

/** The share of a report's snapshots that can be deleted, rounded the same everywhere. */
export const expireShareText = ({ totals }: Pick<Report, 'totals'>, limits?: PlanLimits): string =>
  percentText(totals.snapshots === 0 ? 0 : totals.expire / totals.snapshots, limits?.maxShare);

/** `20 snapshots and 10 %`. */
export const limitsInWords = ({ maxDeletions, maxShare }: PlanLimits): string =>
  `${formatCount(maxDeletions, 'snapshot')} and ${exactPercentText(maxShare)}`;

/** `Your policy would delete 28 snapshots (16 %). Your limits are 20 snapshots and 10 %. So nothing is deleted until …` */
export function limitsText(report: Report, limits: PlanLimits | undefined, isDeleting = false): string {
  const { expire, snapshots } = report.totals;
  const what = `Your policy would delete ${formatNumber(expire)} of ${formatCount(snapshots, 'snapshot')}`;
  const those = limits === undefined ? 'That is more than your limits.' : `Your limits are ${limitsInWords(limits)}.`;
  return `${what} (${expireShareText(report, limits)}). ${those} So ${isDeleting ? 'this list does not count' : 'nothing is deleted'} until you raise them.`;
}

/** Whether nothing can apply the plan, in this version: it is that of an account of an organization. */
export const isForReading = ({ plan }: Pick<Report, 'plan'>): boolean =>
  plan.blocked?.code === 'organization.report-only';

/** Whether a plan is blocked by its limits, and by nothing else. */
export const exceedsCaps = ({ plan }: Pick<Report, 'plan'>): boolean => plan.blocked?.code.startsWith('cap.') ?? false;

/** The commands of a first clean-up: a plan whose limits are its own count, then its deletion. */
export const firstCleanUpCommands = (plan: string, options: RunOptions): readonly string[] => [
  readingCommand(['report', '--plan-out', plan, '--raise-caps'], options),
  applyLocallyCommand(plan, options),
];

/** What to do about a plan that exceeds its limits; empty for any other plan. */
export function firstCleanUp(
  report: Report,
  { run, limits, deletionMode, grace }: Pick<TextContext, 'run' | 'limits' | 'deletionMode' | 'grace'>,
): readonly Line[] {
  if (!exceedsCaps(report)) return [];
  if (run.kind === 'deployed') return [raiseLimitsText(report, limits), afterRaisingText(deletionMode, grace)];
  return [
    'Check the list. If it is right, raise the limits in the configuration; or, for a first clean-up, make a plan whose limits are its own count and apply it (a deletion cannot be undone):',
    ...firstCleanUpCommands(run.plan ?? 'plan.json', run.options).map((command) => ({ command })),
  ];
}

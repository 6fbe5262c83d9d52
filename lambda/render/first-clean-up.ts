import { applyLocallyCommand, type RunOptions, readingCommand } from '../core/report/command-line';
import type { Report } from '../core/report/report-model';
import { projectGuide } from './phrases';
import type { Line, TextContext } from './report-header';

/** Where people without a command line read how to raise the limits for one plan. */
export const FIRST_CLEAN_UP_GUIDE = projectGuide('first-clean-up.md');

/** Whether a plan is blocked by its limits, and by nothing else. */
export const exceedsCaps = ({ plan }: Pick<Report, 'plan'>): boolean => plan.blocked?.code.startsWith('cap.') ?? false;

/** The commands of a first clean-up: a plan whose limits are its own count, then its deletion. */
export const firstCleanUpCommands = (plan: string, options: RunOptions): readonly string[] => [
  readingCommand(['report', '--plan-out', plan, '--raise-caps'], options),
  applyLocallyCommand(plan, options),
];

/** What to do about a plan that exceeds its limits; empty for any other plan. */
export function firstCleanUp(report: Report, { run }: Pick<TextContext, 'run'>): readonly Line[] {
  if (!exceedsCaps(report)) return [];
  if (run.kind === 'deployed')
    return [
      `Check the list. If it is right, raise the limits in the configuration, or for one plan only: see ${FIRST_CLEAN_UP_GUIDE}.`,
    ];
  return [
    'Check the list. If it is right, raise the limits in the configuration; or, for a first clean-up, make a plan whose limits are its own count and apply it (a deletion cannot be undone):',
    ...firstCleanUpCommands(run.plan ?? 'plan.json', run.options).map((command) => ({ command })),
  ];
}

import type { Config } from '../lambda/core/policy/config';
import type { Duration } from '../lambda/core/time/duration';
import type { DeletionSetting } from './context';
import { overdueAfter } from './schedule-expression';

const DAY_OF_HOURS = 24;

/** A deletion may take as long as its execution lives (hours). */
const EXECUTION_DAYS = DAY_OF_HOURS;

/** The most hours that a calendar duration can span. */
const hoursAtMost = ({ years, months, days, hours }: Duration): number =>
  (years * 366 + months * 31 + days) * DAY_OF_HOURS + hours;

/** How long reports and plans are needed, in whole days, and what for. */
export interface Need {
  readonly days: number;
  readonly why: string;
}

/**
 * How long reports, plans and notes of runs must at least be kept, and what for: what is gone earlier is missed, or
 * silences what looks for it.
 */
export function leastLifetime(
  schedule: string,
  { deletion }: Pick<Config, 'deletion'>,
  setting: DeletionSetting,
): Need {
  const overdue = overdueAfter(schedule);
  const { planValidFor, grace } = deletion;
  const needs: readonly { readonly hours: number; readonly why: string; readonly when: boolean }[] = [
    {
      hours: overdue,
      why: `the next report compares itself with the one before, and ${schedule} leaves up to ${overdue} hours`,
      when: true,
    },
    {
      hours: hoursAtMost(planValidFor) + EXECUTION_DAYS,
      why: `a plan may be carried out for ${planValidFor.text} (deletion.planValidFor), and that may take a day`,
      when: setting !== 'off',
    },
    {
      hours: hoursAtMost(grace) + overdue,
      why: `automatic deletion looks for a report that is older than ${grace.text} (deletion.grace), and ${schedule} leaves up to ${overdue} hours`,
      when: setting === 'automatic',
    },
  ];
  return needs
    .filter(({ when }) => when)
    .map(({ hours, why }) => ({ days: Math.ceil(hours / DAY_OF_HOURS), why }))
    .reduce((most, need) => (need.days > most.days ? need : most));
}

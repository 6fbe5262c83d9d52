import type { Config } from '../policy/config';
import { instantOfId } from '../time/instant';
import { addDuration, subtractDuration } from '../time/period';
import { type FiresBetween, parseSchedule, ratePeriodMs } from '../time/report-schedule';
import { DAY_MS } from '../time/units';
import { firstDeletion, lastDeletion } from './deletion-start';

/** The settings of automatic deletion. */
export interface AutomaticConfig extends Pick<Config, 'digest' | 'origin' | 'zone' | 'deletion'> {
  /** The deployed schedule of the reports, `cron(…)` or `rate(…)`; absent: not known, so each start can delete. */
  readonly reportSchedule?: string;
}

/** Whether a grace period that began at an instant (epoch ms) is over. */
export const isPastGrace = (at: number, now: number, { deletion: { grace }, zone }: AutomaticConfig): boolean =>
  now >= addDuration(at, grace, zone) && at <= subtractDuration(now, grace, zone);

/** The note of a run, as far as it tells when a rate fired. */
interface NotedRun {
  readonly time: string;
  readonly mailed: { readonly isScheduled?: boolean; readonly schedule?: string | null } | null;
}

/** Computes the starts of deletions by the current schedule of the reports. */
export class Timetable {
  /** When the reports fire; null: not known. */
  readonly current: FiresBetween | null;
  private readonly starts = new Map<number, number | null>();

  constructor(
    private readonly config: AutomaticConfig,
    private readonly runs: readonly NotedRun[],
    private readonly scheduledAt: number | null,
  ) {
    const { reportSchedule: expression, zone } = config;
    this.current = expression === undefined ? null : parseSchedule(expression, zone, this.anchorOf(expression));
  }

  /** The first start (epoch ms) after a grace period that began at an instant; null: there is none. */
  firstAfterGrace(since: number): number | null {
    const known = this.starts.get(since);
    if (known !== undefined) return known;
    const { zone, deletion } = this.config;
    const ends = addDuration(since, deletion.grace, zone);
    const first =
      this.current === null
        ? ends
        : firstDeletion(ends, zone, this.current, (start) => isPastGrace(since, start, this.config));
    this.starts.set(since, first);
    return first;
  }

  /** A scheduled time (epoch ms) of a rate: the current one, or that of the newest report that noted it. */
  private anchorOf(expression: string): number | null {
    if (ratePeriodMs(expression) === null) return null;
    if (this.scheduledAt !== null) return this.scheduledAt;
    const scheduled = this.runs.filter(({ mailed }) => mailed?.isScheduled === true && mailed.schedule === expression);
    const times = scheduled.map(({ time }) => instantOfId(`${time}-`)).filter((at) => at !== null);
    return times.length === 0 ? null : times.reduce((last, each) => Math.max(last, each));
  }
}

/**
 * The instant (epoch ms) since which reports are needed to know what is due: the beginning of the grace period of the
 * last deletion that was possible.
 */
export function graceHistoryStart(config: AutomaticConfig, now: number): number {
  const { zone, deletion, reportSchedule } = config;
  const periodMs = reportSchedule === undefined ? null : ratePeriodMs(reportSchedule);
  const reports = reportSchedule === undefined ? null : parseSchedule(reportSchedule, zone, null);
  if (periodMs !== null) return subtractDuration(now - periodMs - DAY_MS, deletion.grace, zone);
  return subtractDuration(reports === null ? now : lastDeletion(now, zone, reports), deletion.grace, zone);
}

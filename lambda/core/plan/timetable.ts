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

/** The reports that list an item without interruption. */
export interface Listing {
  /** Since when (epoch ms). */
  readonly since: number;
  /** The schedules by which these reports announced days. */
  readonly schedules: readonly string[];
}
/** The note of a run, as far as it tells when a rate fired. */
interface NotedRun {
  readonly time: string;
  readonly mailed: { readonly isScheduled?: boolean; readonly schedule?: string | null } | null;
}

/** Reads the schedules by which days were and are announced. */
export class Timetable {
  /** The current schedule of the reports; null: not known. */
  readonly current: FiresBetween | null;
  private readonly schedules = new Map<string, FiresBetween | null>();
  private readonly days = new Map<Listing, number | null>();

  constructor(
    private readonly config: AutomaticConfig,
    private readonly runs: readonly NotedRun[],
    private readonly scheduledAt: number | null,
  ) {
    this.current = config.reportSchedule === undefined ? null : this.read(config.reportSchedule);
  }

  /** The first start (epoch ms) that any of the reports of a listing may have announced; null: there is none. */
  firstAnnounced(listing: Listing): number | null {
    const known = this.days.get(listing);
    if (known !== undefined) return known;
    const { zone, deletion, reportSchedule } = this.config;
    const ends = addDuration(listing.since, deletion.grace, zone);
    const isPast = (start: number): boolean => isPastGrace(listing.since, start, this.config);
    const own = reportSchedule === undefined ? [] : [reportSchedule];
    const starts = [...own, ...listing.schedules].map((schedule) => {
      const reports = this.read(schedule);
      return reports === null ? ends : firstDeletion(ends, zone, reports, isPast);
    });
    const first = starts.reduce<number | null>(
      (latest, each) => (latest === null || each === null ? null : Math.max(latest, each)),
      ends,
    );
    this.days.set(listing, first);
    return first;
  }

  private read(expression: string): FiresBetween | null {
    const known = this.schedules.get(expression);
    if (known !== undefined) return known;
    const schedule = parseSchedule(expression, this.config.zone, this.anchorOf(expression));
    this.schedules.set(expression, schedule);
    return schedule;
  }

  /** A scheduled time (epoch ms) of a rate: the current one, or that of the newest report that noted it. */
  private anchorOf(expression: string): number | null {
    if (ratePeriodMs(expression) === null) return null;
    if (this.scheduledAt !== null && expression === this.config.reportSchedule) return this.scheduledAt;
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

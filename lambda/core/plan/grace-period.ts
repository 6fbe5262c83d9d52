import type { Config } from '../policy/config';
import { instantOfId } from '../time/instant';
import { addDuration } from '../time/period';
import { CLOCK_TOLERANCE_MS } from '../time/tolerance';
import { DAY_MS, HOUR_MS } from '../time/units';
import { firstDeletion, firstStart, MAX_REPORT_AGE_MS } from './deletion-start';
import type { NewPlan, Plan, PlanContent, PlanItem } from './plan';
import { type AutomaticConfig, graceHistoryStart, isPastGrace, Timetable } from './timetable';

/**
 * The starts (epoch ms) of deletions that a report announced for the items of its plan, in their order: each with the
 * number of items in a row that have it. Null: no scheduled start can delete them.
 */
export type AnnouncedStarts = readonly (readonly [start: number | null, items: number])[];

/** The note that a report was e-mailed. */
export interface MailNote {
  /** The time in the note (epoch ms); null: none. */
  readonly at: number | null;
  /** When the store wrote the note (epoch ms); null: not known. */
  readonly storedAt: number | null;
  readonly reportId: string;
  /** The digest of the plan; null: not noted. */
  readonly digest: string | null;
  /** Confirmed subscribers; null: not known. */
  readonly confirmed: number | null;
  /** Whether the e-mail announced the deletion of the listed snapshots. */
  readonly announced: boolean;
  /** When the oldest report of its countdown was made (epoch ms). Earlier versions did not note it. */
  readonly countedFrom?: number | null;
  /** The schedule of the reports by which it announced days; null: not noted. */
  readonly schedule?: string | null;
  /** The starts that it announced; null: not noted. */
  readonly starts?: AnnouncedStarts | null;
  /** Whether the report was scheduled, and not made by hand. */
  readonly isScheduled?: boolean;
}

/** A stored plan, and when the store wrote it and its report (epoch ms); null: not known. */
export interface DatedPlan {
  readonly plan: Plan;
  readonly storedAt: number | null;
  readonly reportStoredAt: number | null;
}

/** The reports of one scheduled time or of one manual run. A retry after a failed attempt makes a second report. */
export interface ReportRun {
  /** `20261123T080000Z`: the start of their ids. */
  readonly time: string;
  /** Their plans; null: cannot be read, or differs from what the report wrote. */
  readonly plans: readonly (DatedPlan | null)[];
  /** The note of the report that was e-mailed; null: none. */
  readonly mailed: MailNote | null;
  /** When the store wrote the last note that it began (epoch ms), of a run of which nothing was e-mailed. */
  readonly begunAt?: number;
}

/** The days that a report told people, or was about to tell. */
export interface ToldDays {
  /** The last of its starts (epoch ms). */
  readonly until: number;
  /** The digest of its configuration; null: not known. */
  readonly config: string | null;
  /** The starts by item; null: not known, so `until` is that of each. */
  readonly items: ReadonlyMap<string, number> | null;
}

/** The reason why nothing may be deleted now. */
export interface NothingDue {
  readonly state: 'nothing';
  readonly code: string;
  readonly text: string;
}

/** The snapshots that automatic deletion may delete, and the newest plan, which has the regions and kinds. */
export interface Due {
  readonly state: 'due';
  readonly items: readonly PlanItem[];
  readonly newest: Plan;
  /** The ids of the e-mailed reports that announced the deletion, newest first; at most MAX_ANNOUNCING_REPORTS. */
  readonly announcedBy: readonly string[];
}

/** Of more reports than this, the newest and the first one are named. */
export const MAX_ANNOUNCING_REPORTS = 100;

const nothingDue = (code: string, text: string): NothingDue => ({ state: 'nothing', code, text });

/** Maximum difference between the time in an object and the time at which the store wrote it. */
const MAX_TIME_DIFFERENCE_MS = DAY_MS;

/** Maximum duration of a report run. The grace period of an object that was stored later starts when it was stored. */
const MAX_RUN_MS = HOUR_MS;

/** A run whose reports count for the grace period. */
interface EligibleRun {
  /** When the e-mailed report was made, by its plan. */
  readonly at: number;
  /** When its grace period starts: later than `at` if an object was copied or restored. */
  readonly countsFrom: number;
  readonly mailed: Plan;
  readonly plans: readonly Plan[];
  /** The oldest report (epoch ms) of the countdown that it announced. */
  readonly countedFrom: number;
  /** The starts (epoch ms) that its e-mail announced, by item. */
  readonly announced: ReadonlyMap<string, number>;
}

const isNear = (storedAt: number | null, claimed: number): boolean =>
  storedAt !== null && Math.abs(storedAt - claimed) <= MAX_TIME_DIFFERENCE_MS;

/** Finds the first object of a run whose time the store does not confirm. */
function findMisdated(plans: readonly DatedPlan[], reportId: string, { at, storedAt }: MailNote): string | null {
  for (const { plan, ...times } of plans) {
    const madeAt = Date.parse(plan.createdAt);
    if (!isNear(times.storedAt, madeAt)) return `the plan ${plan.id}`;
    if (!isNear(times.reportStoredAt, madeAt)) return `the report ${plan.id}`;
    if (
      plan.id === reportId &&
      !(isNear(storedAt, madeAt) && at !== null && isNear(at, madeAt) && isNear(storedAt, at))
    )
      return `the note that the report ${plan.id} was e-mailed`;
  }
  return null;
}

/**
 * When the grace period of a report starts: when it was made, or when its last object was stored if that is later than
 * a run takes.
 */
function graceStartOf({ plan, storedAt, reportStoredAt }: DatedPlan, note: MailNote): number {
  const madeAt = Date.parse(plan.createdAt);
  const lastStored = Math.max(storedAt ?? madeAt, reportStoredAt ?? madeAt, note.storedAt ?? madeAt);
  return lastStored - madeAt > MAX_RUN_MS ? lastStored : madeAt;
}

/** The first report of a run that cannot count, as a reason; null: all can. */
function findUnusableReport({ time, plans }: ReportRun, config: Pick<Config, 'digest'>): NothingDue | null {
  const read = plans.flatMap((each) => (each === null ? [] : [each.plan]));
  if (read.length < plans.length)
    return nothingDue(
      'auto.unreadable',
      `the plan of a report of ${time} cannot be read, or is not as the report wrote it`,
    );
  const incomplete = read.find(({ complete }) => !complete);
  if (incomplete !== undefined)
    return nothingDue('auto.incomplete', `the report ${incomplete.id} could not read everything`);
  const blocked = read.find((plan) => plan.blocked !== null);
  if (blocked !== undefined)
    return nothingDue('auto.blocked', `the plan of the report ${blocked.id} is blocked: ${blocked.blocked?.message}`);
  const raised = read.find(({ caps }) => caps === 'raised');
  if (raised !== undefined)
    return nothingDue(
      'auto.raised-caps',
      `the caps of the plan ${raised.id} were raised, and only a person may apply it`,
    );
  const other = read.find((plan) => plan.config.digest !== config.digest);
  return other === undefined
    ? null
    : nothingDue('auto.config-changed', `the report ${other.id} was made with another configuration`);
}

/** The reason why the e-mailed report of a run cannot count; null: it can. */
function findUnusableMail(mailed: Plan, { reportId, digest, confirmed, announced }: MailNote): NothingDue | null {
  // The digest in the note proves that this plan is the e-mailed one.
  if (digest !== mailed.digest)
    return nothingDue(
      'auto.altered',
      `the plan of the report ${reportId} is not the one that was noted when the report was e-mailed`,
    );
  if (confirmed === null || confirmed < 1)
    return nothingDue('auto.nobody', `the report ${reportId} had no confirmed subscription when it was e-mailed`);
  // Readers of a report without an announcement did not know that its snapshots would be deleted.
  if (!announced)
    return nothingDue(
      'auto.unannounced',
      `the report ${reportId} announced no deletion: automatic deletion was deployed later, or the report could not be stored`,
    );
  return null;
}

const itemKey = ({ arn, createdAt, name, kind, region }: PlanItem): string =>
  JSON.stringify([arn, createdAt, name, kind, region]);

/** The announced starts (epoch ms) by item; null where they do not fit the plan. */
export function announcedItems({ items }: Plan, starts: AnnouncedStarts): ReadonlyMap<string, number> | null {
  const announced = new Map<string, number>();
  let position = 0;
  for (const [start, count] of starts) {
    const run = items.slice(position, position + count);
    if (start !== null) for (const item of run) announced.set(itemKey(item), start);
    position += count;
  }
  return position === items.length ? announced : null;
}

/** Evaluates a run: every report of it must be complete, and one must have been e-mailed to a confirmed subscriber. */
function evaluateRun(run: ReportRun, config: Pick<Config, 'digest'>): EligibleRun | NothingDue {
  const unusable = findUnusableReport(run, config);
  if (unusable !== null) return unusable;
  const note = run.mailed;
  if (note === null) return nothingDue('auto.not-mailed', `no report of ${run.time} was e-mailed`);
  const stored = run.plans.filter((each) => each !== null);
  const sent = stored.find(({ plan }) => plan.id === note.reportId);
  if (sent === undefined)
    return nothingDue('auto.unreadable', `the report ${note.reportId} was e-mailed, and its plan is missing`);
  const unusableMail = findUnusableMail(sent.plan, note);
  if (unusableMail !== null) return unusableMail;
  const misdated = findMisdated(stored, note.reportId, note);
  if (misdated !== null)
    return nothingDue(
      'auto.misdated',
      `the store has no time for ${misdated}, or one more than a day from the time that it claims`,
    );
  return {
    at: Date.parse(sent.plan.createdAt),
    countsFrom: graceStartOf(sent, note),
    mailed: sent.plan,
    plans: stored.map(({ plan }) => plan),
    countedFrom: note.countedFrom ?? Number.NEGATIVE_INFINITY,
    announced: announcedItems(sent.plan, note.starts ?? []) ?? new Map(),
  };
}

/**
 * Evaluates runs, newest first. A run that was missing when later reports announced their dates (its e-mail was late,
 * or it could not be read) does not count.
 */
function makeEvaluator(config: Pick<Config, 'digest'>): (run: ReportRun) => EligibleRun | NothingDue {
  let countedFrom = Number.NEGATIVE_INFINITY;
  return (run) => {
    const good = evaluateRun(run, config);
    if ('state' in good) return good;
    if (good.at < countedFrom)
      return nothingDue(
        'auto.interrupted',
        `the report ${good.mailed.id} did not count when a later report announced deletion dates`,
      );
    countedFrom = Math.max(countedFrom, good.countedFrom);
    return good;
  };
}

/**
 * When the e-mailed report of a run was made, and not before the time in its keys: no object can put a run behind the
 * reports that were made before it. Without its plan: the latest of the other reports, the note, and when it began.
 */
const reportTimeOf = ({ time, plans, mailed, begunAt }: ReportRun): number => {
  const sent = plans.filter((each) => each?.plan.id === mailed?.reportId);
  const made = (sent.length > 0 ? sent : plans).flatMap((each) =>
    each === null ? [] : [Date.parse(each.plan.createdAt)],
  );
  const noted = sent.length > 0 ? [] : [mailed?.at ?? mailed?.storedAt ?? null, begunAt ?? null];
  const inKeys = instantOfId(`${time}-`) ?? 0;
  return [...made, ...noted].reduce<number>((last, each) => Math.max(last, each ?? last), inKeys);
};

/**
 * Months differ in length: a grace period that is added to a report differs by up to three days from one that is
 * subtracted from now. Reports within this margin before the period still count.
 */
export const GRACE_MARGIN_MS = 4 * DAY_MS;

/** The reports that list an item without interruption. */
interface Listing {
  /** Since when (epoch ms). */
  readonly since: number;
  /** The latest start (epoch ms) that any of them announced for it; minus infinity: none did. */
  readonly announced: number;
}

/** The listings of items by key. */
type Listings = Map<string, Listing>;

/** Removes from `listed` the items that a plan of an older run lacks, and dates the others back to that run. */
function dateBack(listings: Listings, listed: Set<string>, { plans, countsFrom, announced }: EligibleRun): void {
  for (const plan of plans) {
    const keys = new Set(plan.items.map(itemKey));
    for (const each of listed) if (!keys.has(each)) listed.delete(each);
  }
  // Equal listings are the same object: there are few.
  const older = new Map<string, Listing>();
  for (const each of listed) {
    const known = listings.get(each);
    const since = Math.min(countsFrom, known?.since ?? countsFrom);
    const latest = Math.max(
      announced.get(each) ?? Number.NEGATIVE_INFINITY,
      known?.announced ?? Number.NEGATIVE_INFINITY,
    );
    const id = `${since} ${latest}`;
    const listing = older.get(id) ?? { since, announced: latest };
    older.set(id, listing);
    listings.set(each, listing);
  }
}

const sortNewestFirst = (runs: readonly ReportRun[]): readonly ReportRun[] =>
  [...runs].sort((a, b) => reportTimeOf(b) - reportTimeOf(a));

/** The reports of a grace period while they are read, newest first. */
interface GracePeriod {
  readonly newest: EligibleRun;
  readonly listings: Listings;
  /** The items that every report so far lists. */
  readonly listed: Set<string>;
  /** The items that a report of at least the age of the grace period lists; empty until one was read. */
  readonly old: Set<string>;
  /** The e-mailed reports, newest first, down to the first one of at least the age of the grace period. */
  readonly announcing: string[];
  hasOld: boolean;
}

/** Checks a run against the clock and the newest run. */
function checkRun(run: EligibleRun | NothingDue, newest: EligibleRun | null, now: number): EligibleRun | NothingDue {
  if ('state' in run) return run;
  const { id, account } = run.mailed;
  if (run.at > now + CLOCK_TOLERANCE_MS) return nothingDue('auto.clock', `the report ${id} is dated in the future`);
  if (newest === null && now - run.at > MAX_REPORT_AGE_MS)
    return nothingDue('auto.stale', `the newest report, ${id}, is more than 24 hours old`);
  return newest !== null && account !== newest.mailed.account
    ? nothingDue('auto.account', `the report ${id} is of another account than the newest`)
    : run;
}

/** Reads the runs back to the start of the grace period. The first run that does not count ends it, or refuses all. */
function readGracePeriod(
  runs: readonly ReportRun[],
  config: AutomaticConfig,
  now: number,
): GracePeriod | NothingDue | null {
  const oldest = graceHistoryStart(config, now) - GRACE_MARGIN_MS;
  const evaluateNext = makeEvaluator(config);
  let period: GracePeriod | null = null;
  for (const run of sortNewestFirst(runs)) {
    const eligible = checkRun(evaluateNext(run), period?.newest ?? null, now);
    if ('state' in eligible) return period?.hasOld ? period : eligible;
    period ??= startGracePeriod(eligible);
    dateBack(period.listings, period.listed, eligible);
    if (!period.hasOld) period.announcing.push(eligible.mailed.id);
    if (!period.hasOld && isPastGrace(eligible.countsFrom, now, config)) {
      period.hasOld = true;
      for (const each of period.listed) period.old.add(each);
    }
    if (period.hasOld && eligible.at <= oldest) break;
  }
  return period;
}

const shortened = (ids: readonly string[]): readonly string[] =>
  ids.length <= MAX_ANNOUNCING_REPORTS ? ids : [...ids.slice(0, MAX_ANNOUNCING_REPORTS - 1), ...ids.slice(-1)];

function startGracePeriod(newest: EligibleRun): GracePeriod {
  const listed = new Set(newest.mailed.items.map(itemKey));
  return { newest, listings: new Map(), listed, old: new Set(), announcing: [], hasOld: false };
}

/**
 * Selects the snapshots that automatic deletion may delete now: a report at least `grace` old lists them, and so does
 * every report since. The newest report is at most 24 hours old; all are complete, not blocked, e-mailed, and of the
 * current configuration. No snapshot is selected before the day that `countdown` announced, nor before one of `told`:
 * days that any report recorded before it was sent, also one that looks as if it never was.
 */
export function selectDue(
  runs: readonly ReportRun[],
  config: AutomaticConfig,
  now: number,
  told: readonly ToldDays[] = [],
): Due | NothingDue {
  if (config.origin === 'built-in') return nothingDue('config.built-in', 'the built-in starter policy only reports');
  const period = readGracePeriod(runs, config, now);
  if (period === null) return nothingDue('auto.no-report', 'there is no report');
  if ('state' in period) return period;
  if (!period.hasOld) return nothingDue('auto.grace', 'no report is as old as deletion.grace');
  const { listings, old, newest, announcing } = period;
  const timetable = new Timetable(config, runs, null);
  const toldOf = latestTold(told, newest.mailed.items.map(itemKey), config);
  const isDue = (key: string): boolean => {
    const listing = listings.get(key);
    if (listing === undefined || !old.has(key) || !isPastGrace(listing.since, now, config)) return false;
    // The newest e-mail must have announced a start, and no e-mail a later one than this.
    const first = newest.announced.has(key) ? timetable.firstAfterGrace(listing.since) : null;
    return first !== null && Math.max(first, listing.announced, toldOf(key)) <= now + CLOCK_TOLERANCE_MS;
  };
  const items = newest.mailed.items.filter((item) => isDue(itemKey(item)));
  return items.length === 0
    ? nothingDue('auto.nothing-due', 'no snapshot was listed by every report of the grace period and announced for now')
    : { state: 'due', items, newest: newest.mailed, announcedBy: shortened(announcing) };
}

/** The dates that a report announces. */
export interface Countdown {
  /** The earliest deletion (epoch ms, by ARN) of each snapshot that stays on the list. */
  readonly due: ReadonlyMap<string, number>;
  /** When the oldest report that counts was made (epoch ms). */
  readonly countedFrom: number;
}

/** Returns the function from a listing to the first start (epoch ms) after a report that can delete what it lists. */
function makeAnnouncer(
  madeAt: number,
  timetable: Timetable,
  { zone }: AutomaticConfig,
): (listing: Listing) => number | null {
  const { current } = timetable;
  // This report is recent enough for the starts of a day.
  const next = firstStart(madeAt + 1, zone, () => true);
  const own = next !== null && next - madeAt <= MAX_REPORT_AGE_MS ? next : Number.NEGATIVE_INFINITY;
  const known = new Map<number, number | null>();
  return ({ since, announced }) => {
    const first = timetable.firstAfterGrace(since);
    if (first === null) return null;
    const from = Math.max(first, announced, madeAt);
    if (current === null) return from;
    if (own >= from) return own;
    const start = known.get(from) ?? firstDeletion(from, zone, current);
    known.set(from, start);
    return start;
  };
}

const eligibleUntil = (until: number, run: EligibleRun | NothingDue): EligibleRun | null =>
  'state' in run || run.at > until ? null : run;

/** The latest start (epoch ms) that reports of a configuration told, by item. */
function latestTold(
  told: readonly ToldDays[],
  keys: Iterable<string>,
  { digest }: AutomaticConfig,
): (key: string) => number {
  const binding = told.filter(({ config }) => config === null || config === digest);
  const latest = new Map<string, number>();
  for (const key of keys)
    for (const { items, until } of binding) {
      const start = items === null ? until : items.get(key);
      if (start !== undefined) latest.set(key, Math.max(start, latest.get(key) ?? start));
    }
  return (key) => latest.get(key) ?? Number.NEGATIVE_INFINITY;
}

/**
 * Computes the countdown of a report; `earlier` are the runs before it, `told` the days to come that were told, and
 * `scheduledAt` (epoch ms) is its scheduled time. No day is before one that a report of the same configuration told: a
 * report that interrupts the countdown makes no day earlier. A snapshot without a day cannot be deleted by any scheduled
 * start.
 */
export function countdown(
  report: NewPlan,
  earlier: readonly ReportRun[],
  told: readonly ToldDays[],
  config: AutomaticConfig,
  scheduledAt: number | null = null,
): Countdown {
  const madeAt = Date.parse(report.createdAt);
  let countedFrom = madeAt;
  if (!report.complete || report.blocked !== null) return { due: new Map(), countedFrom };
  const items = Array.from(report.items, (item) => [itemKey(item), item.arn] as const);
  const own: Listing = { since: madeAt, announced: Number.NEGATIVE_INFINITY };
  const listings: Listings = new Map(items.map(([each]) => [each, own]));
  const listed = new Set(listings.keys());
  const evaluateNext = makeEvaluator(config);
  for (const run of sortNewestFirst(earlier)) {
    const counted = eligibleUntil(madeAt, evaluateNext(run));
    if (counted === null) break;
    dateBack(listings, listed, counted);
    countedFrom = counted.at;
  }
  const toldOf = latestTold(told, listings.keys(), config);
  const startOf = makeAnnouncer(madeAt, new Timetable(config, earlier, scheduledAt), config);
  const due = new Map<string, number>();
  for (const [each, arn] of items) {
    const { since, announced } = listings.get(each) ?? own;
    const start = startOf({ since, announced: Math.max(announced, toldOf(each)) });
    if (start !== null) due.set(arn, start);
  }
  return { due, countedFrom };
}

/** The starts that a countdown announces for the items of a plan, for its note. */
export function announcedStarts({ items }: Pick<NewPlan, 'items'>, due: Countdown['due']): AnnouncedStarts {
  const starts: [number | null, number][] = [];
  for (const { arn } of items) {
    const start = due.get(arn) ?? null;
    const last = starts.at(-1);
    if (last !== undefined && last[0] === start) last[1] += 1;
    else starts.push([start, 1]);
  }
  return starts;
}

/**
 * Makes the plan of an automatic deletion: the due items, with the scopes of the newest plan, which is never blocked.
 */
export function automaticPlan(id: string, { items, newest }: Due, config: AutomaticConfig, now: number): PlanContent {
  return {
    schemaVersion: 1,
    id,
    account: newest.account,
    scopes: newest.scopes,
    createdAt: new Date(now).toISOString(),
    expiresAt: new Date(addDuration(now, config.deletion.planValidFor, config.zone)).toISOString(),
    config: { origin: config.origin, digest: config.digest },
    complete: true,
    blocked: null,
    items,
  };
}

import type { Config } from '../policy/config';
import { instantOfId } from '../time/instant';
import { addDuration, subtractDuration } from '../time/period';
import { CLOCK_TOLERANCE_MS } from '../time/tolerance';
import { DAY_MS, HOUR_MS } from '../time/units';
import type { NewPlan, Plan, PlanContent, PlanItem } from './plan';

/** What was noted when a report was e-mailed. */
export interface MailNote {
  /** The time (epoch ms) that the note claims; null: none. */
  readonly at: number | null;
  /** The store's own time of the note (epoch ms); null: it has none that counts. */
  readonly storedAt: number | null;
  readonly reportId: string;
  /** Of its plan; null: not noted. */
  readonly digest: string | null;
  /** Confirmed subscribers; null: not known. */
  readonly confirmed: number | null;
  /** Whether it said that what it lists will be deleted. */
  readonly announced: boolean;
  /** When the oldest report was made (epoch ms) back to which its countdown counted. Earlier versions did not note it. */
  readonly countedFrom?: number | null;
}

/** A stored plan with the store's own times (epoch ms) of it and of its report; null: there is none that counts. */
export interface DatedPlan {
  readonly plan: Plan;
  readonly storedAt: number | null;
  readonly reportStoredAt: number | null;
}

/** The reports of one scheduled time, or of one run by hand: more than one where an attempt failed and another followed. */
export interface ReportRun {
  /** `20261123T080000Z`: what their ids begin with. */
  readonly time: string;
  /** Their plans; null stands for one that cannot be read, or is not as a report wrote it. */
  readonly plans: readonly (DatedPlan | null)[];
  /** Which one was e-mailed; null: none. */
  readonly mailed: MailNote | null;
}

type AutomaticConfig = Pick<Config, 'digest' | 'origin' | 'zone' | 'deletion'>;

/** Why nothing may be deleted now. */
export interface NothingDue {
  readonly state: 'nothing';
  readonly code: string;
  readonly text: string;
}

/** What automatic deletion may take, and the newest report's plan, which says where to look. */
export interface Due {
  readonly state: 'due';
  readonly items: readonly PlanItem[];
  readonly newest: Plan;
}

/** The newest report must not be older (ms): who relies on it must have been able to read it lately. */
const MAX_REPORT_AGE_MS = DAY_MS;

const nothingDue = (code: string, text: string): NothingDue => ({ state: 'nothing', code, text });

/** How far (ms) the store's own time of an object may be from the time that the object claims. */
const MAX_TIME_DIFFERENCE_MS = DAY_MS;

/** An object that was stored later than this (ms) after its report was made counts from when it was stored. A run ends before. */
const MAX_RUN_MS = HOUR_MS;

/** A run that counts: what was e-mailed of it, and all that it made. */
interface EligibleRun {
  /** When its report was made, by its own word. */
  readonly at: number;
  /** From when it counts for a grace period: later than `at` where an object of it was copied or restored. */
  readonly countsFrom: number;
  readonly mailed: Plan;
  readonly plans: readonly Plan[];
  /** No report that was made before this (epoch ms) counted when the days were told. */
  readonly countedFrom: number;
}

const isNear = (storedAt: number | null, claimed: number): boolean =>
  storedAt !== null && Math.abs(storedAt - claimed) <= MAX_TIME_DIFFERENCE_MS;

/** The first object of a run whose own claim of its time the store does not confirm; null: none. */
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

/** From when the report counts: when it was made, or when the last of its objects was stored, where that is later than a run takes. */
function graceStartOf({ plan, storedAt, reportStoredAt }: DatedPlan, note: MailNote): number {
  const madeAt = Date.parse(plan.createdAt);
  const lastStored = Math.max(storedAt ?? madeAt, reportStoredAt ?? madeAt, note.storedAt ?? madeAt);
  return lastStored - madeAt > MAX_RUN_MS ? lastStored : madeAt;
}

/** A run that lists what may go, or why it lets nothing go: every one of its reports must be whole, and one of them must have reached somebody. */
function evaluateRun(run: ReportRun, config: Pick<Config, 'digest'>): EligibleRun | NothingDue {
  const stored = run.plans.filter((each) => each !== null);
  const plans = stored.map(({ plan }) => plan);
  if (plans.length < run.plans.length)
    return nothingDue(
      'auto.unreadable',
      `the plan of a report of ${run.time} cannot be read, or is not as the report wrote it`,
    );
  const incomplete = plans.find(({ complete }) => !complete);
  if (incomplete !== undefined)
    return nothingDue('auto.incomplete', `the report ${incomplete.id} could not read everything`);
  const blocked = plans.find((plan) => plan.blocked !== null);
  if (blocked !== undefined)
    return nothingDue('auto.blocked', `the plan of the report ${blocked.id} is blocked: ${blocked.blocked?.message}`);
  const other = plans.find((plan) => plan.config.digest !== config.digest);
  if (other !== undefined)
    return nothingDue('auto.config-changed', `the report ${other.id} was made with another configuration`);
  if (run.mailed === null) return nothingDue('auto.not-mailed', `no report of ${run.time} was e-mailed`);
  const { reportId, digest, confirmed, announced } = run.mailed;
  const sent = stored.find(({ plan }) => plan.id === reportId);
  if (sent === undefined)
    return nothingDue('auto.unreadable', `the report ${reportId} was e-mailed, and its plan is not there`);
  const mailed = sent.plan;
  // A plan vouches for itself alone: what was e-mailed was noted elsewhere.
  if (digest !== mailed.digest)
    return nothingDue(
      'auto.altered',
      `the plan of the report ${reportId} is not the one that was noted when the report was e-mailed`,
    );
  if (confirmed === null || confirmed < 1)
    return nothingDue(
      'auto.nobody',
      `the report ${reportId} reached nobody: no subscription was confirmed when it was e-mailed`,
    );
  // Whoever read reports that only report did not know that what they list would go.
  if (!announced)
    return nothingDue(
      'auto.unannounced',
      `the report ${reportId} announced no deletion: automatic deletion was deployed later, or the report could not be stored`,
    );
  const misdated = findMisdated(stored, reportId, run.mailed);
  if (misdated !== null)
    return nothingDue(
      'auto.misdated',
      `the store has no time for ${misdated}, or one more than a day from the time that it claims`,
    );
  const countedFrom = run.mailed.countedFrom ?? Number.NEGATIVE_INFINITY;
  return { at: Date.parse(mailed.createdAt), countsFrom: graceStartOf(sent, run.mailed), mailed, plans, countedFrom };
}

/**
 * Evaluates run after run, newest first. One whose mail went out late, or could not be read for a while, did not count when the reports after it told
 * their days, and does not count now.
 */
function makeEvaluator(config: Pick<Config, 'digest'>): (run: ReportRun) => EligibleRun | NothingDue {
  let countedFrom = Number.NEGATIVE_INFINITY;
  return (run) => {
    const good = evaluateRun(run, config);
    if ('state' in good) return good;
    if (good.at < countedFrom)
      return nothingDue(
        'auto.interrupted',
        `the report ${good.mailed.id} did not count when a later one told from when snapshots go`,
      );
    countedFrom = Math.max(countedFrom, good.countedFrom);
    return good;
  };
}

const itemKey = ({ arn, createdAt, name, kind, region }: PlanItem): string =>
  JSON.stringify([arn, createdAt, name, kind, region]);

/**
 * When the report of a run was made that was e-mailed. Without its plan, the last that is known of the run: when another of its reports was made, or
 * when the mail was noted. That can be a day after the time in its id, which is what is left where nothing else tells.
 */
const reportTimeOf = ({ time, plans, mailed }: ReportRun): number => {
  const sent = plans.filter((each) => each?.plan.id === mailed?.reportId);
  const made = (sent.length > 0 ? sent : plans).flatMap((each) =>
    each === null ? [] : [Date.parse(each.plan.createdAt)],
  );
  const noted = sent.length > 0 ? null : (mailed?.at ?? mailed?.storedAt ?? null);
  const told = noted === null ? made : [...made, noted];
  return told.length === 0 ? (instantOfId(`${time}-`) ?? 0) : told.reduce((last, each) => Math.max(last, each));
};

/**
 * Months differ in length: counted on from a report and back from now, a grace period differs by up to three days. What was listed within
 * this (ms) before the period can still lack some of it.
 */
export const GRACE_MARGIN_MS = 4 * DAY_MS;

const isPastGrace = (at: number, now: number, { deletion: { grace }, zone }: AutomaticConfig): boolean =>
  now >= addDuration(at, grace, zone) && at <= subtractDuration(now, grace, zone);

/** Since when (epoch ms) each listed item has stood in every report, by key. */
type ListedSince = Map<string, number>;

/** Takes from `listed` what one of the plans of an older run lacks, and dates back in `since` what they all list. */
function dateBack(since: ListedSince, listed: Set<string>, { plans, countsFrom }: EligibleRun): void {
  for (const plan of plans) {
    const keys = new Set(plan.items.map(itemKey));
    for (const each of listed) if (!keys.has(each)) listed.delete(each);
  }
  for (const each of listed) since.set(each, Math.min(countsFrom, since.get(each) ?? countsFrom));
}

const sortNewestFirst = (runs: readonly ReportRun[]): readonly ReportRun[] =>
  [...runs].sort((a, b) => reportTimeOf(b) - reportTimeOf(a));

/**
 * What automatic deletion may take now (design section 9): what a report at least `grace` old listed, and every report since lists too, the
 * newest at most 24 hours old; all of them complete, unblocked, e-mailed to somebody, and of the configuration in force. Nothing goes before
 * the day that `countdown` told. Otherwise nothing.
 */
export function selectDue(runs: readonly ReportRun[], config: AutomaticConfig, now: number): Due | NothingDue {
  if (config.origin === 'built-in') return nothingDue('config.built-in', 'the built-in starter policy only reports');
  const { deletion, zone } = config;
  const oldest = subtractDuration(now, deletion.grace, zone) - GRACE_MARGIN_MS;
  let newest: EligibleRun | null = null;
  let hasOld = false;
  const since: ListedSince = new Map();
  const listed = new Set<string>();
  const left = new Set<string>();
  const evaluateNext = makeEvaluator(config);
  for (const run of sortNewestFirst(runs)) {
    const good = evaluateNext(run);
    if ('state' in good) {
      if (hasOld) break;
      return good;
    }
    if (good.at > now + CLOCK_TOLERANCE_MS)
      return nothingDue('auto.clock', `the report ${good.mailed.id} is dated in the future`);
    if (newest === null) {
      if (now - good.at > MAX_REPORT_AGE_MS)
        return nothingDue('auto.stale', `the newest report, ${good.mailed.id}, is more than 24 hours old`);
      newest = good;
      for (const item of good.mailed.items) listed.add(itemKey(item));
    }
    if (good.mailed.account !== newest.mailed.account) {
      if (hasOld) break;
      return nothingDue('auto.account', `the report ${good.mailed.id} is of another account than the newest`);
    }
    dateBack(since, listed, good);
    if (!hasOld && isPastGrace(good.countsFrom, now, config)) {
      hasOld = true;
      for (const each of listed) left.add(each);
    }
    if (hasOld && good.at <= oldest) break;
  }
  if (newest === null) return nothingDue('auto.no-report', 'there is no report');
  if (!hasOld)
    return nothingDue('auto.grace', 'no report is as old as deletion.grace, so nobody has had that time to object');
  const isDue = (each: string): boolean => left.has(each) && isPastGrace(since.get(each) ?? now, now, config);
  const items = newest.mailed.items.filter((item) => isDue(itemKey(item)));
  return items.length === 0
    ? nothingDue('auto.nothing-due', 'nothing was listed by every report of the grace period')
    : { state: 'due', items, newest: newest.mailed };
}

/** What a report tells of the deletion to come. */
export interface Countdown {
  /** When each snapshot that it lists goes at the earliest (epoch ms, by ARN), if it stays on the list. */
  readonly due: ReadonlyMap<string, number>;
  /** When the oldest report was made (epoch ms) that this counts back to. */
  readonly countedFrom: number;
}

/** The countdown of a report; `earlier` are the runs before it. */
export function countdown(report: NewPlan, earlier: readonly ReportRun[], config: AutomaticConfig): Countdown {
  const madeAt = Date.parse(report.createdAt);
  let countedFrom = madeAt;
  if (!report.complete || report.blocked !== null) return { due: new Map(), countedFrom };
  const items = Array.from(report.items, (item) => [itemKey(item), item.arn] as const);
  const since: ListedSince = new Map(items.map(([each]) => [each, madeAt]));
  const listed = new Set(since.keys());
  const evaluateNext = makeEvaluator(config);
  for (const run of sortNewestFirst(earlier)) {
    const good = evaluateNext(run);
    if ('state' in good || good.at > madeAt) break;
    dateBack(since, listed, good);
    countedFrom = good.at;
  }
  const { deletion, zone } = config;
  const dueAt = (each: string): number =>
    Math.max(madeAt, addDuration(since.get(each) ?? madeAt, deletion.grace, zone));
  return { due: new Map(items.map(([each, arn]) => [arn, dueAt(each)] as const)), countedFrom };
}

/** The plan of an automatic deletion: what is due, in the scopes of the newest report. Never blocked: it is part of a plan that was not. */
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

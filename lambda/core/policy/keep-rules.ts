import type { Duration } from '../time/duration';
import {
  addDuration,
  dayOf,
  endOfDay,
  instantOfWallClock,
  makePeriodOf,
  type Period,
  subtractDuration,
  wallClock,
} from '../time/period';
import { DAY_MS } from '../time/units';
import type { Zone } from '../time/zone';
import { COUNT_RULES, type CountRule, type Policy, WITHIN_RULES, type WithinRule } from './policy';
import type { Reason } from './reason';

/** The input of a rule: an instant (epoch ms), and a name for reasons. */
export interface Dated {
  readonly createdAt: number;
  readonly name: string;
}

/** The evaluation of one snapshot: the rules that keep it, or why none does. */
export interface PolicyEvaluation {
  readonly keeps: boolean;
  readonly reasons: readonly Reason[];
}

/** A rule that visits the snapshots from the newest to the oldest. */
interface Walker {
  /** Returns the reason if the rule keeps the snapshot, else null. */
  take(snapshot: Dated, index: number, wall: number): Reason | null;
  /** Explains why the rule does not keep the snapshot of the last `take`. Changes no state. */
  refusal(snapshot: Dated, wall: number): Reason;
}

function countWalker(code: CountRule, of: number, oldest: number): Walker {
  const periodOf = makePeriodOf(code);
  const full: Reason = { code, kind: 'full', of };
  let filled = 0;
  let lastPeriod: Period | null = null;
  let lastTaken = '';
  return {
    take(snapshot, index, wall) {
      if (filled === of) return null;
      const period = periodOf === null ? index : periodOf(wall);
      const fresh = period !== lastPeriod;
      if (!fresh && index !== oldest) return null;
      filled += 1;
      lastPeriod = period;
      lastTaken = snapshot.name;
      return { code, kind: 'kept', nth: filled, of, period, oldest: !fresh };
    },
    refusal(_, wall) {
      if (periodOf === null || lastPeriod === null || periodOf(wall) !== lastPeriod) return full;
      return { code, kind: 'taken', period: lastPeriod, by: lastTaken };
    },
  };
}

function withinWalker(code: WithinRule, duration: Duration, newest: Dated, oldest: number, zone: Zone): Walker {
  const periodOf = makePeriodOf(code);
  const cutOff = subtractDuration(newest.createdAt, duration, zone);
  const outside: Reason = { code, kind: 'outside', duration: duration.text, newest: newest.name };
  let lastPeriod: Period | null = null;
  let taken: Reason = outside;
  return {
    take(snapshot, index, wall) {
      if (snapshot.createdAt <= cutOff) return null;
      if (periodOf === null) return { code, kind: 'kept-within', duration: duration.text, period: null, oldest: false };
      const period = periodOf(wall);
      const fresh = period !== lastPeriod;
      if (!fresh && index !== oldest) return null;
      lastPeriod = period;
      taken = { code, kind: 'taken', period, by: snapshot.name };
      return { code, kind: 'kept-within', duration: duration.text, period, oldest: !fresh };
    },
    refusal: (snapshot) => (snapshot.createdAt <= cutOff ? outside : taken),
  };
}

/** Adding and subtracting a duration differ by at most three days of a month and a skipped hour. */
const MAX_OVERFLOW_DAYS = 4;

/**
 * The first local day, starting at `from`, at whose end `createdAt` is as old as `duration`. Subtracts, like the
 * decision does.
 */
function dayOfAge(createdAt: number, duration: Duration, zone: Zone, from = Number.NEGATIVE_INFINITY): number {
  const added = dayOf(wallClock(addDuration(createdAt, duration, zone), zone));
  if (duration.years === 0 && duration.months === 0) return added;
  for (let day = Math.max(added - MAX_OVERFLOW_DAYS, from); day < added; day += 1)
    if (subtractDuration(instantOfWallClock((day + 1) * DAY_MS, zone) - 1, duration, zone) >= createdAt) return day;
  return added;
}

function ageWalker(duration: Duration, now: number, zone: Zone): Walker {
  const cutOff = subtractDuration(now, duration, zone);
  const today = dayOf(wallClock(now, zone));
  return {
    take: ({ createdAt }) =>
      createdAt > cutOff
        ? {
            code: 'expireAfter',
            kind: 'young',
            duration: duration.text,
            day: Math.max(dayOfAge(createdAt, duration, zone, today), today),
          }
        : null,
    refusal({ createdAt }) {
      const day = Math.min(dayOfAge(createdAt, duration, zone), today);
      return { code: 'expireAfter', kind: 'old', duration: duration.text, day };
    },
  };
}

function dateWalker(day: string, now: number, zone: Zone): Walker {
  const kept: Reason | null = now >= endOfDay(day, zone) ? null : { code: 'expire-on', kind: 'until', day };
  const refused: Reason = { code: 'expire-on', kind: 'passed', day };
  return { take: () => kept, refusal: () => refused };
}

const KEEP_ALL_REASON: Reason = { code: 'all', kind: 'all' };
const keepAll: Walker = { take: () => KEEP_ALL_REASON, refusal: () => KEEP_ALL_REASON };

function walkersOf(policy: Policy, newest: Dated, oldest: number, now: number, zone: Zone): readonly Walker[] {
  const walkers: Walker[] = [];
  if (policy.keep === 'all') walkers.push(keepAll);
  else if (policy.keep !== null) {
    for (const rule of COUNT_RULES) {
      const count = policy.keep.counts[rule];
      if (count !== undefined) walkers.push(countWalker(rule, count, oldest));
    }
    for (const rule of WITHIN_RULES) {
      const duration = policy.keep.within[rule];
      if (duration !== undefined) walkers.push(withinWalker(rule, duration, newest, oldest, zone));
    }
  }
  if (policy.expireAfter !== null) walkers.push(ageWalker(policy.expireAfter, now, zone));
  if (policy.expireOn !== null) walkers.push(dateWalker(policy.expireOn, now, zone));
  return walkers;
}

/**
 * Evaluates a policy for the snapshots of one group, newest first: one keep rule is enough. Count and within rules have
 * the semantics of `forget` in restic 0.19 (ApplyPolicy). With `everyRule`, a kept snapshot also lists the rules that
 * do not keep it. Time is linear in snapshots × rules; the input must be sorted.
 */
export function applyPolicy(
  policy: Policy,
  newestFirst: readonly Dated[],
  now: number,
  zone: Zone,
  everyRule: boolean,
): readonly PolicyEvaluation[] {
  const newest = newestFirst[0];
  if (newest === undefined) return [];
  const walkers = walkersOf(policy, newest, newestFirst.length - 1, now, zone);
  return newestFirst.map((snapshot, index) => {
    const wall = wallClock(snapshot.createdAt, zone);
    const kept = walkers.map((walker) => walker.take(snapshot, index, wall));
    const keeps = kept.some((reason) => reason !== null);
    const reasons = kept.filter((reason) => reason !== null);
    if (!keeps || everyRule)
      for (const [rule, walker] of walkers.entries())
        if (kept[rule] === null) reasons.push(walker.refusal(snapshot, wall));
    return { keeps, reasons };
  });
}

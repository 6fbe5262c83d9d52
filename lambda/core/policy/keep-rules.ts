import type { Duration } from '../time/duration';
import {
  addDuration,
  dayLabel,
  dayOf,
  endOfDay,
  makePeriodOf,
  type Period,
  subtractDuration,
  wallClock,
} from '../time/period';
import type { Zone } from '../time/zone';
import { COUNT_RULES, type CountRule, type Policy, WITHIN_RULES, type WithinRule } from './policy';
import type { Reason } from './reason';

/** What the rules look at: an instant (epoch ms), and a name for reasons. */
export interface Dated {
  readonly createdAt: number;
  readonly name: string;
}

/** What the rules said of one snapshot: why it is kept, or (when `keeps` is false) why nothing keeps it. */
export interface PolicyEvaluation {
  readonly keeps: boolean;
  readonly reasons: readonly Reason[];
}

/** One rule while it walks from the newest snapshot to the oldest. Asking `refusal` changes nothing. */
interface Walker {
  /** Takes the snapshot and says why, or leaves it. */
  take(snapshot: Dated, index: number, wall: number): Reason | null;
  /** Why the rule did not take the snapshot that it was just shown. */
  refusal(snapshot: Dated, wall: number): Reason;
}

function countWalker(code: CountRule, of: number, oldest: number): Walker {
  const periodOf = makePeriodOf(code);
  const full: Reason = { code, kind: 'full', of };
  let filled = 0;
  let lastPeriod: Period | null = null;
  let lastTaken = '';
  let taken: Reason | null = null;
  return {
    take(snapshot, index, wall) {
      if (filled === of) return null;
      const period = periodOf === null ? index : periodOf(wall);
      const fresh = period !== lastPeriod;
      if (!fresh && index !== oldest) return null;
      filled += 1;
      lastPeriod = period;
      lastTaken = snapshot.name;
      taken = null;
      return { code, kind: 'kept', nth: filled, of, period, oldest: !fresh };
    },
    refusal(_, wall) {
      if (periodOf === null || lastPeriod === null || periodOf(wall) !== lastPeriod) return full;
      taken ??= { code, kind: 'taken', period: lastPeriod, by: lastTaken };
      return taken;
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

/** The longest (days) by which adding a duration can miss the day that subtracting it finds: months differ by three days, and a skipped hour. */
const MAX_OVERFLOW_DAYS = 4;

/** The first local day, `from` on, that ends with `createdAt` as old as `duration`, by the arithmetic that decides: adding overflows elsewhere. */
function dayOfAge(createdAt: number, duration: Duration, zone: Zone, from = Number.NEGATIVE_INFINITY): number {
  const added = dayOf(wallClock(addDuration(createdAt, duration, zone), zone));
  if (duration.years === 0 && duration.months === 0) return added;
  for (let day = Math.max(added - MAX_OVERFLOW_DAYS, from); day < added; day += 1)
    if (subtractDuration(endOfDay(dayLabel(day), zone) - 1, duration, zone) >= createdAt) return day;
  return added;
}

function ageWalker(duration: Duration, now: number, zone: Zone): Walker {
  const cutOff = subtractDuration(now, duration, zone);
  const today = dayOf(wallClock(now, zone));
  let old: (Reason & { readonly kind: 'old' }) | null = null;
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
      if (old?.day !== day) old = { code: 'expireAfter', kind: 'old', duration: duration.text, day };
      return old;
    },
  };
}

function dateWalker(day: string, now: number, zone: Zone): Walker {
  const kept: Reason | null = now >= endOfDay(day, zone) ? null : { code: 'expire-on', kind: 'until', day };
  const refused: Reason = { code: 'expire-on', kind: 'passed', day };
  return { take: () => kept, refusal: () => refused };
}

const NONE: readonly Walker[] = [];
const NO_REASONS: readonly Reason[] = [];

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
 * What a policy says of the snapshots of one group, newest first: a union of rules, each walking from the newest to the oldest, with the
 * semantics of restic 0.19's `forget` (ApplyPolicy), age and date rules beside them. `everyRule` lists for a kept snapshot also the rules that do not keep it.
 * Time: linear in snapshots × rules. The input must be sorted; nothing is mutated.
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
  let before: readonly Reason[] = NO_REASONS;
  return newestFirst.map((snapshot, index) => {
    const wall = wallClock(snapshot.createdAt, zone);
    let taken: Reason[] | null = null;
    let refusing = walkers;
    for (const walker of walkers) {
      const kept = walker.take(snapshot, index, wall);
      if (kept === null) continue;
      if (taken === null) taken = [kept];
      else taken.push(kept);
      refusing = everyRule ? refusing.filter((other) => other !== walker) : NONE;
    }
    if (taken !== null) {
      for (const walker of refusing) taken.push(walker.refusal(snapshot, wall));
      return { keeps: true, reasons: taken };
    }
    before = refusals(walkers, snapshot, wall, before);
    return { keeps: false, reasons: before };
  });
}

/** Why each rule refuses: the list of the snapshot before where it says the same, because thousands in a row are refused alike. */
function refusals(
  walkers: readonly Walker[],
  snapshot: Dated,
  wall: number,
  before: readonly Reason[],
): readonly Reason[] {
  let fresh: Reason[] | null = null;
  walkers.forEach((walker, rule) => {
    const reason = walker.refusal(snapshot, wall);
    if (fresh === null && reason === before[rule]) return;
    fresh ??= before.slice(0, rule);
    fresh.push(reason);
  });
  return fresh ?? before;
}

import { dayLabel, type Period, periodLabel } from '../time/period';
import type { CountRule, WithinRule } from './policy';

/**
 * A reason for a verdict, as data; `describeReason` makes the text. Periods and days are local numbers (see period.ts).
 */
export type Reason =
  | {
      readonly code: CountRule;
      readonly kind: 'kept';
      readonly nth: number;
      readonly of: number;
      readonly period: Period;
      readonly oldest: boolean;
    }
  | { readonly code: CountRule; readonly kind: 'full'; readonly of: number }
  | { readonly code: CountRule | WithinRule; readonly kind: 'taken'; readonly period: Period; readonly by: string }
  | {
      readonly code: WithinRule;
      readonly kind: 'kept-within';
      readonly duration: string;
      readonly period: Period | null;
      readonly oldest: boolean;
    }
  | { readonly code: WithinRule; readonly kind: 'outside'; readonly duration: string; readonly newest: string }
  | { readonly code: 'expireAfter'; readonly kind: 'young' | 'old'; readonly duration: string; readonly day: number }
  | { readonly code: 'expire-on'; readonly kind: 'until' | 'passed'; readonly day: string }
  | { readonly code: 'minAge'; readonly kind: 'young'; readonly duration: string }
  | { readonly code: 'minKeep'; readonly kind: 'newest'; readonly nth: number; readonly of: number }
  | { readonly code: 'all'; readonly kind: 'all' }
  | { readonly code: ExclusionCode; readonly kind: 'excluded'; readonly text: string };

/** Codes of the causes that exclude a snapshot from evaluation. Tag problems have their own code. */
export type ExclusionCode =
  | 'hold'
  | 'unmanaged'
  | 'unfinished'
  | 'future'
  | 'automatic-copy'
  | 'source.unread'
  | 'source.unconfirmed'
  | 'snapshot.incomplete'
  | 'snapshot.conflict'
  | `tag.${string}`;

const many = (count: number): string => (count === Number.POSITIVE_INFINITY ? 'unlimited' : String(count));

const inPeriod = (code: CountRule | WithinRule, period: Period | null): string =>
  code === 'last' || period === null ? '' : ` (${periodLabel(code, period)})`;

function describeKept(reason: Reason & { readonly kind: 'kept' | 'kept-within' }): string {
  const oldest = reason.oldest ? ', the oldest of all' : '';
  const period = inPeriod(reason.code, reason.period);
  return reason.kind === 'kept'
    ? `${reason.code} ${reason.nth} of ${many(reason.of)}${period}${oldest}`
    : `${reason.code} ${reason.duration}${period}${oldest}`;
}

/** Describes a reason in a few words that can be checked against a calendar. */
export function describeReason(reason: Reason): string {
  switch (reason.kind) {
    case 'kept':
    case 'kept-within':
      return describeKept(reason);
    case 'full':
      return `${reason.code}: ${reason.of} of ${reason.of} slots filled`;
    case 'taken':
      return `${reason.code}: ${periodLabel(reason.code, reason.period)} already kept by ${reason.by}`;
    case 'outside':
      return `${reason.code}: not within ${reason.duration} of the newest, ${reason.newest}`;
    case 'young':
      return reason.code === 'minAge'
        ? `younger than ${reason.duration} (minAge)`
        : `younger than ${reason.duration} until ${dayLabel(reason.day)}`;
    case 'old':
      return `${reason.duration} old since ${dayLabel(reason.day)}`;
    case 'until':
      return `kept through ${reason.day} (expire-on)`;
    case 'passed':
      return `expire-on ${reason.day} has passed`;
    case 'newest': {
      const position = reason.nth === 1 ? 'newest' : `number ${reason.nth} from the newest`;
      return `${position} of its source (minKeep ${reason.of})`;
    }
    case 'all':
      return 'the policy keeps all';
    case 'excluded':
      return reason.text;
  }
}

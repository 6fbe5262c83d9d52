import { dayLabel, type Period, periodLabel } from '../time/period';
import type { CountRule, WithinRule } from './policy';

/**
 * Why a snapshot is kept, or why nothing keeps it. Data, so that a million of them stay cheap; `describe` makes the sentence.
 * Buckets and days are numbers of the local calendar (see period.ts).
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

/** Codes of what sets a snapshot aside: kept, never counted. Tag problems carry the problem's own code. */
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

/** The sentence for a reason, short enough for a list and exact enough to check against a calendar. */
export function describeReason(reason: Reason): string {
  switch (reason.kind) {
    case 'kept': {
      const where = reason.code === 'last' ? '' : ` (${periodLabel(reason.code, reason.period)})`;
      return `${reason.code} ${reason.nth} of ${many(reason.of)}${where}${reason.oldest ? ', the oldest of all' : ''}`;
    }
    case 'full':
      return `${reason.code}: ${reason.of} of ${reason.of} slots filled`;
    case 'taken':
      return `${reason.code}: ${periodLabel(reason.code, reason.period)} already kept by ${reason.by}`;
    case 'kept-within': {
      const where = reason.period === null ? '' : ` (${periodLabel(reason.code, reason.period)})`;
      return `${reason.code} ${reason.duration}${where}${reason.oldest ? ', the oldest of all' : ''}`;
    }
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
    case 'newest':
      return `${reason.nth === 1 ? 'newest' : `number ${reason.nth} from the newest`} of its source (minKeep ${reason.of})`;
    case 'all':
      return 'the policy keeps all';
    case 'excluded':
      return reason.text;
  }
}

import * as z from 'zod/mini';
import { type COUNT_RULES, MAX_COUNT, type WITHIN_RULES } from '../core/policy/policy';
import { meantCount, meantKeep, withSuggestion } from './suggestions';
import { duration, map, notes, pattern, refuse, TAG_SIGNS, TAG_TEXT, whole } from './values';

const COUNT = withSuggestion(`a whole number from 0 to ${MAX_COUNT}, or unlimited`, meantCount);
const count = z.union([whole(0, COUNT, 'How many to keep.'), z.literal('unlimited')], { error: COUNT });

const KEEP = withSuggestion('all, or a map of keep rules such as { last: 3, daily: 7 }', meantKeep);
const counted = (description: string) => z.optional(count).register(notes, { description });
const window = duration('Counted back from the newest snapshot.');
const windowed = (description: string) => z.optional(window).register(notes, { description });
const newestProblem = (period: string): string =>
  `Keeps the newest snapshot of each of this many ${period} that have one.`;
const withinOf = (period: string): string =>
  `Keeps the newest snapshot of each ${period} within this time before the newest snapshot.`;
const keepRules = map(
  {
    last: counted('Keeps this many of the newest snapshots.'),
    hourly: counted(newestProblem('hours')),
    daily: counted(newestProblem('days')),
    weekly: counted(newestProblem('ISO weeks')),
    monthly: counted(newestProblem('months')),
    yearly: counted(newestProblem('years')),
    within: windowed('Keeps every snapshot within this time before the newest snapshot.'),
    withinHourly: windowed(withinOf('hour')),
    withinDaily: windowed(withinOf('day')),
    withinWeekly: windowed(withinOf('ISO week')),
    withinMonthly: windowed(withinOf('month')),
    withinYearly: windowed(withinOf('year')),
  } satisfies Record<(typeof COUNT_RULES | typeof WITHIN_RULES)[number], unknown>,
  KEEP,
  'Keep rules are a union: one that keeps is enough.',
);

const POLICY_NAME = `a policy name: 1 to 256 ${TAG_SIGNS}, no space at its ends`;
/** The name of a policy: what a tag value can hold. */
export const policyName = pattern(POLICY_NAME, new RegExp(`^(?!\\p{Z})${TAG_TEXT}{1,256}(?<!\\p{Z})$`, 'u'));

/** A policy: keep rules, an age, or both. */
export const policy = map(
  {
    keep: z.optional(
      z
        .union([z.literal('all'), keepRules], { error: KEEP })
        .register(notes, { description: 'Keep rules, or all. A snapshot that one rule keeps is kept.' }),
    ),
    expireAfter: z.optional(duration('Keeps every snapshot that is younger than this.')),
  },
  'a policy such as { keep: { last: 3 }, expireAfter: 30d }',
  'Keep rules, an age, or both.',
)
  .check(
    refuse(({ keep, expireAfter }) => {
      const keeps = keep === 'all' || Object.values(keep ?? {}).some((amount) => amount !== undefined && amount !== 0);
      return keeps || expireAfter !== undefined
        ? null
        : 'a policy with a positive keep rule or expireAfter (an empty one would say nothing)';
    }, true),
  )
  .register(notes, {
    // A map without a number or with zeros alone keeps nothing.
    anyOf: [
      { required: ['expireAfter'] },
      { required: ['keep'], properties: { keep: { not: { type: 'object', additionalProperties: { const: 0 } } } } },
    ],
  });

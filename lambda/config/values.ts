import * as z from 'zod/mini';
import { MAX_COUNT } from '../core/policy/policy';
import { REGION } from '../core/snapshot/region';
import { DURATION_SHAPE, parseDuration } from '../core/time/duration';
import { meantDuration } from '../core/time/meant-duration';
import { meantFlag, meantList, meantRegion, type Suggest, withSuggestion } from './suggestions';

/** What editors are told about a value, by its schema; only the JSON Schema is made from it. */
export const notes = z.registry<Record<string, unknown>>();

/** Every message in this schema says what was expected; `problems.ts` adds what was got. */
type Refusal = string | { readonly expected: string; readonly suggestion: string | null } | null;

/**
 * A check of our own: `evaluate` answers null, or what was expected. With `ifSound` it is asked only about a value in
 * which nothing else is wrong.
 */
export function refuse<T>(evaluate: (value: T) => Refusal, ifSound = false): z.core.$ZodCheck<T> {
  return z.check<T>((payload) => {
    if (ifSound && payload.issues.length > 0) return;
    const refusal = evaluate(payload.value);
    if (refusal === null) return;
    const { expected, suggestion } = typeof refusal === 'string' ? { expected: refusal, suggestion: null } : refusal;
    payload.issues.push({
      code: 'custom',
      input: payload.value,
      message: expected,
      params: { suggestion },
      continue: true,
    });
  });
}

/** A text that `evaluate` accepts. */
export const text = (expected: string, evaluate: (value: string) => Refusal, hint: Record<string, unknown> = {}) =>
  z.string({ error: expected }).check(refuse(evaluate)).register(notes, hint);

/** What a tag key or value may consist of, as a class for patterns, and for people. */
export const TAG_TEXT = '[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]';
export const TAG_SIGNS = 'letters, digits, spaces and + - = . _ : / @';
/** The same where `\p` is not known, as in Python; it takes some signs too many beyond ASCII. */
const PORTABLE_TAG_TEXT = '[^\\x00-\\x1f!-*,;<>?\\[-\\^\\x60{-\\x9f]';

/** The source of a pattern, as every reader of the JSON Schema understands it. */
const portable = ({ source }: RegExp): string =>
  source.replaceAll(TAG_TEXT, PORTABLE_TAG_TEXT).replaceAll('\\p{Z}', '\\s');

/** A text of a certain shape. */
export const pattern = (expected: string, shape: RegExp, description?: string) =>
  text(expected, (value) => (shape.test(value) ? null : expected), {
    pattern: portable(shape),
    ...(description && { description }),
  });

/** A map of known keys. The message of an unknown key is the list of known ones. */
export const map = <T extends z.core.$ZodLooseShape>(shape: T, expected: string, description: string) =>
  z
    .strictObject(shape, {
      error: (issue) => (issue.code === 'unrecognized_keys' ? Object.keys(shape).join(', ') : expected),
    })
    .register(notes, { description });

/** One of some words. */
export const oneOf = <const T extends readonly string[]>(words: T) =>
  z.enum(words, { error: `one of ${words.join(', ')}` });

/** A number within bounds. */
export const number = (least: number, most: number, expected: string, description: string) =>
  z
    .number({ error: expected })
    .check(z.minimum(least, { error: expected }), z.maximum(most, { error: expected }))
    .register(notes, { description });

/** A whole number from `least` to the most that a count may be. */
export const whole = (least: number, expected: string, description: string) =>
  z
    .int({ error: expected })
    .check(z.minimum(least, { error: expected }), z.maximum(MAX_COUNT, { error: expected }))
    .register(notes, { description });

const FLAG = withSuggestion('true or false, without quotes', meantFlag);
/** True or false. */
export const flag = (description: string) => z.boolean({ error: FLAG }).register(notes, { description });

/**
 * A list in which nothing stands twice. `least` is what was expected in the place of an empty one; null: it may be
 * empty. `most` is a number.
 */
export const list = <T extends z.ZodMiniType<string, string>>(
  item: T,
  {
    what,
    expected,
    least,
    most,
    description,
    meant = meantList,
  }: {
    readonly what: string;
    readonly expected: string;
    readonly least: string | null;
    readonly most?: number;
    readonly description?: string;
    readonly meant?: Suggest;
  },
) =>
  z
    .array(item, { error: withSuggestion(expected, meant) })
    .check(
      refuse<readonly string[]>((items) => {
        const seen = new Set<string>();
        const twice = items.find((item) => {
          const again = seen.has(item);
          seen.add(item);
          return again;
        });
        return twice === undefined ? null : `each ${what} once (${twice} is listed twice)`;
      }),
      refuse<readonly string[]>((items) => (items.length > 0 ? null : least)),
      refuse<readonly string[]>(({ length }) =>
        most === undefined || length <= most ? null : `at most ${most} ${what}s`,
      ),
    )
    .register(notes, {
      ...(description && { description }),
      ...(least !== null && { minItems: 1 }),
      ...(most !== undefined && { maxItems: most }),
      uniqueItems: true,
    });

const DURATION = withSuggestion('a duration such as 36h, 30d, 2w, 6mo, 1y6mo or P30D', meantDuration);
/** A duration as it is written; `parseDuration` has the last word. */
export const duration = (description: string) =>
  text(
    DURATION,
    (value) => {
      const parsed = parseDuration(value);
      return parsed.ok ? null : { expected: parsed.expected, suggestion: meantDuration(value) };
    },
    { description, pattern: DURATION_SHAPE, examples: ['30d', '1y6mo'] },
  );

/** The key of a tag. */
export const tagKeyFor = (description?: string) =>
  pattern(`a tag key: 1 to 128 ${TAG_SIGNS}`, new RegExp(`^${TAG_TEXT}{1,128}$`, 'u'), description);
export const tagKey = tagKeyFor();
const TAG_VALUE = `a tag value in quotes (1 to 256 ${TAG_SIGNS}), or "*" for any value and for none`;
const tagValue = pattern(TAG_VALUE, new RegExp(`^(\\*|${TAG_TEXT}{1,256})$`, 'u'));
/** Tags that must match: key to value, or `"*"`. */
export const tagMap = (description: string) =>
  z
    .record(tagKey, tagValue, { error: 'a map of tag keys to values, such as { env: prod }' })
    .register(notes, { description });

/** The pattern of one of some words, or of a region. */
export const wordOrRegion = (...words: readonly string[]): RegExp =>
  new RegExp(`^(?:${words.join('|')})$|${REGION.source}`);
/** One region. */
export const regionName = text(
  'a region such as eu-central-1',
  (value) =>
    REGION.test(value) ? null : { expected: 'a region such as eu-central-1', suggestion: meantRegion(value) },
  { pattern: portable(REGION) },
);

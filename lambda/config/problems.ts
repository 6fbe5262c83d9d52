import type * as z from 'zod/mini';
import type { HiddenRule } from '../core/policy/config';
import { jsonText } from '../core/util/safe-text';
import { closest } from './closest';
import { suggestionFor } from './suggestions';

/** Keys and list positions from the top of a configuration to the place concerned. */
export type Keys = readonly (string | number)[];

/** One thing that is wrong with a configuration, as data; `describeProblem` makes the sentence. */
export interface ConfigProblem {
  /** `policies.standard.keep.daily`, `rules[0].match`; empty for the configuration as a whole. */
  readonly path: string;
  readonly keys: Keys;
  /** Whether the key itself is wrong, or its value. */
  readonly on: 'key' | 'value';
  readonly got: string;
  readonly expected: string;
  /** What was probably meant. */
  readonly suggestion?: string;
  /** What else helps: what about the value or its line is probably wrong. */
  readonly hint?: string;
  /** True where a text was expected: a number or a word such as true becomes one in quotes. */
  readonly wantsText?: true;
  /** From 1, where the configuration came from a file. */
  readonly line?: number;
  readonly column?: number;
}

/** Something that works, and is probably not what was meant. */
export interface ConfigWarning {
  readonly code: HiddenRule['code'] | 'policy.unused' | 'policy.no-effect';
  /** The rule concerned, and the one that covers it. */
  readonly rule: string | null;
  readonly by: string | null;
  readonly path: string;
  readonly keys: Keys;
  readonly message: string;
  readonly line?: number;
  readonly column?: number;
}

type Issue = z.core.$ZodIssue;

const MAX_SHOWN_LENGTH = 60;
/** What a terminal would obey rather than show, and what cannot be told from a space or from nothing. */
const UNPRINTABLE = /[\u007f-\u00a0\u00ad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2069\u3000\ufeff]/g;

function quotedValue(text: string): string {
  const short = text.length > MAX_SHOWN_LENGTH ? `${text.slice(0, MAX_SHOWN_LENGTH)}…` : text;
  return jsonText(short).replace(UNPRINTABLE, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A value as a person would name it; short whatever its size. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'nothing (null)';
  if (typeof value === 'string') return quotedValue(value);
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object') return Object.keys(value).length === 0 ? 'an empty map' : 'a map';
  return String(value).slice(0, MAX_SHOWN_LENGTH);
}

/** `policies.standard.keep.daily`, `rules[0].match.tags["team:a"]`. */
export function pathText(keys: Keys): string {
  return keys.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    if (!/^[\w-]{1,60}$/.test(key)) return `${text}[${quotedValue(key)}]`;
    return text === '' ? key : `${text}.${key}`;
  }, '');
}

/** A problem at a place. */
export function problemAt(
  keys: Keys,
  got: string,
  expected: string,
  more: {
    readonly suggestion?: string | null;
    readonly hint?: string | null;
    readonly on?: 'key';
    readonly wantsText?: boolean;
  } = {},
): ConfigProblem {
  const { suggestion, hint, on = 'value', wantsText } = more;
  return {
    ...{ path: pathText(keys), keys, on, got, expected },
    ...(typeof suggestion === 'string' && { suggestion }),
    ...(typeof hint === 'string' && { hint }),
    ...(wantsText && { wantsText }),
  };
}

function valueAt(input: unknown, keys: Keys): unknown {
  return keys.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined,
    input,
  );
}

/** The alternative that was meant: one whose outer form fits, so that its inner issues say what is wrong. */
const meantAlternative = (alternatives: readonly (readonly Issue[])[]): readonly Issue[] | undefined =>
  alternatives.find(
    (issues) =>
      issues.length > 0 && !issues.some((issue) => issue.path.length === 0 && issue.code.startsWith('invalid_')),
  );

/** Whether a text was expected where a number or a truth value was got. */
function wantsText(issue: Issue, value: unknown): boolean {
  if (typeof value !== 'number' && typeof value !== 'boolean') return false;
  if (issue.code === 'invalid_union')
    return issue.errors.some((issues) => issues.some((inner) => wantsText(inner, value)));
  return issue.code === 'invalid_type' && issue.expected === 'string';
}

/** What an unknown key is probably: a slip, or a known one without the space after its colon. */
function meantKey(key: string, known: readonly string[]): string | null {
  const [, name = '', value = ''] = /^([A-Za-z]+):(\S.*)$/.exec(key) ?? [];
  return known.includes(name) ? `${name}: ${value} (with a space)` : closest(key, known);
}

/** A number with a comma becomes two entries of a map in braces. */
const commaHint = (keys: Keys, value: unknown): string | null =>
  value === null && /^\d+$/.test(String(keys.at(-1)))
    ? 'a comma separates entries: write a number without one, and decimals with a point'
    : null;

function plainProblem(keys: Keys, issue: Issue, input: unknown): ConfigProblem {
  const value = valueAt(input, keys);
  const meant = suggestionFor(issue.message, value);
  const isText = meant === undefined && wantsText(issue, value);
  return problemAt(keys, show(value), issue.message, {
    suggestion: isText ? JSON.stringify(String(value)) : (meant ?? null),
    hint: commaHint(keys, value),
    wantsText: isText,
  });
}

function fromIssue(issue: Issue, above: Keys, input: unknown): readonly ConfigProblem[] {
  const keys = [...above, ...issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key))];
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = issue.message.split(', ');
      return issue.keys.map((key) => {
        const inner = [...keys, key];
        const [suggestion, hint] = [meantKey(key, known), commaHint(inner, valueAt(input, inner))];
        return problemAt(inner, 'an unknown key', `one of ${known.join(', ')}`, { suggestion, hint, on: 'key' });
      });
    }
    case 'invalid_union': {
      const meant = meantAlternative(issue.errors);
      if (meant) return meant.flatMap((inner) => fromIssue(inner, keys, input));
      break;
    }
    case 'invalid_key':
      return [
        problemAt(keys, quotedValue(String(keys.at(-1))), issue.issues[0]?.message ?? issue.message, { on: 'key' }),
      ];
    case 'invalid_value': {
      const value = valueAt(input, keys);
      const words = issue.values.filter((word) => typeof word === 'string');
      const meant = typeof value === 'string' ? closest(value, words) : null;
      return [
        problemAt(keys, show(value), issue.message, { suggestion: suggestionFor(issue.message, value) ?? meant }),
      ];
    }
    case 'custom':
      return [
        problemAt(keys, show(valueAt(input, keys)), issue.message, {
          suggestion: typeof issue.params?.suggestion === 'string' ? issue.params.suggestion : null,
        }),
      ];
  }
  return [plainProblem(keys, issue, input)];
}

/**
 * The validator's issues as problems, the first of each place. In this schema an issue's message says what was
 * expected.
 */
export function fromIssues(issues: readonly Issue[], input: unknown): readonly ConfigProblem[] {
  return issues.flatMap((issue) => fromIssue(issue, [], input));
}

/** The first problem of each place. */
export function firstOfEachPlace(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  return [...new Map([...problems].reverse().map((problem) => [problem.path, problem])).values()].reverse();
}

const place = (origin: string, { line, column }: ConfigProblem | ConfigWarning): string =>
  line === undefined || column === undefined ? origin : `${origin}:${line}:${column}`;

const got = ({ got: value, expected }: ConfigProblem): string => `got ${value}, expected ${expected}`;
const also = ({ hint }: ConfigProblem): string => (hint === undefined ? '' : `; ${hint}`);

/** What is wrong, without place and suggestion. */
export const problemMessage = (problem: ConfigProblem): string => `${got(problem)}${also(problem)}`;

/** `retention.yaml:12:9 policies.standard.keep.daily: got -1, expected …; did you mean …?`, one line. */
export function describeProblem(problem: ConfigProblem, origin: string): string {
  const where = problem.path === '' ? '' : ` ${problem.path}`;
  const meant = problem.suggestion === undefined ? '' : `; did you mean ${problem.suggestion}?`;
  return `${place(origin, problem)}${where}: ${got(problem)}${meant}${also(problem)}`;
}

/** `retention.yaml:14:3 policies.short: …`, one line. */
export const describeWarning = (warning: ConfigWarning, origin: string): string =>
  `${place(origin, warning)} ${warning.path}: ${warning.message}`;

const MAX_LINES = 50;

/**
 * All problems for a terminal or a log, one a line, in the order of the file; a file that is wrong throughout is cut
 * short, and says so.
 */
export function formatConfigProblems(problems: readonly ConfigProblem[], origin: string): string {
  const lines = problems.slice(0, MAX_LINES).map((problem) => describeProblem(problem, origin));
  const more = problems.length - lines.length;
  return [...lines, ...(more > 0 ? [`… and ${more} more`] : [])].join('\n');
}

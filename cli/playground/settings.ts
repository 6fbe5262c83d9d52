import type { Rhythm } from '../../lambda/core/policy/schedule';
import type { SimulatedSource } from '../../lambda/core/policy/simulate';
import { KINDS, type Tags } from '../../lambda/core/snapshot/snapshot';
import type { Duration } from '../../lambda/core/time/duration';

const ofDays = (days: number, text = `${days}d`): Duration => ({ years: 0, months: 0, days, hours: 0, text });
const ofMonths = (months: number): Duration => ({ years: 0, months, days: 0, hours: 0, text: `${months}mo` });
const ofYears = (years: number): Duration => ({ years, months: 0, days: 0, hours: 0, text: `${years}y` });
const ofHours = (hours: number): Duration => ({ years: 0, months: 0, days: 0, hours, text: `${hours}h` });

/** A choice of a list, with its value. */
interface Choice<Value> {
  readonly id: string;
  readonly label: string;
  readonly value: Value;
}

/** How often a snapshot is made. */
export const RHYTHM_CHOICES: readonly Choice<Rhythm>[] = [
  { id: '1h', label: 'hour', value: { every: ofHours(1) } },
  { id: '12h', label: '12 hours', value: { every: ofHours(12) } },
  { id: '1d', label: 'day', value: { every: ofDays(1) } },
  { id: '2d', label: '2 days', value: { every: ofDays(2) } },
  { id: 'sunday', label: 'week, on Sunday', value: { weekday: 6 } },
  { id: '1mo', label: 'month', value: { every: ofMonths(1) } },
];

/** How long ago the first snapshot was made. */
export const SINCE_CHOICES: readonly Choice<Duration>[] = [
  { id: '1d', label: 'today', value: ofDays(1) },
  { id: '30d', label: '30 days ago', value: ofDays(30) },
  { id: '6mo', label: '6 months ago', value: ofMonths(6) },
  { id: '1y', label: '1 year ago', value: ofYears(1) },
  { id: '2y', label: '2 years ago', value: ofYears(2) },
  { id: '4y', label: '4 years ago', value: ofYears(4) },
];

/** The day that is shown, in days from today. */
export const DAY_CHOICES: readonly Choice<number>[] = [
  { id: '0', label: 'today', value: 0 },
  { id: '30', label: 'in 30 days', value: 30 },
  { id: '365', label: 'in 1 year', value: 365 },
  { id: '1095', label: 'in 3 years', value: 1_095 },
];

export const DEFAULT_CHOICES = {
  every: '1d',
  since: '2y',
  day: '0',
  gb: 60,
  name: 'web',
  region: 'us-east-1',
} as const;

/** Snapshots to try a policy on. */
export interface TrySettings {
  readonly rhythm: Rhythm;
  readonly span: Duration;
  readonly daysAhead: number;
  readonly sizeGb: number;
  readonly source: SimulatedSource;
}

/** The fields of the page, by id. */
export type FieldTexts = Readonly<
  Record<'every' | 'since' | 'day' | 'gb' | 'name' | 'kind' | 'region' | 'source-tags' | 'snapshot-tags', string>
>;

const MAX_TRIED_GB = 1_000_000;
const MAX_TRIED_TAGS = 50;

function chosen<Value>(choices: readonly Choice<Value>[], id: string, usual: string): Value {
  const found = choices.find((choice) => choice.id === id) ?? choices.find((choice) => choice.id === usual);
  if (found === undefined) throw new Error(`the page has no choice "${usual}"`);
  return found.value;
}

/** Tags as `env=prod, retention:hold`; a tag without `=` has no value. */
export function readTags(text: string): Tags {
  const parts = text
    .split(/[,\n]/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
  return new Map(
    parts.slice(0, MAX_TRIED_TAGS).map((part): readonly [string, string | null] => {
      const at = part.indexOf('=');
      return at < 0 ? [part, null] : [part.slice(0, at).trim(), part.slice(at + 1).trim()];
    }),
  );
}

/** A whole number of GB; null: it is none, or out of range. */
function readGb(text: string): number | null {
  const gb = Number(text);
  return Number.isInteger(gb) && gb >= 1 && gb <= MAX_TRIED_GB ? gb : null;
}

/** What is wrong with the size, and which one counts instead; null: nothing. */
export const sizeProblem = (text: string): string | null =>
  readGb(text) === null
    ? `Size: got ${text === '' ? 'no number' : text}, expected a whole number of GB from 1 to ${MAX_TRIED_GB}. ` +
      `The result is for ${DEFAULT_CHOICES.gb} GB.`
    : null;

/** Reads the fields; a field that is not valid counts as its default. */
export function readSettings(fields: FieldTexts): TrySettings {
  return {
    rhythm: chosen(RHYTHM_CHOICES, fields.every, DEFAULT_CHOICES.every),
    span: chosen(SINCE_CHOICES, fields.since, DEFAULT_CHOICES.since),
    daysAhead: chosen(DAY_CHOICES, fields.day, DEFAULT_CHOICES.day),
    sizeGb: readGb(fields.gb) ?? DEFAULT_CHOICES.gb,
    source: {
      kind: KINDS.find((kind) => kind === fields.kind) ?? 'instance',
      region: fields.region,
      name: fields.name.trim() || DEFAULT_CHOICES.name,
      tags: readTags(fields['source-tags']),
      snapshotTags: readTags(fields['snapshot-tags']),
    },
  };
}

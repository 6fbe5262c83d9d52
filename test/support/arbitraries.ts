import fc from 'fast-check';
import type { Config } from '../../lambda/core/policy/config';
import {
  FINISHED_STATE,
  type Kind,
  type Snapshot,
  type SourceLookup,
  type SourceState,
} from '../../lambda/core/snapshot/snapshot';
import type { Zone } from '../../lambda/core/time/zone';
import { makeZone } from '../../lambda/runtime/iana-zone';
import { aConfig } from './config-builder';
import { aSnapshot, aSource } from './report-builder';
import { runs } from './runs';
import { living, tagged } from './snapshot-builder';

/** Runs of each property; mutation testing, which repeats them for every mutant, asks for fewer. */
export const RUNS = Number(process.env.PROPERTY_RUNS ?? runs(300, 1_000));

/**
 * How properties are checked. Who asks for fewer runs wants to know that one fails, not the smallest world in which it
 * does.
 */
export const CHECKS = { numRuns: RUNS, endOnFailure: process.env.PROPERTY_RUNS !== undefined } as const;

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const DAY = 24 * HOUR;

/**
 * Zones, each with the instants at which its wall clock jumps. From 2011 on: until then St John's set its clock back at
 * 00:01, across midnight, where days alternate and the one-per-bucket rule is not monotone (Lightsail is of 2016).
 */
const ZONES: Readonly<Record<string, readonly string[]>> = {
  UTC: [],
  'Europe/Berlin': ['2026-03-29T01:00:00Z', '2026-10-25T01:00:00Z'],
  'America/New_York': ['2026-03-08T07:00:00Z', '2026-11-01T06:00:00Z'],
  'Australia/Lord_Howe': ['2026-04-04T15:00:00Z', '2026-10-03T15:30:00Z'],
  'Asia/Kathmandu': ['2026-12-31T18:15:00Z'],
  'Pacific/Apia': ['2011-12-30T10:00:00Z', '2020-09-26T14:00:00Z'],
  'America/St_Johns': ['2026-03-08T05:30:00Z', '2026-11-01T04:30:00Z'],
};

/** Year ends, ISO weeks 53 (2020, 2026) and 1, leap days, ends of long and short months. */
const DATES = [
  '2020-12-31T23:59:59Z',
  '2021-01-03T12:00:00Z',
  '2026-12-31T23:30:00Z',
  '2027-01-01T00:30:00Z',
  '2024-02-29T12:00:00Z',
];
const MONTH_ENDS = [
  '2028-02-29T00:00:00Z',
  '2026-03-31T10:00:00Z',
  '2026-04-01T10:00:00Z',
  '2026-03-01T00:00:00Z',
  '2026-05-31T23:00:00Z',
];

const UNITS = ['y', 'mo', 'w', 'd', 'h'] as const;

/** The first of these values so many times as often as each other. */
const often = <T>(weight: number, first: T, ...others: T[]): fc.Arbitrary<T> =>
  fc.oneof(
    { weight, arbitrary: fc.constant(first) },
    ...others.map((other) => ({ weight: 1, arbitrary: fc.constant(other) })),
  );

/** Durations as they are written: hours alone, or any units. */
export const hours = fc.integer({ min: 1, max: 800 }).map((amount) => `${amount}h`);
export const anyDuration = fc
  .tuple(
    fc.constantFrom(0, 0, 0, 1, 2),
    fc.constantFrom(0, 0, 1, 1, 2, 13),
    fc.constantFrom(0, 0, 0, 1, 3),
    fc.constantFrom(0, 0, 1, 2, 7, 30),
    fc.constantFrom(0, 0, 0, 1, 25),
  )
  .filter((amounts) => amounts.some((amount) => amount > 0))
  .map((amounts) => amounts.map((amount, i) => (amount > 0 ? `${amount}${UNITS[i]}` : '')).join(''));

export interface WrittenKeep {
  readonly [rule: string]: number | string;
}

/** A policy as retention.yaml spells it. */
export interface WrittenPolicy {
  readonly keep?: WrittenKeep | 'all';
  readonly expireAfter?: string;
}

export const COUNTS = ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;
export const WINDOWS = [
  'within',
  'withinHourly',
  'withinDaily',
  'withinWeekly',
  'withinMonthly',
  'withinYearly',
] as const;

const aCount = often<number | string>(3, 1, 2, 3, 5, 'unlimited');
const pick = (rules: readonly string[]) => fc.subarray([...rules], { minLength: 1, maxLength: 3 });

const aKeep = (length: fc.Arbitrary<string>): fc.Arbitrary<WrittenKeep> =>
  fc
    .tuple(fc.oneof(pick(COUNTS), fc.constant([])), fc.oneof(pick(WINDOWS), fc.constant([])))
    .filter(([counts, windows]) => counts.length + windows.length > 0)
    .chain(([counts, windows]) =>
      fc.record<WrittenKeep>({
        ...Object.fromEntries(counts.map((rule) => [rule, aCount])),
        ...Object.fromEntries(windows.map((rule) => [rule, length])),
      }),
    );

/** What a world is made of. */
export interface Terrain {
  /** How long windows are and how old things get: `hours`, or `anyDuration`. */
  readonly lengths: fc.Arbitrary<string>;
  /** Whether `expireAfter` and `expire-on` occur, and holds that end. */
  readonly timed: boolean;
}

const aPolicy = ({ lengths, timed }: Terrain): fc.Arbitrary<WrittenPolicy> => {
  const keep = aKeep(lengths);
  const untimed = fc.oneof(
    { weight: 9, arbitrary: keep.map((rules): WrittenPolicy => ({ keep: rules })) },
    { weight: 1, arbitrary: fc.constant({ keep: 'all' } as const) },
  );
  const aged = lengths.map((expireAfter): WrittenPolicy => ({ expireAfter }));
  return timed ? fc.oneof(untimed, aged, fc.record({ keep, expireAfter: lengths })) : untimed;
};

/** An inline policy as tags spell it. */
const inlineTags = ({ lengths, timed }: Terrain): fc.Arbitrary<Record<string, string>> => {
  const keep = aKeep(lengths).map((rules) => ({
    'retention:keep': Object.entries(rules)
      .map(([rule, amount]) => `${rule}=${amount}`)
      .join(' '),
  }));
  const after = lengths.map((length) => ({ 'retention:expire-after': length }));
  const both = fc.tuple(keep, after).map(([rules, age]) => ({ ...rules, ...age }));
  const on = fc
    .constantFrom('2026-03-30', '2026-10-25', '2026-12-31', '2020-12-31', '2011-12-30')
    .map((day) => ({ 'retention:expire-on': day }));
  return timed ? fc.oneof(keep, after, both, on) : keep;
};

/** Tags that keep in every case: holds that do not end, and what cannot be followed. */
export const KEEPING: readonly Readonly<Record<string, string | null>>[] = [
  { 'retention:hold': null },
  { 'retention:hold': 'because Ann asked for it' },
  { 'retention:hold': 'until 2026-02-30' },
  { 'retention:hold': 'until 9999-12-31' },
  { no_delete: '' },
  { 'retention:policy': 'standrad' },
  { 'retention:policy': null },
  { 'retention:keep': 'daily=-1' },
  { 'retention:keep': 'daily=7 daily=7' },
  { 'retention:expire-after': '30m' },
  { 'retention:expire-on': '2011-02-29' },
  { 'retention:policy': 'short', 'retention:keep': 'last=1' },
  { 'Retention:Keep': 'last=1' },
  { 'retention:expires': '2011-01-01' },
];

const GAPS = [
  0,
  0,
  SECOND,
  60 * SECOND,
  HOUR / 2,
  HOUR,
  HOUR,
  6 * HOUR,
  DAY,
  DAY,
  DAY,
  7 * DAY,
  29 * DAY,
  31 * DAY,
  365 * DAY,
];
/** Now, seen from the newest snapshot: before it, within the clocks' tolerance, at it, after it. */
const AHEAD = [
  -30 * DAY,
  -301 * SECOND,
  -300 * SECOND,
  -SECOND,
  0,
  SECOND,
  HOUR,
  DAY,
  DAY + SECOND,
  31 * DAY,
  31 * DAY,
  90 * DAY,
  400 * DAY,
];

const POLICY_NAMES = ['standard', 'short', 'long'] as const;
export const SOURCES = ['web', 'db', 'old'] as const;

/** All that a decision is made of, and the snapshots that it may on no account let expire. */
export interface World {
  readonly written: {
    readonly timezone: string;
    readonly policies: Readonly<Record<string, WrittenPolicy>>;
    readonly rules: readonly Readonly<Record<string, unknown>>[];
    readonly default?: string;
    readonly floors: { readonly minKeep: number; readonly minAge: string };
  };
  readonly snapshots: readonly Snapshot[];
  readonly sources: SourceLookup;
  readonly now: number;
  readonly mustKeep: ReadonlySet<Snapshot>;
}

const zones = new Map<string, Zone>();

/** The configuration of a world. Its zone is made once: ten thousand of them would take most of the time. */
export function configOf({ timezone, ...written }: World['written']): Config {
  const zone = zones.get(timezone) ?? makeZone(timezone);
  zones.set(timezone, zone);
  return { ...aConfig(written), zone };
}

const aDraft = (terrain: Terrain) =>
  fc.record({
    gap: fc.constantFrom(...GAPS),
    source: often<(typeof SOURCES)[number] | null>(9, 'web', 'db', 'old', null),
    region: often(9, 'us-east-1', 'eu-west-1'),
    kind: often<Kind>(12, 'instance', 'disk', 'database'),
    unfinished: often(15, false, true),
    defective: often(19, false, true),
    fromAutoSnapshot: often(9, false, true),
    policyTags: fc.oneof(
      { weight: 12, arbitrary: fc.constant({}) },
      { weight: 2, arbitrary: fc.constantFrom(...POLICY_NAMES).map((name) => ({ 'retention:policy': name })) },
      { weight: 1, arbitrary: inlineTags(terrain) },
    ),
    keeping: fc.oneof(
      { weight: 15, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.constantFrom(...KEEPING) },
    ),
    heldThrough: terrain.timed
      ? often<string | null>(20, null, '2026-03-29', '2026-12-31', '2020-12-31')
      : fc.constant(null),
  });

const aSourceState = (terrain: Terrain): fc.Arbitrary<{ readonly state: SourceState; readonly keeps: boolean }> =>
  fc.oneof(
    { weight: 8, arbitrary: fc.constant({ state: living(), keeps: false }) },
    { weight: 2, arbitrary: fc.constant({ state: { state: 'gone' } as const, keeps: false }) },
    {
      weight: 2,
      arbitrary: inlineTags({ ...terrain, timed: false }).map((tags) => ({ state: living(tags), keeps: false })),
    },
    {
      weight: 1,
      arbitrary: fc.constant({
        state: { state: 'unread', list: { region: 'us-east-1', kind: 'instance' } } as const,
        keeps: true,
      }),
    },
    { weight: 1, arbitrary: fc.constantFrom(...KEEPING).map((tags) => ({ state: living(tags), keeps: true })) },
  );

/** Configurations, snapshots, sources and an instant, thick with what goes wrong in calendars. */
export const aWorld = (terrain: Terrain): fc.Arbitrary<World> =>
  fc
    .record({
      timezone: fc.constantFrom(...Object.keys(ZONES)),
      policies: fc.record({ standard: aPolicy(terrain), short: aPolicy(terrain), long: aPolicy(terrain) }),
      rules: fc.subarray([
        { match: { fromAutoSnapshot: true }, policy: 'short' },
        { match: { orphaned: true, fromAutoSnapshot: 'any' }, policy: 'long' },
        { match: { kind: 'disk' }, policy: 'short' },
      ]),
      unmanaged: often(9, false, true),
      floors: fc.record({
        minKeep: fc.constantFrom(1, 1, 2, 3),
        minAge: fc.oneof({ weight: 3, arbitrary: fc.constant('1h') }, { weight: 1, arbitrary: terrain.lengths }),
      }),
      drafts: fc.array(aDraft(terrain), { maxLength: 24, size: 'max' }),
      states: fc.record({ web: aSourceState(terrain), db: aSourceState(terrain), old: aSourceState(terrain) }),
      ahead: fc.constantFrom(...AHEAD),
    })
    .chain((parts) =>
      fc
        .constantFrom(...(ZONES[parts.timezone] ?? []), ...DATES, ...MONTH_ENDS)
        .map((anchor) => ({ ...parts, anchor: Date.parse(anchor) })),
    )
    .map(({ timezone, policies, rules, unmanaged, floors, drafts, states, ahead, anchor }): World => {
      const mustKeep = new Set<Snapshot>();
      const known = new Map<string, SourceState>();
      // The anchor lies in the middle, so that jumps of the clock lie between snapshots as often as before now.
      let createdAt = anchor + drafts.slice(0, drafts.length / 2).reduce((sum, { gap }) => sum + gap, 0);
      const now = createdAt + ahead;
      const snapshots = drafts.map((draft, i): Snapshot => {
        const { kind, region, fromAutoSnapshot, unfinished, defective, keeping, heldThrough } = draft;
        createdAt -= draft.gap;
        const source = draft.source === null ? null : aSource(draft.source, kind);
        const above = draft.source === null ? null : states[draft.source];
        if (source !== null && above !== null) known.set(source.arn, above.state);
        const hold = heldThrough === null ? {} : { 'retention:hold': `until ${heldThrough}` };
        const snapshot = aSnapshot({
          name: `s${i}`,
          kind,
          region,
          createdAt,
          fromAutoSnapshot,
          source,
          tags: tagged({ ...draft.policyTags, ...hold, ...keeping }),
          state: unfinished ? 'pending' : FINISHED_STATE[kind],
          ...(defective ? { defects: [{ code: 'snapshot.conflict', message: 'seen twice, and not the same' }] } : {}),
        });
        if (unfinished || defective || keeping !== null || above?.keeps) mustKeep.add(snapshot);
        if (createdAt > now + 300 * SECOND) mustKeep.add(snapshot);
        return snapshot;
      });
      return {
        written: { timezone, policies, rules, floors, ...(unmanaged ? {} : { default: 'standard' }) },
        snapshots,
        sources: (arn) => known.get(arn) ?? { state: 'gone' },
        now,
        mustKeep,
      };
    });

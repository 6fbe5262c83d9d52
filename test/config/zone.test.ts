import fc from 'fast-check';
import { UTC } from '../../lambda/core/time/zone';
import { makeZone, zoneName } from '../../lambda/runtime/iana-zone';

const at = (text: string): number => Date.parse(text);
const minutes = (zone: string, instant: string): number => makeZone(zone).offsetAt(at(instant)) / 60_000;

/** The wall clock that the platform prints, read back: another path to the same answer. */
function printedOffset(zone: string, instant: number): number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'iso8601',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const part = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
  const wall = Date.UTC(part.year ?? 0, (part.month ?? 0) - 1, part.day, part.hour, part.minute, part.second);
  return wall - Math.floor(instant / 1000) * 1000;
}

const ZONES = [
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Pacific/Apia',
  'America/St_Johns',
  'Africa/Casablanca',
  'Africa/Monrovia',
  'Asia/Tehran',
  'Etc/GMT+12',
];

test.each([
  ['Europe/Berlin', '2026-03-29T00:59:59.999Z', 60],
  ['Europe/Berlin', '2026-03-29T01:00:00.000Z', 120],
  ['Europe/Berlin', '2026-10-25T00:59:59.999Z', 120],
  ['Europe/Berlin', '2026-10-25T01:00:00.000Z', 60],
  ['America/New_York', '2026-03-08T06:59:59.999Z', -300],
  ['America/New_York', '2026-03-08T07:00:00.000Z', -240],
  ['Australia/Lord_Howe', '2026-04-04T14:59:59.999Z', 660],
  ['Australia/Lord_Howe', '2026-04-04T15:00:00.000Z', 630],
  ['Asia/Kathmandu', '2026-06-01T00:00:00Z', 345],
  ['America/St_Johns', '2026-01-01T00:00:00Z', -210],
  ['America/St_Johns', '2026-07-01T00:00:00Z', -150],
  ['Pacific/Apia', '2011-12-30T09:59:59.999Z', -600],
  ['Pacific/Apia', '2011-12-30T10:00:00.000Z', 840],
  ['Africa/Monrovia', '1970-01-01T00:00:00Z', -44.5],
  ['Etc/GMT+12', '2026-01-01T00:00:00Z', -720],
])('%s at %s is %d minutes from UTC', (zone, instant, offset) => {
  expect(minutes(zone, instant)).toBe(offset);
});

test('every offset is what the platform prints, in whatever order it is asked for', () => {
  const zones = new Map(ZONES.map((name) => [name, makeZone(name)]));
  fc.assert(
    fc.property(
      fc.constantFrom(...ZONES),
      fc.integer({ min: at('1950-01-01T00:00:00Z'), max: at('2060-01-01T00:00:00Z') }),
      (name, instant) => {
        expect(zones.get(name)?.offsetAt(instant)).toBe(printedOffset(name, instant));
      },
    ),
    { numRuns: 2_000 },
  );
});

test('the two days round every change are right to the millisecond', () => {
  const day = 86_400_000;
  for (const name of ZONES) {
    const zone = makeZone(name);
    for (let start = at('2024-01-01T00:00:00Z'); start < at('2026-01-01T00:00:00Z'); start += day) {
      if (printedOffset(name, start) === printedOffset(name, start + day)) continue;
      for (let quarter = 0; quarter < 96; quarter += 1) {
        for (const nudge of [-1, 0]) {
          const instant = start + quarter * 900_000 + nudge;
          expect(zone.offsetAt(instant)).toBe(printedOffset(name, instant));
        }
      }
    }
  }
});

test('instants beyond the calendar have an offset too', () => {
  for (const instant of [8.64e15, -8.64e15, 1e300])
    expect(Number.isFinite(makeZone('Europe/Berlin').offsetAt(instant))).toBe(true);
});

test('UTC is UTC itself', () => {
  expect(makeZone('UTC')).toBe(UTC);
});

test.each([
  ['Europe/Berlin', 'Europe/Berlin'],
  ['europe/berlin', 'Europe/Berlin'],
  ['america/port-au-prince', 'America/Port-au-Prince'],
  ['utc', 'UTC'],
  ['Asia/Kolkata', 'Asia/Kolkata'],
  ['Europe/Kyiv', 'Europe/Kyiv'],
])('the name %s is written %s', (name, written) => {
  expect(zoneName(name)).toBe(written);
});

test.each([
  '',
  'Berlin',
  'Europe/Berlinn',
  '+01:00',
  '-05:00',
  'GMT+1',
  'Local',
  'system',
  ' UTC',
  'UTC\n',
  '../UTC',
  '__proto__',
])('refuses %j as a zone', (name) => {
  expect(zoneName(name)).toBeNull();
});

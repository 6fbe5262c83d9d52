import { decide } from '../../../lambda/core/policy/decide';
import { aSnapshot, NOW } from '../../support/report-builder';
import {
  byDefault,
  calendar,
  daily,
  decided,
  names,
  of,
  sentences,
  series,
  sources,
  tagged,
} from '../../support/snapshot-builder';

const HOUR = 3_600_000;

describe('count rules', () => {
  it.each([
    ['last: 3', { last: 3 }, ['2026-11 ....................KKK']],
    ['daily: 7', { daily: 7 }, ['2026-11 ................KKKKKKK']],
    ['weekly: 3, the newest from each ISO week', { weekly: 3 }, ['2026-11 ..............K......KK']],
    ['last: 1 and weekly: 2, a union', { last: 1, weekly: 2 }, ['2026-11 .....................KK']],
    ['monthly: 1', { monthly: 1 }, ['2026-11 ......................K']],
    ['monthly: unlimited, and the oldest of all', { monthly: 'unlimited' }, ['2026-11 K.....................K']],
    ['yearly: 2, and the oldest of all in the slot that is left', { yearly: 2 }, ['2026-11 K.....................K']],
  ])('%s', (_, keep, picture) => {
    expect(calendar(decided(daily(23), byDefault({}, { keep })))).toEqual(picture);
  });

  it('keep two years of months as a person would tick them off', () => {
    const instants = Array.from({ length: 100 }, (_, week) =>
      new Date(NOW - 6 * HOUR - week * 7 * 24 * HOUR).toISOString(),
    );
    expect(calendar(decided(series(instants), byDefault({}, { keep: { weekly: 4, monthly: 6, yearly: 2 } })))).toEqual([
      '2026-11  K      K      K      K',
      '2026-10     .      .      .      K',
      '2026-09       .      .      .      K',
      '2026-08   .      .      .      .      K',
      '2026-07      .      .      .      K',
      '2026-06 .      .      .      .      K',
      '2026-05    .      .      .      .',
      '2026-04      .      .      .      .',
      '2026-03  .      .      .      .      .',
      '2026-02  .      .      .      .',
      '2026-01     .      .      .      .',
      '2025-12 .      .      .      .      K',
      '2025-11   .      .      .      .',
      '2025-10      .      .      .      .',
      '2025-09 .      .      .      .      .',
      '2025-08    .      .      .      .',
      '2025-07       .      .      .      .',
      '2025-06  .      .      .      .      .',
      '2025-05     .      .      .      .',
      '2025-04       .      .      .      .',
      '2025-03   .      .      .      .      .',
      '2025-02   .      .      .      .',
      '2025-01      .      .      .      .',
      '2024-12                              .',
    ]);
  });

  it('take one per hour, the hour that a clock shows twice being one', () => {
    const night = [
      '2026-10-25T03:30:00Z',
      '2026-10-25T01:45:00Z',
      '2026-10-25T01:15:00Z',
      '2026-10-25T00:15:00Z',
      '2026-10-24T23:30:00Z',
    ];
    const decision = decided(
      night.map((instant, i) => aSnapshot({ name: `${i}`, createdAt: Date.parse(instant) })),
      byDefault({ timezone: 'Europe/Berlin' }, { keep: { hourly: 3 } }),
    );
    expect(names(decision, 'keep')).toEqual(['0', '1', '4']);
    expect(sentences(of('3', decision))).toEqual(['hourly: 2026-10-25 02:00 already kept by 1']);
  });

  it.each([
    ['UTC', '2025-12-31T23:30'],
    ['America/New_York', '2024-07-01T00:00'],
    ['Asia/Kathmandu', '2025-12-31T18:00'],
  ])('cut years in the configured zone, here %s', (timezone, newestOfTheYearBefore) => {
    const decision = decided(
      [
        '2026-01-01T00:30',
        '2025-12-31T23:30',
        '2025-12-31T23:00',
        '2025-12-31T18:00',
        '2025-12-31T17:00',
        '2024-07-01T00:00',
      ].map((at) => aSnapshot({ name: at, createdAt: Date.parse(`${at}:00Z`) })),
      byDefault({ timezone }, { keep: { last: 1, yearly: 2 } }),
    );
    expect(names(decision, 'keep')).toEqual(['2026-01-01T00:30', newestOfTheYearBefore]);
  });

  it('put the days around New Year into their ISO week, of which 2026 has 53', () => {
    const decision = decided(
      ['2027-01-04', '2027-01-03', '2026-12-28', '2026-12-27'].map((day) =>
        aSnapshot({ name: day, createdAt: Date.parse(`${day}T12:00:00Z`) }),
      ),
      byDefault({}, { keep: { weekly: 2 } }),
      { now: Date.UTC(2027, 1, 1) },
    );
    expect(names(decision, 'keep')).toEqual(['2027-01-04', '2027-01-03']);
    expect(sentences(of('2027-01-04', decision))).toEqual([
      'weekly 1 of 2 (2027-W01)',
      'newest of its source (minKeep 1)',
    ]);
    expect(sentences(of('2026-12-28', decision))).toEqual(['weekly: 2026-W53 already kept by 2027-01-03']);
    expect(sentences(of('2026-12-27', decision))).toEqual(['weekly: 2 of 2 slots filled']);
  });

  it('break ties of the same second by ARN, ascending, whatever order they were read in', () => {
    const tied = ['c', 'a', 'b'].map((name) => aSnapshot({ name, createdAt: NOW - 48 * HOUR }));
    const older = aSnapshot({ name: 'older', createdAt: NOW - 49 * HOUR });
    for (const snapshots of [[...tied, older], [older, ...tied].reverse()]) {
      const decision = decided(snapshots, byDefault({}, { keep: { last: 2 } }));
      expect([...names(decision, 'keep')].sort()).toEqual(['a', 'b']);
    }
  });

  it('sort by the instant, never by wall time: what was made later in the hour that occurs twice is newer', () => {
    const decision = decided(
      [
        aSnapshot({ name: 'first pass, 02:50', createdAt: Date.parse('2026-10-25T00:50:00Z') }),
        aSnapshot({ name: 'second pass, 02:10', createdAt: Date.parse('2026-10-25T01:10:00Z') }),
      ],
      byDefault({ timezone: 'Europe/Berlin' }, { keep: { last: 1 } }),
    );
    expect(names(decision, 'keep')).toEqual(['second pass, 02:10']);
  });

  it('let the oldest of all be taken only while slots are left', () => {
    const decision = decided(daily(5), byDefault({}, { keep: { daily: 2 } }));
    expect(names(decision, 'keep')).toEqual(['web-1123', 'web-1122']);
    expect(sentences(of('web-1119', decision))).toEqual(['daily: 2 of 2 slots filled']);
  });

  it('say which slot, of how many, in which period, and that it is the oldest', () => {
    const decision = decided(daily(4), byDefault({}, { keep: { last: 1, daily: 7, yearly: 'unlimited' } }));
    expect(sentences(of('web-1123', decision))).toEqual([
      'last 1 of 1',
      'daily 1 of 7 (2026-11-23)',
      'yearly 1 of unlimited (2026)',
      'newest of its source (minKeep 1)',
      'younger than 24h (minAge)',
    ]);
    expect(sentences(of('web-1121', decision))).toEqual(['daily 3 of 7 (2026-11-21)']);
    expect(sentences(of('web-1120', decision))).toEqual([
      'daily 4 of 7 (2026-11-20)',
      'yearly 2 of unlimited (2026), the oldest of all',
    ]);
  });

  it('give, for an expiring snapshot, the result of each rule', () => {
    const decision = decided(daily(20), byDefault({}, { keep: { last: 2, daily: 7, weekly: 4 }, expireAfter: '10d' }));
    expect(sentences(of('web-1113', decision))).toEqual([
      'last: 2 of 2 slots filled',
      'daily: 7 of 7 slots filled',
      'weekly: 2026-W46 already kept by web-1115',
      '10d old since 2026-11-23',
    ]);
  });

  it('say it in full for each of many in a row, of which some rules say the same and others do not', () => {
    const twiceADay = [20, 18, 17].flatMap((day) => series([`2026-11-${day}T12:00:00Z`, `2026-11-${day}T06:00:00Z`]));
    const decision = decided(twiceADay, byDefault({}, { keep: { last: 1, daily: 3, weekly: 1 } }));
    const inTheWeek = 'weekly: 2026-W47 already kept by web-2026-11-20T12';
    const given = (name: string) => sentences(of(name, decision));
    expect(given('web-2026-11-20T06')).toEqual([
      'last: 1 of 1 slots filled',
      'daily: 2026-11-20 already kept by web-2026-11-20T12',
      inTheWeek,
    ]);
    expect(given('web-2026-11-18T06')).toEqual([
      'last: 1 of 1 slots filled',
      'daily: 2026-11-18 already kept by web-2026-11-18T12',
      inTheWeek,
    ]);
    expect(given('web-2026-11-17T06')).toEqual([
      'last: 1 of 1 slots filled',
      'daily: 2026-11-17 already kept by web-2026-11-17T12',
      inTheWeek,
    ]);
  });

  it('tell of the rules that do not keep a kept snapshot too, when asked, and only then', () => {
    const config = byDefault({}, { keep: { last: 1, daily: 2 } });
    expect(sentences(of('web-1122', decided(daily(4), config)))).toEqual(['daily 2 of 2 (2026-11-22)']);
    expect(sentences(of('web-1122', decided(daily(4), config, { everyRule: true })))).toEqual([
      'daily 2 of 2 (2026-11-22)',
      'last: 1 of 1 slots filled',
    ]);
  });
});

it('each reason has the name of its rule as its code, for kept and for expired snapshots', () => {
  const codesOf = (
    name: string,
    keep: unknown,
    more: Record<string, unknown> = {},
    tags: Record<string, string> = {},
  ) =>
    of(
      name,
      decided(daily(3, { tags: tagged(tags) }), byDefault({}, { keep, ...more }), { everyRule: true }),
    ).reasons.map(({ code }) => code);
  expect(codesOf('web-1123', { last: 1, weekly: 1, within: '1h', withinDaily: '1h' }, { expireAfter: '2d' })).toEqual([
    ...['last', 'weekly', 'within', 'withinDaily', 'expireAfter', 'minKeep', 'minAge'],
  ]);
  expect(codesOf('web-1121', { last: 1, weekly: 1, within: '1h', withinDaily: '1h' }, { expireAfter: '2d' })).toEqual([
    ...['last', 'weekly', 'within', 'withinDaily', 'expireAfter'],
  ]);
  expect(codesOf('web-1121', 'all')).toEqual(['all']);
  expect(codesOf('web-1122', 'all', {}, { 'retention:expire-on': '2026-12-31' })).toEqual(['expire-on']);
  expect(codesOf('web-1121', 'all', {}, { 'retention:expire-on': '2026-01-01' })).toEqual(['expire-on']);
});

it('a rule with a count of 0 gives no reason', () => {
  expect(sentences(of('web-1121', decided(daily(3), byDefault({}, { keep: { last: 1, daily: 0 } }))))).toEqual([
    'last: 1 of 1 slots filled',
  ]);
});

describe('windows', () => {
  const kept = (keep: Record<string, string>, at: readonly string[], timezone = 'UTC') =>
    names(
      decided(
        at.map((instant) => aSnapshot({ name: instant, createdAt: Date.parse(`${instant}:00Z`) })),
        byDefault({ timezone, floors: { minAge: '1h' } }, { keep }),
      ),
      'keep',
    );

  it('begin at the newest evaluated snapshot, not at now, and are open at their end', () => {
    expect(kept({ within: '2d' }, ['2026-05-10T12:00', '2026-05-08T12:01', '2026-05-08T12:00'])).toEqual([
      '2026-05-10T12:00',
      '2026-05-08T12:01',
    ]);
  });

  it('subtract months by the calendar, with overflow: 31 May − 1 month is 1 May', () => {
    expect(
      kept({ within: '1mo' }, ['2026-05-31T12:00', '2026-05-01T12:01', '2026-05-01T12:00', '2026-04-30T12:01']),
    ).toEqual(['2026-05-31T12:00', '2026-05-01T12:01']);
  });

  it('step back with the calendar where their newest is no longer evaluated: a hold on it can make another expire', () => {
    const made = (day: string, tags = {}) =>
      aSnapshot({ name: day, createdAt: Date.parse(`${day}T12:00:00Z`), tags: tagged(tags) });
    const config = byDefault({}, { keep: { within: '1mo' } });
    const others = [made('2026-03-31'), made('2026-03-02')];
    expect(names(decided([made('2026-04-01'), ...others], config), 'expire')).toEqual([]);
    expect(names(decided([made('2026-04-01', { 'retention:hold': null }), ...others], config), 'expire')).toEqual([
      '2026-03-02',
    ]);
  });

  it('subtract days by wall clock and hours as they pass, over a change of the clock', () => {
    const night = ['2026-03-29T10:00', '2026-03-28T11:01', '2026-03-28T11:00', '2026-03-28T10:01', '2026-03-28T10:00'];
    expect(kept({ within: '1d' }, night, 'Europe/Berlin')).toEqual(['2026-03-29T10:00', '2026-03-28T11:01']);
    expect(kept({ within: '24h' }, night, 'Europe/Berlin')).toEqual([
      '2026-03-29T10:00',
      '2026-03-28T11:01',
      '2026-03-28T11:00',
      '2026-03-28T10:01',
    ]);
  });

  it.each([
    ['withinHourly', ['2026-05-10T12:40', '2026-05-10T11:30', '2026-05-08T12:41']],
    ['withinDaily', ['2026-05-10T12:40', '2026-05-08T12:41']],
    ['withinWeekly', ['2026-05-10T12:40']],
    ['withinMonthly', ['2026-05-10T12:40']],
    ['withinYearly', ['2026-05-10T12:40']],
  ])('%s takes the newest of each period inside the window', (rule, expected) => {
    const inside = ['2026-05-10T12:40', '2026-05-10T12:30', '2026-05-10T11:30', '2026-05-08T12:41'];
    expect(kept({ [rule]: '2d' }, [...inside, '2026-05-08T12:40', '2026-05-07T00:00'])).toEqual(expected);
  });

  it('take the oldest of all evaluated snapshots too, if it lies inside', () => {
    expect(kept({ withinMonthly: '1y' }, ['2026-05-10T12:00', '2026-05-09T12:00', '2026-05-08T12:00'])).toEqual([
      '2026-05-10T12:00',
      '2026-05-08T12:00',
    ]);
  });

  it('say what they keep, in which period, what is outside, and what is taken', () => {
    const decision = decided(daily(6), byDefault({}, { keep: { within: '36h', withinWeekly: '4d' } }));
    expect(sentences(of('web-1122', decision))).toEqual(['within 36h', 'withinWeekly 4d (2026-W47)']);
    expect(sentences(of('web-1121', decision))).toEqual([
      'within: not within 36h of the newest, web-1123',
      'withinWeekly: 2026-W47 already kept by web-1122',
    ]);
    expect(sentences(of('web-1118', decision))).toEqual([
      'within: not within 36h of the newest, web-1123',
      'withinWeekly: not within 4d of the newest, web-1123',
    ]);
    const exactlyAtTheEnd = decided(daily(5), byDefault({}, { keep: { withinWeekly: '4d' } }));
    expect(sentences(of('web-1119', exactlyAtTheEnd))).toEqual(['withinWeekly: not within 4d of the newest, web-1123']);
    const three = decided(daily(3), byDefault({}, { keep: { withinYearly: '1y' } }));
    expect(sentences(of('web-1121', three))).toEqual(['withinYearly 1y (2026), the oldest of all']);
  });
});

describe('age and date', () => {
  const aged = (createdAt: string, timezone = 'UTC', expireAfter = '30d') =>
    of(
      'aged',
      decided(
        [
          aSnapshot({ name: 'aged', createdAt: Date.parse(createdAt) }),
          aSnapshot({ name: 'newer', createdAt: NOW - 48 * HOUR }),
        ],
        byDefault({ timezone }, { expireAfter }),
      ),
    );

  it.each([
    ['2026-10-24T08:00:01Z', 'keep', 'younger than 30d until 2026-11-23'],
    ['2026-10-24T08:00:00Z', 'expire', '30d old since 2026-11-23'],
    ['2026-10-03T08:00:00Z', 'expire', '30d old since 2026-11-02'],
    ['2026-11-20T08:00:00Z', 'keep', 'younger than 30d until 2026-12-20'],
  ])('expireAfter: 30d on 2026-11-23 at 08:00, of one made at %s: %s', (createdAt, verdict, reason) => {
    const evaluated = aged(createdAt);
    expect([evaluated.verdict, ...sentences(evaluated)]).toEqual([verdict, reason]);
  });

  it('counts days by the wall clock of the zone: a night with 25 hours is one day', () => {
    expect(aged('2026-10-24T07:30:00Z', 'UTC').verdict).toBe('expire');
    expect(aged('2026-10-24T07:30:00Z', 'Europe/Berlin').verdict).toBe('keep');
    expect(aged('2026-10-24T07:00:00Z', 'Europe/Berlin').verdict).toBe('expire');
  });

  it('keeps what is young although no keep rule does, and what a keep rule keeps although it is old', () => {
    const decision = decided(daily(40), byDefault({}, { keep: { last: 1, monthly: 2 }, expireAfter: '3d' }));
    expect(names(decision, 'keep')).toEqual(['web-1123', 'web-1122', 'web-1121', 'web-1031']);
    expect(sentences(of('web-1122', decision))).toEqual(['younger than 3d until 2026-11-25']);
  });

  it('expires at once what no keep rule holds, where there is no expireAfter', () => {
    expect(names(decided(daily(4), byDefault({}, { keep: { last: 2 } })), 'expire')).toEqual(['web-1121', 'web-1120']);
  });

  it('steps back with the calendar: what is a month old on 31 March is younger than a month on 1 April', () => {
    const snapshots = series(['2026-03-20T00:00:00Z', '2026-03-02T00:00:00Z']);
    const on = (now: string) =>
      decide({ snapshots, sources: sources(), config: byDefault({}, { expireAfter: '1mo' }), now: Date.parse(now) });
    const [before, after] = [
      of('web-2026-03-02T00', on('2026-03-31T12:00:00Z')),
      of('web-2026-03-02T00', on('2026-04-01T12:00:00Z')),
    ];
    expect([before.verdict, ...sentences(before)]).toEqual(['expire', '1mo old since 2026-03-30']);
    expect([after.verdict, ...sentences(after)]).toEqual(['keep', 'younger than 1mo until 2026-04-02']);
  });

  it.each([
    ['1mo', '2023-01-31T12:00:00Z', '2023-02-28T12:00:00Z', 'keep', 'younger than 1mo until 2023-03-01'],
    ['1mo', '2023-01-31T12:00:00Z', '2023-03-10T12:00:00Z', 'expire', '1mo old since 2023-03-01'],
    ['1mo', '2023-05-01T10:00:00Z', '2023-06-10T12:00:00Z', 'expire', '1mo old since 2023-05-31'],
    ['1y', '2024-02-29T12:00:00Z', '2026-01-01T00:00:00Z', 'expire', '1y old since 2025-03-01'],
    ['30d', '2026-10-03T00:00:00Z', '2026-11-23T00:00:00Z', 'expire', '30d old since 2026-11-02'],
  ])(
    'names the day that the calendar of %s gives: created %s, at %s: %s',
    (expireAfter, created, now, verdict, reason) => {
      const snapshots = series([now, created]);
      const decision = decide({
        snapshots,
        sources: sources(),
        config: byDefault({}, { expireAfter }),
        now: Date.parse(now),
      });
      const evaluated = of(`web-${created.slice(0, 13)}`, decision);
      expect([evaluated.verdict, ...sentences(evaluated)]).toEqual([verdict, reason]);
    },
  );

  it.each([
    ['UTC', '2026-11-22T23:59:59.999Z', 'keep', 'kept through 2026-11-22 (expire-on)'],
    ['UTC', '2026-11-23T00:00:00Z', 'expire', 'expire-on 2026-11-22 has passed'],
    ['Europe/Berlin', '2026-11-22T22:59:59.999Z', 'keep', 'kept through 2026-11-22 (expire-on)'],
    ['Europe/Berlin', '2026-11-22T23:00:00Z', 'expire', 'expire-on 2026-11-22 has passed'],
  ])('expire-on keeps through its day: in %s at %s: %s', (timezone, now, verdict, reason) => {
    const tags = new Map([['retention:expire-on', '2026-11-22']]);
    const evaluated = of(
      'web-1119',
      decided([...daily(2).slice(1), ...daily(5, { tags }).slice(4)], byDefault({ timezone }, { keep: 'all' }), {
        now: Date.parse(now),
      }),
    );
    expect([evaluated.verdict, ...sentences(evaluated)]).toEqual([verdict, reason]);
  });

  it('keeps everything by the word all, however old', () => {
    const decision = decided(daily(300), byDefault({}, { keep: 'all', expireAfter: '1d' }));
    expect(names(decision, 'expire')).toEqual([]);
    expect(sentences(of('web-1101', decision))).toEqual(['the policy keeps all']);
  });
});

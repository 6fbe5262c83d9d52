import { decide } from '../../../lambda/core/policy/decide';
import type { Snapshot } from '../../../lambda/core/snapshot/snapshot';
import { aConfig } from '../../support/config-builder';
import { aSnapshot, aSource, DAY, NOW } from '../../support/report-builder';
import {
  amongSiblings,
  byDefault,
  daily,
  decided,
  living,
  names,
  of,
  sentences,
  sources,
  tagged,
} from '../../support/snapshot-builder';

const WEB = aSource('web').arn;
const UNREAD = { state: 'unread', list: { region: 'us-east-1', kind: 'instance' } } as const;
const GONE = { state: 'gone' } as const;
/** What nothing but a floor or a cause of its own can save. */
const LAST_ONE = byDefault({}, { keep: { last: 1 } });

describe('the decision excludes, keeps and does not count', () => {
  const cases: readonly (readonly [string, Partial<Snapshot>, string, string])[] = [
    [
      'what a tag holds',
      { tags: tagged({ 'retention:hold': null }) },
      'held',
      'held without end by tag retention:hold on the snapshot',
    ],
    [
      'what has a tag that cannot be followed',
      { tags: tagged({ 'retention:expire-on': 'soon' }) },
      'problem',
      'tag retention:expire-on = "soon": expected a calendar date such as 2026-12-31',
    ],
    [
      'an instance snapshot that is pending',
      { state: 'pending' },
      'unfinished',
      'not finished: its state is pending, not available',
    ],
    [
      'an instance snapshot in error',
      { state: 'error' },
      'unfinished',
      'not finished: its state is error, not available',
    ],
    ['a snapshot without a state', { state: null }, 'unfinished', 'not finished: its state is unknown, not available'],
    [
      'a disk snapshot that is available',
      { kind: 'disk', state: 'available' },
      'unfinished',
      'not finished: its state is available, not completed',
    ],
    [
      'a database snapshot that is completed',
      { kind: 'database', state: 'completed' },
      'unfinished',
      'not finished: its state is completed, not available',
    ],
    [
      'what was created more than 300 s after now',
      { createdAt: NOW + 300_001 },
      'future',
      'created in the future (2026-11-23 08:05): a clock is wrong',
    ],
    [
      'a copy of an automatic snapshot',
      { fromAutoSnapshot: true },
      'automatic-copy',
      'a kept copy of an automatic snapshot: it has no retention tag, and no rule matches such copies',
    ],
    [
      'a row that was seen twice with different content',
      { defects: [{ code: 'snapshot.conflict', message: 'seen twice, and not the same' }] },
      'problem',
      'seen twice, and not the same',
    ],
    ['a snapshot without a name', { name: null }, 'problem', 'its ARN, name or createdAt is missing'],
    ['a snapshot without an ARN', { arn: null }, 'problem', 'its ARN, name or createdAt is missing'],
    ['a snapshot without createdAt', { createdAt: null }, 'problem', 'its ARN, name or createdAt is missing'],
  ];

  it.each(cases)('%s', (_, given, status, reason) => {
    const evaluated = amongSiblings(given, LAST_ONE);
    expect({ verdict: evaluated.verdict, status: evaluated.status, reasons: sentences(evaluated) }).toEqual({
      verdict: 'keep',
      status,
      reasons: [reason],
    });
  });

  it.each(cases)('%s, so that it takes no slot and no floor from others', (_, given) => {
    const aside = aSnapshot({ name: 'aside', createdAt: NOW - DAY, ...given });
    const decision = decided(
      [
        aside,
        ...daily(
          5,
          given.kind === undefined
            ? {}
            : { kind: given.kind, state: given.kind === 'disk' ? 'completed' : 'available' },
        ),
      ],
      LAST_ONE,
    );
    expect(names(decision, 'expire')).toEqual(['web-1122', 'web-1121', 'web-1120', 'web-1119']);
  });

  it('finished snapshots of every kind are not among them', () => {
    for (const given of [{}, { kind: 'disk', state: 'completed' }, { kind: 'database', state: 'available' }] as const)
      expect(amongSiblings(given, LAST_ONE)).toMatchObject({ verdict: 'expire', status: 'managed' });
  });

  it('a snapshot up to 300 s younger than now is one of the present: clocks differ', () => {
    const [evaluated] = decided([aSnapshot({ createdAt: NOW + 300_000 })], LAST_ONE).items;
    expect(evaluated?.status).toBe('managed');
  });

  it('what no tag, rule or default gives a policy', () => {
    const evaluated = amongSiblings({}, aConfig());
    expect([evaluated.verdict, evaluated.status, evaluated.policy, ...sentences(evaluated)]).toEqual([
      'keep',
      'unmanaged',
      null,
      'unmanaged: no tag, rule or default gives it a policy',
    ]);
  });

  it('a snapshot whose source was not read, and does not call it unmanaged: its source could give it a policy', () => {
    const evaluated = amongSiblings({}, aConfig(), { sources: () => UNREAD });
    expect([evaluated.verdict, evaluated.status, evaluated.sourceExists, ...sentences(evaluated)]).toEqual([
      'keep',
      'problem',
      null,
      'kept: the instance list of us-east-1 was not read, and the source could have a hold',
    ]);
  });

  it('a snapshot whose source ARN names no list that is known', () => {
    const evaluated = amongSiblings({ source: { name: 'web', arn: 'arn:odd' } }, LAST_ONE, {
      sources: () => ({ state: 'unread', list: null }),
    });
    expect([evaluated.verdict, ...sentences(evaluated)]).toEqual([
      'keep',
      'kept: its source ARN arn:odd names no known list, and the source could have a hold',
    ]);
  });

  it('gives each cause a code that programs can tell apart', () => {
    const codesOf = (given: Partial<Snapshot>, more = {}) =>
      amongSiblings(given, LAST_ONE, more).reasons.map(({ code }) => code);
    expect(codesOf({ name: null })).toEqual(['snapshot.incomplete']);
    expect(codesOf({}, { sources: () => UNREAD })).toEqual(['source.unread']);
    expect(codesOf({ tags: tagged({ no_delete: null }), state: null })).toEqual(['hold', 'unfinished']);
  });

  it('names all causes, and takes its status from the first in the order of the contract', () => {
    const everything: Partial<Snapshot> = {
      tags: tagged({ 'retention:hold': null, 'retention:keep': 'daily' }),
      defects: [{ code: 'snapshot.conflict', message: 'seen twice, and not the same' }],
      state: 'pending',
      createdAt: NOW + DAY,
      fromAutoSnapshot: true,
    };
    const statusOf = (given: Partial<Snapshot>) => {
      const { status, reasons } = amongSiblings(given, aConfig());
      return [status, ...reasons.map(({ code }) => code)];
    };
    expect(statusOf(everything)).toEqual([
      'held',
      'hold',
      'tag.malformed',
      'snapshot.conflict',
      'unfinished',
      'future',
    ]);
    const noHold = { ...everything, tags: tagged({}) };
    expect(statusOf(noHold)).toEqual(['problem', 'snapshot.conflict', 'unfinished', 'future', 'automatic-copy']);
    const { defects: _, ...noDefect } = noHold;
    expect(statusOf(noDefect)).toEqual(['unfinished', 'unfinished', 'future', 'automatic-copy']);
    expect(statusOf({ ...noDefect, state: 'available' })).toEqual(['future', 'future', 'automatic-copy']);
    expect(statusOf({ ...noDefect, state: 'available', createdAt: NOW - DAY })).toEqual([
      'automatic-copy',
      'automatic-copy',
    ]);
    expect(statusOf({ state: 'pending' })).toEqual(['unfinished', 'unfinished', 'unmanaged']);
  });
});

describe('groups', () => {
  const pair = (one: Partial<Snapshot>, two: Partial<Snapshot>, config = LAST_ONE) =>
    names(
      decided(
        [
          aSnapshot({ name: 'one', createdAt: NOW - 3 * DAY, ...one }),
          aSnapshot({ name: 'two', createdAt: NOW - 2 * DAY, ...two }),
        ],
        config,
      ),
      'expire',
    );

  it('are the snapshots of one source: the older competes with the newer', () => {
    expect(pair({}, {})).toEqual(['one']);
  });

  it.each<[string, Partial<Snapshot>]>([
    ['another source', { source: aSource('web-2') }],
    [
      'a source of the same name and another ARN: it was deleted, and another took its name',
      { source: { name: 'web', arn: aSource('web').arn.replace('web', '2') } },
    ],
    ['a copy in another region', { region: 'eu-west-1' }],
    ['a disk snapshot of the same source', { kind: 'disk', state: 'completed', source: aSource('web') }],
    ['another account', { account: '999999999999' }],
    ['no account', { account: null }],
    ['no source ARN, although the name is the same', { source: { name: 'web', arn: null } }],
    ['no source at all', { source: null }],
  ])('%s is another group, and keeps its own newest', (_, two) => {
    expect(pair({}, two)).toEqual([]);
    expect(pair(two, {})).toEqual([]);
  });

  it.each<[string, Partial<Snapshot>]>([
    ['region', { region: 'eu-west-1' }],
    ['kind', { kind: 'disk', state: 'completed' }],
    ['account', { account: '999999999999' }],
  ])('of one source, held as one object, are apart by %s, however they alternate', (_, other) => {
    const source = aSource('web');
    const snapshots = daily(6, { source }).map((snapshot, i) =>
      i % 2 === 0 ? snapshot : { ...snapshot, ...other, source },
    );
    expect(names(decided(snapshots, LAST_ONE), 'keep')).toEqual(['web-1123', 'web-1122']);
  });

  it('are the same of a source that is held as several objects, one of them under an older name', () => {
    const snapshots = daily(6).map((snapshot, i) => ({
      ...snapshot,
      source: { ...aSource('web'), name: i > 2 ? 'older' : 'web' },
    }));
    expect(names(decided(snapshots, LAST_ONE), 'keep')).toEqual(['web-1123']);
  });

  it('of one snapshot each are those that name no source: they never compete', () => {
    expect(pair({ source: null }, { source: null })).toEqual([]);
    const [evaluated] = decided([aSnapshot({ source: null })], LAST_ONE, { sources: () => UNREAD }).items;
    expect(evaluated).toMatchObject({ status: 'managed', sourceExists: null });
  });

  it('are evaluated policy by policy, and have their floor together', () => {
    const snapshots = daily(6).map((snapshot, i) =>
      i % 2 === 0 ? snapshot : { ...snapshot, tags: tagged({ 'retention:policy': 'short' }) },
    );
    const decision = decided(
      snapshots,
      byDefault({ policies: { short: { keep: { last: 2 } } } }, { keep: { last: 1 } }),
    );
    expect(names(decision, 'keep')).toEqual(['web-1123', 'web-1122', 'web-1120']);
    expect(sentences(of('web-1122', decision))).toEqual(['last 1 of 2']);
    expect(sentences(of('web-1121', decision))).toEqual(['last: 1 of 1 slots filled']);
    expect(sentences(of('web-1118', decision))).toEqual(['last: 2 of 2 slots filled']);
  });

  it('know a named policy by its name, wherever the name stood', () => {
    const [first, ...others] = daily(4);
    const decision = decided(
      first ? [{ ...first, tags: tagged({ 'retention:policy': 'standard' }) }, ...others] : [],
      LAST_ONE,
    );
    expect(names(decision, 'keep')).toEqual(['web-1123']);
    expect(decision.items.map(({ policy }) => policy?.origin)).toEqual([
      'snapshot-tag',
      'default',
      'default',
      'default',
    ]);
  });

  it('know an inline policy by its parsed content, wherever and however it was written', () => {
    const spelt = ['daily=2 last=1', 'last=1  daily=02', null, 'last=1 daily=2'];
    const snapshots = daily(4).map((snapshot, i) => ({
      ...snapshot,
      tags: tagged(spelt[i] == null ? {} : { 'retention:keep': spelt[i] }),
    }));
    const known = sources({ [WEB]: living({ 'retention:keep': 'daily=2 last=1' }) });
    expect(names(decided(snapshots, LAST_ONE, { sources: known }), 'keep')).toEqual(['web-1123', 'web-1122']);
  });

  it('tell inline policies of different content apart, and an inline one from a named one of the same content', () => {
    const spelt = ['last=1', 'last=1', 'last=2', 'within=2w', 'within=14d', null];
    const snapshots = daily(6).map((snapshot, i) => ({
      ...snapshot,
      tags: tagged(spelt[i] == null ? {} : { 'retention:keep': spelt[i] }),
    }));
    expect(names(decided(snapshots, LAST_ONE), 'expire')).toEqual(['web-1122']);
  });
});

describe('floors', () => {
  const config = (floors: Record<string, unknown>) => byDefault({ floors }, { expireAfter: '1h' });

  it('keep the minKeep newest evaluated snapshots of a group, and say which they are', () => {
    const decision = decided(daily(5), config({ minKeep: 3, minAge: '1h' }));
    expect(names(decision, 'keep')).toEqual(['web-1123', 'web-1122', 'web-1121']);
    expect(sentences(of('web-1123', decision))).toEqual(['newest of its source (minKeep 3)']);
    expect(sentences(of('web-1121', decision))).toEqual(['number 3 from the newest of its source (minKeep 3)']);
  });

  it('keep what is younger than minAge, and no older', () => {
    const made = (ago: number) => aSnapshot({ name: `${ago}`, createdAt: NOW - ago });
    const decision = decided([made(1_000), made(DAY - 1), made(DAY)], config({ minKeep: 1, minAge: '24h' }));
    expect(sentences(of(`${DAY - 1}`, decision))).toEqual(['younger than 24h (minAge)']);
    expect(names(decision, 'expire')).toEqual([`${DAY}`]);
  });

  it('never empty a group, by any rule of age', () => {
    const decision = decided([aSnapshot({ createdAt: NOW - 4_000 * DAY })], byDefault({}, { expireAfter: '1h' }));
    expect(decision.items.map((evaluated) => [evaluated.verdict, ...sentences(evaluated)])).toEqual([
      ['keep', 'newest of its source (minKeep 1)'],
    ]);
  });

  it('keep also what its own tag says should be gone by now, where it is the last', () => {
    const tags = tagged({ 'retention:expire-on': '2026-01-01' });
    expect(names(decided([aSnapshot({ tags })], config({})), 'expire')).toEqual([]);
  });

  it('stand behind the rules: with every rule asked for, they follow the result of each rule', () => {
    const [first] = decided(daily(1), config({ minKeep: 1, minAge: '1h' }), { everyRule: true }).items;
    expect(first && sentences(first)).toEqual(['1h old since 2026-11-23', 'newest of its source (minKeep 1)']);
    const [second] = decided(daily(1), byDefault({}, { keep: { last: 1 } })).items;
    expect(second && sentences(second)).toEqual([
      'last 1 of 1',
      'newest of its source (minKeep 1)',
      'younger than 24h (minAge)',
    ]);
  });
});

describe('the decision about a snapshot of a source', () => {
  it.each([
    [true, living()],
    [false, GONE],
    [null, UNREAD],
  ])('is told as exists: %s', (exists, source) => {
    expect(amongSiblings({}, LAST_ONE, { sources: () => source }).sourceExists).toBe(exists);
  });

  it('lets an orphan be evaluated by the rules like any other', () => {
    expect(names(decided(daily(3), LAST_ONE, { sources: () => GONE }), 'expire')).toEqual(['web-1122', 'web-1121']);
  });
});

describe('problems', () => {
  const misspelt = { 'retention:policy': 'standrad' };
  const message = 'tag retention:policy = "standrad": expected one of the policies standard';

  it('name the snapshot, the tag, what was got and what would have been right', () => {
    const snapshot = aSnapshot({ tags: tagged(misspelt) });
    expect(decided([snapshot], LAST_ONE).problems).toEqual([
      { code: 'tag.unknown-policy', arn: snapshot.arn, message: `snapshot web-1103: ${message}` },
    ]);
  });

  it('name a source once, however many snapshots it has, in however many regions', () => {
    const snapshots = [...daily(3), ...daily(2, { region: 'eu-west-1', source: aSource('web') })];
    const { problems, items } = decided(snapshots, LAST_ONE, { sources: sources({ [WEB]: living(misspelt) }) });
    expect(problems).toEqual([{ code: 'tag.unknown-policy', arn: WEB, message: `source web: ${message}` }]);
    expect(items.map(sentences)).toEqual(new Array(5).fill([`on its source: ${message}`]));
  });

  it('are all there: every problem of one snapshot, and of each that has no ARN or no name', () => {
    const tags = tagged({ 'retention:keep': 'often', 'retention:expires': '30d' });
    expect(decided([aSnapshot({ tags })], LAST_ONE).problems.map(({ code }) => code)).toEqual([
      'tag.malformed',
      'tag.unknown-key',
    ]);
    const nameless = aSnapshot({ name: null, arn: null, source: null, tags: tagged(misspelt) });
    expect(decided([nameless, { ...nameless }], LAST_ONE).problems).toEqual([
      { code: 'tag.unknown-policy', arn: null, message: `snapshot (no name): ${message}` },
      { code: 'tag.unknown-policy', arn: null, message: `snapshot (no name): ${message}` },
    ]);
    const unnamed = aSnapshot({ name: null, tags: tagged(misspelt) });
    expect(decided([unnamed], LAST_ONE).problems[0]?.message).toBe(`snapshot ${unnamed.arn}: ${message}`);
  });
});

describe('the bugs of earlier cleaners', () => {
  it('an age that is not set is no age: without expireAfter nothing expires for being old', () => {
    expect(names(decided(daily(800), byDefault({}, { keep: { last: 'unlimited' } })), 'expire')).toEqual([]);
  });

  it('a missing createdAt is no great age', () => {
    expect(amongSiblings({ createdAt: null }, byDefault({}, { expireAfter: '1d' })).verdict).toBe('keep');
  });

  it('monthlies are kept whatever the day of the month', () => {
    const decision = decided(
      ['2026-11-17', '2026-10-03', '2026-09-30', '2026-08-01'].map((day) =>
        aSnapshot({ name: day, createdAt: Date.parse(`${day}T12:00:00Z`) }),
      ),
      byDefault({}, { keep: { monthly: 12 } }),
    );
    expect(names(decision, 'expire')).toEqual([]);
  });

  it('"web" says nothing of "web-2": sources are never matched by a part of their name', () => {
    const config = aConfig({
      policies: { short: { keep: { last: 1 } } },
      rules: [{ match: { source: 'web' }, policy: 'short' }],
    });
    const decision = decided([...daily(2), ...daily(2, { source: aSource('web-2') })], config);
    expect(decision.items.map(({ verdict, status }) => [verdict, status])).toEqual([
      ['keep', 'managed'],
      ['expire', 'managed'],
      ['keep', 'unmanaged'],
      ['keep', 'unmanaged'],
    ]);
  });

  it('each server keeps its own newest: never one snapshot across all of them', () => {
    const servers = ['web', 'web-2', 'db', 'mail'].map((name) =>
      aSnapshot({ name: `${name}-1`, source: aSource(name), createdAt: NOW - 900 * DAY }),
    );
    expect(names(decided(servers, LAST_ONE), 'expire')).toEqual([]);
  });

  it('"auto" in a name means nothing', () => {
    const [plain, auto] = ['backup-1', 'auto-1'].map(
      (name) => amongSiblings({ name }, byDefault({}, { keep: 'all' })).verdict,
    );
    expect([plain, auto]).toEqual(['keep', 'keep']);
    expect(amongSiblings({ name: 'auto-1' }, aConfig()).status).toBe('unmanaged');
  });

  it('an age alone never deletes the last backup of a source', () => {
    expect(
      names(
        decided(
          daily(3).map((snapshot) => ({ ...snapshot, createdAt: (snapshot.createdAt ?? 0) - 900 * DAY })),
          byDefault({}, { expireAfter: '1d' }),
        ),
        'keep',
      ),
    ).toEqual(['web-1123']);
  });
});

it('the decision on no snapshots is empty', () => {
  expect(decide({ snapshots: [], sources: sources(), config: aConfig(), now: NOW })).toEqual({
    items: [],
    problems: [],
  });
});

import fc from 'fast-check';
import { isInForce, readRetentionTags, type TagGrammar } from '../../../lambda/core/policy/tags';
import { CHECKS, KEEPING, RUNS } from '../../support/arbitraries';
import { aConfig } from '../../support/config-builder';
import { aSource } from '../../support/report-builder';
import { amongSiblings, byDefault, living, sources, tagged } from '../../support/snapshot-builder';

type Written = Readonly<Record<string, string | null>>;

const POLICIES = { standard: { keep: { last: 1 } }, short: { expireAfter: '14d' } };
const GRAMMAR: TagGrammar = aConfig({ policies: POLICIES });
const own = (tags: Written, grammar = GRAMMAR) => readRetentionTags(tagged(tags), 'snapshot', grammar);
const sourceOf = (tags: Written) => readRetentionTags(tagged(tags), 'source', GRAMMAR);
const messages = (tags: Written, grammar = GRAMMAR) =>
  own(tags, grammar).problems.map(({ code, message }) => `${code}: ${message}`);

describe('a tag reads as a policy', () => {
  it.each<[Written, string, string]>([
    [{ 'retention:policy': 'standard' }, 'name standard', 'standard'],
    [
      { 'retention:keep': 'last=3 daily=7 weekly=4 within=14d' },
      'inline 3,0,7,4,0,0|0.0.14.0,,,,,||',
      'last=3 daily=7 weekly=4 within=14d',
    ],
    [
      { 'retention:keep': 'hourly=1000000 monthly=unlimited' },
      'inline 0,1000000,0,0,Infinity,0|,,,,,||',
      'hourly=1000000 monthly=unlimited',
    ],
    [{ 'retention:keep': 'yearly=1 last=0' }, 'inline 0,0,0,0,0,1|,,,,,||', 'yearly=1 last=0'],
    [
      { 'retention:keep': 'withinHourly=1d withinDaily=1w withinWeekly=1mo withinMonthly=1y withinYearly=P5Y' },
      'inline 0,0,0,0,0,0|,0.0.1.0,0.0.7.0,0.1.0.0,1.0.0.0,5.0.0.0||',
      'withinHourly=1d withinDaily=1w withinWeekly=1mo withinMonthly=1y withinYearly=P5Y',
    ],
    [{ 'retention:keep': '  last=3   daily=7 ' }, 'inline 3,0,7,0,0,0|,,,,,||', 'last=3 daily=7'],
    [{ 'retention:keep': 'all' }, 'inline all|', 'all'],
    [{ 'retention:keep': 'all', 'retention:expire-after': '1y2h' }, 'inline all|1.0.0.2', 'all expire-after=1y2h'],
    [{ 'retention:expire-after': '30d' }, 'inline 0,0,0,0,0,0|,,,,,|0.0.30.0|', 'expire-after=30d'],
    [
      { 'retention:keep': 'last=0', 'retention:expire-after': '30d' },
      'inline 0,0,0,0,0,0|,,,,,|0.0.30.0|',
      'last=0 expire-after=30d',
    ],
    [
      { 'retention:keep': 'last=1', 'retention:expire-after': '30d' },
      'inline 1,0,0,0,0,0|,,,,,|0.0.30.0|',
      'last=1 expire-after=30d',
    ],
    [{ 'retention:expire-on': '2026-12-31' }, 'inline 0,0,0,0,0,0|,,,,,||2026-12-31', 'expire-on=2026-12-31'],
    [{ 'retention:expire-on': '2028-02-29' }, 'inline 0,0,0,0,0,0|,,,,,||2028-02-29', 'expire-on=2028-02-29'],
  ])('%j', (tags, id, name) => {
    expect(own(tags)).toMatchObject({ holds: [], problems: [], policy: { id, name } });
  });

  it('what is beside it: other tags are nobody’s business, whatever they look like', () => {
    const others = {
      env: 'prod',
      Name: 'web',
      retention: '30d',
      hold: 'yes',
      'aws:tag': 'x',
      policy: '',
    };
    expect(own({ ...others, 'retention:policy': 'short' })).toMatchObject({
      holds: [],
      problems: [],
      policy: { name: 'short' },
    });
    expect(own(others)).toEqual({ holds: [], problems: [], policy: null });
    expect(own({})).toEqual({ holds: [], problems: [], policy: null });
  });

  it('the parts of an inline policy together', () => {
    expect(own({ 'retention:keep': 'last=2 within=1d', 'retention:expire-after': '2w' }).policy?.policy).toEqual({
      keep: { counts: { last: 2 }, within: { within: { years: 0, months: 0, days: 1, hours: 0, text: '1d' } } },
      expireAfter: { years: 0, months: 0, days: 14, hours: 0, text: '2w' },
      expireOn: null,
    });
    expect(own({ 'retention:expire-on': '2026-12-31' }).policy?.policy).toEqual({
      keep: null,
      expireAfter: null,
      expireOn: '2026-12-31',
    });
  });

  it('what the configured prefix announces, and not what another tool does', () => {
    const acme = aConfig({ policies: POLICIES, tagPrefix: 'acme' });
    expect(own({ 'acme:policy': 'short', 'backup:policy': 'nonsense' }, acme)).toMatchObject({
      problems: [],
      policy: { name: 'short' },
    });
  });
});

describe('a malformed tag is refused with the expected value', () => {
  const DURATION = 'a duration such as 36h, 30d, 2w, 6mo, 1y6mo or P30D';
  const RULES = 'all, or rules such as last=3 daily=7 within=14d';
  const ALL_RULES =
    'last, hourly, daily, weekly, monthly, yearly, within, withinHourly, withinDaily, withinWeekly, withinMonthly, withinYearly';

  it.each<[string, string | null, string]>([
    [
      'policy',
      'standrad',
      'tag.unknown-policy: tag retention:policy = "standrad": expected one of the policies standard, short',
    ],
    [
      'policy',
      'Standard',
      'tag.unknown-policy: tag retention:policy = "Standard": expected one of the policies standard, short',
    ],
    [
      'policy',
      ' standard',
      'tag.unknown-policy: tag retention:policy = " standard": expected one of the policies standard, short',
    ],
    [
      'policy',
      null,
      'tag.malformed: tag retention:policy (without a value): expected one of the policies standard, short',
    ],
    ['policy', '', 'tag.malformed: tag retention:policy = "": expected one of the policies standard, short'],
    ['keep', null, `tag.malformed: tag retention:keep (without a value): expected ${RULES}`],
    [
      'keep',
      'last=0',
      `tag.malformed: tag retention:keep = "last=0": expected ${RULES}, at least one of them positive`,
    ],
    ['keep', 'daily', `tag.malformed: tag retention:keep = "daily": expected ${RULES} ("daily" is not rule=amount)`],
    ['keep', 'daily=', `tag.malformed: tag retention:keep = "daily=": expected ${RULES} ("daily=" is not rule=amount)`],
    [
      'keep',
      'daily=7=7',
      `tag.malformed: tag retention:keep = "daily=7=7": expected ${RULES} ("daily=7=7" is not rule=amount)`,
    ],
    [
      'keep',
      'all last=1',
      `tag.malformed: tag retention:keep = "all last=1": expected ${RULES} ("all" is not rule=amount)`,
    ],
    [
      'keep',
      'daily=7 daily=8',
      'tag.malformed: tag retention:keep = "daily=7 daily=8": expected each rule once (daily is given twice)',
    ],
    [
      'keep',
      'fortnightly=2',
      `tag.malformed: tag retention:keep = "fortnightly=2": expected a rule out of ${ALL_RULES} ("fortnightly" is none)`,
    ],
    [
      'keep',
      'Daily=7',
      `tag.malformed: tag retention:keep = "Daily=7": expected a rule out of ${ALL_RULES} ("Daily" is none)`,
    ],
    ...['-1', '1.5', '1e3', '+7', '0x7', '1000001', 'many', '7d'].map((amount): [string, string, string] => [
      'keep',
      `daily=${amount}`,
      `tag.malformed: tag retention:keep = "daily=${amount}": expected a whole number from 0 to 1000000, or unlimited, for daily`,
    ]),
    [
      'keep',
      'within=0d',
      `tag.malformed: tag retention:keep = "within=0d": expected ${DURATION}: longer than nothing, for within`,
    ],
    [
      'keep',
      'within=unlimited',
      `tag.malformed: tag retention:keep = "within=unlimited": expected ${DURATION}: units y mo w d h, each at most once, the largest first, for within`,
    ],
    [
      'expire-after',
      null,
      `tag.malformed: tag retention:expire-after (without a value): expected ${DURATION}: units y mo w d h, each at most once, the largest first`,
    ],
    [
      'expire-after',
      '30',
      `tag.malformed: tag retention:expire-after = "30": expected ${DURATION}: a number alone has no unit`,
    ],
    [
      'expire-after',
      '1.5d',
      `tag.malformed: tag retention:expire-after = "1.5d": expected ${DURATION}: whole numbers only`,
    ],
    ['expire-after', '-1d', `tag.malformed: tag retention:expire-after = "-1d": expected ${DURATION}: not negative`],
    ...[
      '2026-02-30',
      '2026-13-01',
      '31.12.2026',
      '2026-12-31T00:00:00Z',
      'until 2026-12-31',
      '',
      '2026-1-1',
      '+002026-12-31',
    ].map((day): [string, string, string] => [
      'expire-on',
      day,
      `tag.malformed: tag retention:expire-on = "${day}": expected a calendar date such as 2026-12-31`,
    ]),
  ])('retention:%s = %j', (key, value, problem) => {
    expect(messages({ [`retention:${key}`]: value })).toEqual([problem]);
    expect(own({ [`retention:${key}`]: value }).policy).toBeNull();
  });

  it('a bare m in a duration, asking which one was meant', () => {
    expect(messages({ 'retention:expire-after': '6m' })[0]).toContain('is "m" a month (write mo) or a minute');
  });

  it('any named policy where the configuration has none', () => {
    expect(messages({ 'retention:policy': 'standard' }, aConfig())).toEqual([
      'tag.unknown-policy: tag retention:policy = "standard": expected a policy of the configuration, which has none',
    ]);
  });

  it('and names twelve policies at most, and says how many more there are', () => {
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`p${i}`, { keep: 'all' }]));
    expect(messages({ 'retention:policy': 'q' }, aConfig({ policies: many }))[0]).toMatch(
      /policies p0, .*, p11 and 8 more$/,
    );
  });

  const KEYS =
    'retention:hold, retention:policy, retention:keep, retention:expire-after, retention:expire-on, no_delete';

  it.each([
    'retention:expires',
    'retention:',
    'Retention:Hold',
    'RETENTION:KEEP',
    ' retention:policy',
    'retention:policy ',
    'retention.policy',
    'retention_policy',
    'retention-policy',
    'retention/policy',
    'retention:expire_after',
    'retention:expire:after',
    'retention:Keep',
    'No_Delete',
    'no-delete',
    'retention:aws',
  ])('the key %j, which is close to one that means something', (key) => {
    const remedy = key.startsWith('retention:')
      ? 'correct or remove the tag (ignoreTags cannot list a key that begins with retention:)'
      : 'correct the tag, or list the key in ignoreTags';
    expect(messages({ [key]: 'x' })).toEqual([
      `tag.unknown-key: tag ${key} = "x": expected one of the keys ${KEYS}, written exactly so; ${remedy}`,
    ]);
    expect(own({ [key]: 'x', 'retention:policy': 'short' }).policy).toBeNull();
    expect(own({ [key]: 'x' }).holds).toEqual([]);
  });

  it('near misses of retention:hold and of the own prefix, with another prefix', () => {
    const acme = aConfig({ tagPrefix: 'acme.team', holdTags: [] });
    expect(own({ Retention_hold: null }, acme).problems.map(({ code }) => code)).toEqual(['tag.unknown-key']);
    expect(own({ 'acme-team-keep': 'last=1' }, acme).problems.map(({ message }) => message)).toEqual([
      'tag acme-team-keep = "last=1": expected one of the keys retention:hold, acme.team:hold, acme.team:policy, acme.team:keep, acme.team:expire-after, acme.team:expire-on, written exactly so; correct the tag, or list the key in ignoreTags',
    ]);
    expect(own({ 'backup:keep': 'nonsense' }, acme)).toEqual({ holds: [], problems: [], policy: null });
  });

  it.each<[Written, string]>([
    [{ 'retention:policy': 'short', 'retention:keep': 'last=1' }, 'retention:policy, retention:keep'],
    [{ 'retention:expire-after': '1d', 'retention:policy': 'short' }, 'retention:expire-after, retention:policy'],
    [{ 'retention:policy': 'short', 'retention:expire-on': '2026-12-31' }, 'retention:policy, retention:expire-on'],
    [{ 'retention:keep': 'last=1', 'retention:expire-on': '2026-12-31' }, 'retention:keep, retention:expire-on'],
    [
      { 'retention:expire-after': '1d', 'retention:expire-on': '2026-12-31' },
      'retention:expire-after, retention:expire-on',
    ],
    [
      { 'retention:policy': 'short', 'retention:keep': 'last=1', 'retention:expire-after': '1d' },
      'retention:policy, retention:keep, retention:expire-after',
    ],
  ])('the contradiction %j', (tags, keys) => {
    expect(messages(tags)).toEqual([
      `tag.contradiction: tags ${keys} contradict each other: expected a named policy alone, or expire-on alone, or keep and expire-after`,
    ]);
    expect(own(tags).policy).toBeNull();
  });

  it('a contradiction also between tags of which one is malformed', () => {
    expect(own({ 'retention:policy': 'standrad', 'retention:keep': 'x' }).problems.map(({ code }) => code)).toEqual([
      'tag.unknown-policy',
      'tag.malformed',
      'tag.contradiction',
    ]);
  });

  it('expire-on on a source', () => {
    expect(sourceOf({ 'retention:expire-on': '2026-12-31' })).toMatchObject({
      problems: [
        {
          code: 'tag.not-on-source',
          message: 'tag retention:expire-on = "2026-12-31": expected on a snapshot, never on a source',
        },
      ],
      policy: null,
    });
    expect(sourceOf({ 'retention:expire-after': '30d' }).problems).toEqual([]);
  });

  it('a whole resource for one tag that cannot be followed, its holds aside', () => {
    expect(own({ 'retention:policy': 'short', 'retention:expires': 'x', 'retention:hold': null })).toMatchObject({
      holds: [{ tag: 'retention:hold', until: null }],
      policy: null,
    });
  });
});

describe('holds', () => {
  it.each<[string | null, string | null]>([
    ['until 2027-01-31', '2027-01-31'],
    ['2027-01-31', '2027-01-31'],
    ['2028-02-29', '2028-02-29'],
    [null, null],
    ['', null],
    ['yes', null],
    ['false', null],
    ['until 2027-02-29', null],
    ['2027-until 01-31', null],
    ['until 2027-1-31', null],
    ['until  2027-01-31', null],
    ['until until 2027-01-31', null],
    ['Until 2027-01-31', null],
    [' 2027-01-31', null],
    ['2027-01-31 ', null],
    ['until2027-01-31', null],
    ['until 2027-01-31 or later', null],
    ['2027-01-31T10:00:00Z', null],
    ['31.01.2027', null],
  ])('retention:hold = %j is held through %j (null: without end)', (value, until) => {
    expect(own({ 'retention:hold': value })).toEqual({
      holds: [{ tag: 'retention:hold', until }],
      problems: [],
      policy: null,
    });
    expect(sourceOf({ 'retention:hold': value }).holds).toEqual([{ tag: 'retention:hold', until }]);
  });

  it('retention:hold holds whatever the prefix is, beside the hold of that prefix', () => {
    const acme = aConfig({ tagPrefix: 'acme' });
    expect(own({ 'retention:hold': null, 'acme:hold': '2027-01-31' }, acme)).toEqual({
      holds: [
        { tag: 'retention:hold', until: null },
        { tag: 'acme:hold', until: '2027-01-31' },
      ],
      problems: [],
      policy: null,
    });
  });

  it('holdTags hold without end, whatever their value, on snapshots and on sources', () => {
    for (const value of [null, '', 'false', '2020-01-01'])
      for (const read of [own, sourceOf])
        expect(read({ no_delete: value })).toMatchObject({ holds: [{ tag: 'no_delete', until: null }], problems: [] });
    expect(own({ no_delete: null }, aConfig({ holdTags: ['keep me'] })).holds).toEqual([]);
    expect(own({ 'keep me': null }, aConfig({ holdTags: ['keep me'] })).holds).toEqual([
      { tag: 'keep me', until: null },
    ]);
  });

  it.each([
    'aws:cloudformation:stack-name',
    'aws:cloudformation:stack-id',
    'aws:cloudformation:logical-id',
    'aws:cloudformation:',
    'aws:cloudformation:a key of tomorrow',
  ])('every tag of CloudFormation holds the snapshot that has it: %s', (tag) => {
    for (const value of ['site', '', null]) expect(own({ [tag]: value }).holds).toEqual([{ tag, until: null }]);
  });

  it('a stack’s tag holds the snapshot that the stack owns, and no snapshot of a source that a stack owns', () => {
    const tags = { 'aws:cloudformation:stack-name': 'site' };
    expect(own(tags).holds).toEqual([{ tag: 'aws:cloudformation:stack-name', until: null }]);
    expect(sourceOf(tags)).toEqual({ holds: [], problems: [], policy: null });
    expect(own({ 'aws:cloudformations': 'x' }).holds).toEqual([]);
  });

  it.each([
    ['UTC', '2027-01-31T23:59:59.999Z', '2027-02-01T00:00:00Z'],
    ['America/New_York', '2027-02-01T04:59:59.999Z', '2027-02-01T05:00:00Z'],
  ])('are in force through their day in %s', (timezone, last, over) => {
    const { zone } = aConfig({ timezone });
    const hold = { tag: 'retention:hold', until: '2027-01-31' };
    expect([isInForce(hold, Date.parse(last), zone), isInForce(hold, Date.parse(over), zone)]).toEqual([true, false]);
    expect(isInForce({ ...hold, until: null }, Date.parse('9999-01-01T00:00:00Z'), zone)).toBe(true);
  });
});

describe('a tag of any text', () => {
  const config = byDefault({ policies: { short: { expireAfter: '14d' } } }, { keep: { last: 1 } });
  const SIGNS = [...'abzABZ0189+-=._:/@ \u00e4\u{1f4be}\u0000\n'];
  const WORDS = [
    'retention',
    'policy',
    'keep',
    'hold',
    'expire',
    'after',
    'on',
    'until',
    'standard',
    'daily=7',
    '30d',
    '2020-01-31',
    ':',
    '-',
    ' ',
  ];
  const text = fc.oneof(
    fc.string({ unit: fc.constantFrom(...SIGNS), maxLength: 30 }),
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.array(fc.constantFrom(...WORDS), { maxLength: 6 }).map((words) => words.join('')),
  );
  /** A text with one character dropped, doubled, put in or changed in case. */
  const mutated = (whole: string): fc.Arbitrary<string> =>
    fc
      .tuple(fc.nat(whole.length), fc.constantFrom('drop', 'double', 'case', 'put'), fc.constantFrom(...SIGNS))
      .map(([at, how, sign]) => {
        const [head, char, tail] = [whole.slice(0, at), whole.slice(at, at + 1), whole.slice(at + 1)];
        const swapped = char === char.toLowerCase() ? char.toUpperCase() : char.toLowerCase();
        return head + { drop: '', double: char + char, case: swapped, put: sign + char }[how] + tail;
      });
  const VALID = [
    ['retention:policy', 'short'],
    ['retention:keep', 'last=1 daily=7 within=14d'],
    ['retention:expire-after', '30d'],
    ['retention:expire-on', '2020-12-31'],
    ['retention:hold', 'until 2020-01-31'],
    ['no_delete', ''],
  ] as const;
  const nearValid = fc
    .constantFrom(...VALID)
    .chain(([key, value]) =>
      fc.tuple(
        fc.oneof(fc.constant(key), mutated(key)),
        fc.oneof(fc.constant(value), mutated(value), fc.constant(null)),
      ),
    );
  const anyTags = fc
    .array(fc.oneof(fc.tuple(text, fc.option(text)), nearValid), { maxLength: 5 })
    .map((entries) => new Map<string, string | null>(entries));

  const evaluate = (tags: ReadonlyMap<string, string | null>, where: 'snapshot' | 'source') =>
    where === 'snapshot'
      ? amongSiblings({ tags }, config)
      : amongSiblings({}, config, {
          sources: sources({ [aSource('web').arn]: { state: 'exists', name: 'web', tags } }),
        });

  it('nothing throws, and what has a problem or a hold without end never expires, nor does any sibling of such a source', () => {
    fc.assert(
      fc.property(anyTags, fc.constantFrom('snapshot' as const, 'source' as const), (tags, where) => {
        const reading = readRetentionTags(tags, where, config);
        const evaluated = evaluate(tags, where);
        if (reading.problems.length > 0) expect([reading.policy, evaluated.verdict]).toEqual([null, 'keep']);
        if (reading.holds.some(({ until }) => until === null))
          expect([evaluated.verdict, evaluated.status]).toEqual(['keep', 'held']);
      }),
      CHECKS,
    );
  });

  // An oracle that shares nothing with the reader: the grammar once more, as one plain expression for each key.
  const COUNT = '(last|hourly|daily|weekly|monthly|yearly)=(\\d+|unlimited)';
  const LENGTH = '(\\d+y)?(\\d+mo)?(\\d+w)?(\\d+d)?(\\d+h)?';
  const GRAMMAR_AGAIN: Readonly<Record<string, RegExp>> = {
    'retention:policy': /^(standard|short)$/,
    'retention:keep': new RegExp(`^ *(all|(${COUNT}|within\\w*=${LENGTH}|within\\w*=P\\w+| )+)$`),
    'retention:expire-after': new RegExp(`^ *(${LENGTH}|P\\w+) *$`),
    'retention:expire-on': /^ *\d{4}-\d\d-\d\d *$/,
  };

  it('a retention tag outside the grammar never makes anything expire, on a snapshot or on its source', () => {
    let seen = 0;
    fc.assert(
      fc.property(nearValid, fc.constantFrom('snapshot' as const, 'source' as const), ([key, value], where) => {
        const grammar = GRAMMAR_AGAIN[key];
        if (grammar === undefined || (value !== null && grammar.test(value))) return;
        seen += 1;
        expect(evaluate(new Map([[key, value]]), where)).toMatchObject({ verdict: 'keep', status: 'problem' });
      }),
      CHECKS,
    );
    expect(seen).toBeGreaterThan(RUNS / 100);
  });

  it.each(KEEPING)('%j keeps, on a snapshot and on its source, also beside a valid policy', (tags) => {
    for (const beside of [{}, { 'retention:expire-after': '1d' }]) {
      expect(evaluate(tagged({ ...beside, ...tags }), 'snapshot').verdict).toBe('keep');
      expect(amongSiblings({ tags: tagged(beside) }, config, { sources: () => living(tags) }).verdict).toBe('keep');
    }
    expect(evaluate(tagged({}), 'snapshot')).toMatchObject({ verdict: 'expire' });
  });
});

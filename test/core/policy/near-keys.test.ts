import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { foldKey } from '../../../lambda/core/policy/near-keys';
import { readRetentionTags } from '../../../lambda/core/policy/tags';
import { withinDistance } from '../../../lambda/core/util/distance';
import { CHECKS } from '../../support/arbitraries';
import { aConfig } from '../../support/config-builder';
import { amongSiblings, byDefault, living, tagged } from '../../support/snapshot-builder';
import { OTHER_TOOLS_KEYS } from '../other-tools-keys';

type Written = Readonly<Record<string, unknown>>;
type Tag = readonly [key: string, value: string | null];

const POLICIES = { standard: { keep: { last: 1 } } };
const CASES = JSON.parse(readFileSync(join(__dirname, '..', '..', 'cases', 'tags.json'), 'utf8')) as {
  readonly kept: readonly Tag[];
  readonly ignored: readonly Tag[];
};

const grammarOf = (written: Written = {}) => aConfig({ policies: POLICIES, ...written });
const DEFAULT = grammarOf();
const codes = ([key, value]: Tag, grammar = DEFAULT, on: 'snapshot' | 'source' = 'snapshot'): readonly string[] =>
  readRetentionTags(new Map([[key, value]]), on, grammar).problems.map(({ code }) => code);
const isProblem = (tag: Tag, grammar = DEFAULT): boolean => codes(tag, grammar).length > 0;

describe('an invisible character in a key', () => {
  it('do not make it another one', () => {
    const grammar = grammarOf({ holdTags: ['keep'] });
    for (const key of [
      'ke\u200bep',
      'keep\u3164',
      '\u2060keep',
      'r\u200de\u200dt\u200dention:hold',
      'retention\u3164:\u3164hold\u3164',
    ])
      expect([key, isProblem([key, null], grammar)]).toEqual([key, true]);
    expect(isProblem(['ke\u200bpt', null], grammar)).toBe(false);
  });
});

describe('a snapshot of a source whose newest snapshot alone is kept', () => {
  const config = byDefault({}, { keep: { last: 1 } });

  it.each(CASES.kept)('is kept by the tag %j = %j, on the snapshot or on its living source', (key, value) => {
    const tags = { [key]: value };
    expect(amongSiblings({ tags: tagged(tags) }, config)).toMatchObject({ verdict: 'keep', status: 'problem' });
    expect(amongSiblings({}, config, { sources: () => living(tags) })).toMatchObject({
      verdict: 'keep',
      status: 'problem',
    });
    const { problems } = readRetentionTags(tagged(tags), 'snapshot', config);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.message).toContain(key);
    expect(problems[0]?.message).toContain('; correct the tag, or list the key in ignoreTags');
  });

  it.each(CASES.ignored)('expires whatever the tag %j = %j says', (key, value) => {
    const tags = { [key]: value };
    expect(amongSiblings({ tags: tagged(tags) }, config)).toMatchObject({ verdict: 'expire' });
    expect(amongSiblings({}, config, { sources: () => living(tags) })).toMatchObject({ verdict: 'expire' });
  });
});

describe('every single edit of a valid key', () => {
  const ALPHABET = [...'abcdefghijklmnopqrstuvwxyz019 .:/=+-_@XÄ'];

  function* editsOf(word: string): Generator<string> {
    for (let i = 0; i <= word.length; i += 1) {
      const [head, tail] = [word.slice(0, i), word.slice(i)];
      for (const sign of ALPHABET) {
        yield head + sign + tail;
        if (tail !== '') yield head + sign + tail.slice(1);
      }
      if (tail !== '') yield head + tail.slice(1);
      if (tail.length > 1) yield `${head}${tail[1]}${tail[0]}${tail.slice(2)}`;
    }
  }

  it.each(['hold', 'policy', 'keep', 'expire-after', 'expire-on'])(
    'of retention:%s is a problem, with one message that names the tag',
    (name) => {
      const key = `retention:${name}`;
      for (const edited of editsOf(key)) {
        if (edited === key) continue;
        expect([edited, codes([edited, null])]).toEqual([edited, ['tag.unknown-key']]);
      }
    },
  );

  it('of a hold tag is a problem, the words of other tools aside', () => {
    for (const edited of editsOf('no_delete')) {
      if (edited === 'no_delete' || foldKey(edited) === 'todelete') continue;
      expect([edited, codes([edited, 'yes'])]).toEqual([edited, ['tag.unknown-key']]);
    }
  });

  it('of a long prefix alone, without a value, is a problem', () => {
    for (const edited of editsOf('retention'))
      if (!edited.startsWith('retention:'))
        expect([edited, codes([edited, null])]).toEqual([edited, ['tag.unknown-key']]);
  });

  it('with two edits is a problem too for keys of ten letters and more', () => {
    const edits = fc.constantFrom(...editsOf('retention:hold'));
    fc.assert(
      fc.property(edits, fc.nat(), fc.constantFrom(...'aeiz19'), (once, at, sign) => {
        const place = at % (once.length + 1);
        const twice = once.slice(0, place) + sign + once.slice(place + 1);
        const read = readRetentionTags(new Map([[twice, null]]), 'snapshot', DEFAULT);
        expect([twice, read.problems.length + read.holds.length]).toEqual([twice, 1]);
      }),
      CHECKS,
    );
  });
});

describe('keys of other tools', () => {
  it('are at least a hundred, and none is a problem, with usual values', () => {
    expect(new Set(OTHER_TOOLS_KEYS).size).toBeGreaterThanOrEqual(100);
    const values = ['true', 'prod', '14', '30d', '2027-01-01', 'arn:aws:iam::123456789012:role/x'];
    expect(OTHER_TOOLS_KEYS.filter((key) => values.some((value) => isProblem([key, value])))).toEqual([]);
  });

  it('are none without a value either, the word that is one letter from the prefix aside', () => {
    expect(OTHER_TOOLS_KEYS.filter((key) => isProblem([key, null]))).toEqual(['detention']);
  });
});

describe('a near miss', () => {
  it.each<[string, string | null, Written]>([
    // equal after folding
    ['ＲＥＴＥＮＴＩＯＮ：ｈｏｌｄ', null, {}],
    ['rеtеntiоn:hоld', null, {}],
    ['RЕТЕNТIОN:НОLD', null, {}],
    ['ρetention:hold', null, {}],
    ['Ηold-x-retention:hοld', null, {}],
    ['retentıon:hold', null, {}],
    ['reten tion:hold', null, {}],
    ['retention@hold', 'x', {}],
    ['Retention Expire After', '30d', {}],
    ['do-not-delete', 'true', {}],
    ["Don't delete".replace("'", ''), null, {}],
    ['NeverDelete', null, {}],
    ['do_not_expire', null, {}],
    ['legal hold', 'case 12', {}],
    ['Keep.Me', null, { holdTags: ['keep me'] }],
    // two edits of a known key, one of a hold tag or a word
    ['retetnion:hodl', null, {}],
    ['my:retention:keep', 'last=1', {}],
    ['retentions:keep', 'last=1', {}],
    ['no_deletes', null, {}],
    ['legal_holds', null, {}],
    ['protectd', null, { holdTags: ['protected'] }],
    // the prefix with another word
    ['retention-forever', null, {}],
    ['retention until', '2027-01-31', {}],
    ['RetentionKeepDays', '30', {}],
    ['retention_never_expire', null, {}],
    ['retention-policy-of-legal', 'x', {}],
    ['acme-team-retention-hold', null, {}],
    // the prefix alone
    ['retention', 'standard', {}],
    ['retention', 'STANDARD', {}],
    ['retention', 'no_delete', {}],
    ['retention', '', {}],
    ['retention', ' ', {}],
    ['Retention', 'Until 2027-01-31', {}],
    ['retenton', 'keep forever', {}],
    // the prefix alone, with a valid key or a word that keeps as its value
    ['retention', 'retention:hold', {}],
    ['Retention', 'retention_hold', {}],
    ['retention', 'retetnion:hold', {}],
    ['retention', 'retention:keep', {}],
    ['retention', 'retention:expire-after', {}],
    ['retention', 'donotdelete', {}],
    ['retention', 'do not delete', {}],
    ['retention', 'Do not delete this one', {}],
    ['retention', 'DoNotDelet', {}],
    ['retention', 'dont-delete', {}],
    ['retention', 'never delete', {}],
    ['retention', 'do_not_expire', {}],
    ['retention', 'Legal Hold', {}],
    ['retention', 'no-delete', {}],
    ['retention', 'nodeletes', {}],
    ['retention', 'protected', { holdTags: ['Protected'] }],
    ['acme', 'retention:hold', { tagPrefix: 'acme' }],
    ['acme', 'acme:hold', { tagPrefix: 'acme' }],
    ['acme', 'do not delete', { tagPrefix: 'acme' }],
    ['retention', 'retention:hold', { tagPrefix: 'acme' }],
    ['retention', 'do not delete', { tagPrefix: 'acme' }],
    ['retention', 'no_delete', { tagPrefix: 'acme' }],
    // a key with the hold in the middle, or as it stands in a command
    ['Key=retention:hold,Value=', null, {}],
    ['key=retention:hold,value=true', null, {}],
    ['{"Key": "retention:hold", "Value": ""}', null, {}],
    ['team-retention-hold-2027', null, {}],
    ['team retention:hold', 'x', { tagPrefix: 'acme' }],
    ['Key=retention:keep,Value=last=3', null, {}],
    ['key=retention:policy', 'standard', {}],
    ['--tags key=retention:expire-after value=30d', null, {}],
    ['"key":"retention:expire-on"', '2027-01-31', {}],
    ['Key=acme:keep,Value=last=3', null, { tagPrefix: 'acme' }],
    ['Key=no_delete,Value=', null, {}],
    ['key=do-not-delete', null, {}],
    ['team-snapshots-hold-2027', null, { tagPrefix: 'snapshots' }],
    // the two words of the hold in the other order
    ['hold:retention', null, {}],
    ['Hold Retention', 'until 2027-01-31', {}],
    ['hodl-retention', null, {}],
    ['hold-retention-2027', null, {}],
    ['hold:retention', null, { tagPrefix: 'acme' }],
    ['hold:snapshots', null, { tagPrefix: 'snapshots' }],
    // other prefixes
    ['acme.hold', null, { tagPrefix: 'acme' }],
    ['acmehold', null, { tagPrefix: 'acme' }],
    ['team-acme:hold', null, { tagPrefix: 'acme' }],
    ['acme', null, { tagPrefix: 'acme' }],
    ['ACME', 'standard', { tagPrefix: 'acme' }],
    ['acme:polcy', 'standard', { tagPrefix: 'acme' }],
    ['acmepolcy', 'standard', { tagPrefix: 'acme' }],
    ['retension:hold', null, { tagPrefix: 'acme' }],
    ['retention:holds', null, { tagPrefix: 'acme' }],
    ['retention:hold-until-2027', null, { tagPrefix: 'acme' }],
    ['retention', 'hold', { tagPrefix: 'acme' }],
    ['r:hodl', null, { tagPrefix: 'r' }],
    // keys of the default prefix, and their near misses, where the prefix is another one
    ['retention:keep', 'all', { tagPrefix: 'acme' }],
    ['retention:policy', 'standard', { tagPrefix: 'acme' }],
    ['retention:expire-after', '30d', { tagPrefix: 'acme' }],
    ['retention:expire-on', '2030-12-31', { tagPrefix: 'acme' }],
    ['retention:kepe', 'all', { tagPrefix: 'acme' }],
    ['retention:until', '2030', { tagPrefix: 'acme' }],
    ['Retention.Keep', 'all', { tagPrefix: 'acme' }],
    ['retension:expire-on', '2030-12-31', { tagPrefix: 'r' }],
    ['snapshots-keep-30', null, { tagPrefix: 'snapshots' }],
  ])('is %j = %j where the configuration says %j', (key, value, written) => {
    expect(codes([key, value], grammarOf(written))).toEqual(['tag.unknown-key']);
    expect(codes([key, value], grammarOf(written), 'source')).toEqual(['tag.unknown-key']);
  });

  it.each<[string, string | null, Written]>([
    ['retention', '14', {}],
    ['retention', '30d', {}],
    ['retentionDays', '30', {}],
    ['retention', 'other', {}],
    ['retention', 'delete', {}],
    ['retention', 'deleted', {}],
    ['retention', 'threshold', {}],
    ['retention', 'prod', {}],
    ['log-retention-policy', '30', {}],
    ['data_retention_keep_days', '30', {}],
    ['household-retention', '30', {}],
    ['hold:acme', null, { tagPrefix: 'acme' }],
    ['shareholders', 'x', { tagPrefix: 'r' }],
    ['key=env', 'prod', {}],
    ['acme', 'anything', { tagPrefix: 'acme' }],
    ['acne', null, { tagPrefix: 'acme' }],
    ['acmeholdings', 'x', { tagPrefix: 'acme' }],
    ['retention', 'keep', { tagPrefix: 'acme' }],
    ['shortkey', null, { holdTags: ['short'] }],
    ['delete', 'true', {}],
    ['De-Leted', null, {}],
    ['auto_delete', null, {}],
    ['aws:retention:hold', null, {}],
  ])('is not %j = %j where the configuration says %j', (key, value, written) => {
    expect(codes([key, value], grammarOf(written))).toEqual([]);
  });

  it('that ignoreTags lists means nothing, exactly as it is listed', () => {
    const grammar = grammarOf({ ignoreTags: ['RetentionPolicy', 'legal-hold', 'Retention'] });
    expect([
      codes(['RetentionPolicy', '30'], grammar),
      codes(['legal-hold', null], grammar),
      codes(['Retention', null], grammar),
    ]).toEqual([[], [], []]);
    expect(codes(['retentionPolicy', '30'], grammar)).toEqual(['tag.unknown-key']);
    expect(codes(['legal_hold', null], grammar)).toEqual(['tag.unknown-key']);
  });

  it('of the default prefix names the key, the prefix of the configuration and the way out, which works', () => {
    const tags = tagged({ 'retention:keep': 'all' });
    const problemsWith = (written: Written) => readRetentionTags(tags, 'snapshot', grammarOf(written)).problems;
    expect(problemsWith({ tagPrefix: 'acme' }).map(({ message }) => message)).toEqual([
      'tag retention:keep = "all": it is or resembles a key of the prefix retention, and tagPrefix is acme: ' +
        'write the key with acme:, or list the key in ignoreTags',
    ]);
    expect(problemsWith({ tagPrefix: 'acme', ignoreTags: ['retention:keep'] })).toEqual([]);
    expect(problemsWith({})).toEqual([]);
  });

  it('of the default prefix and of the own one alike has one problem', () => {
    const { problems } = readRetentionTags(
      tagged({ 'acme:keep': 'all', 'retention:keep': 'all' }),
      'snapshot',
      grammarOf({ tagPrefix: 'acme' }),
    );
    expect(problems.map(({ code }) => code)).toEqual(['tag.unknown-key']);
  });

  it('among unknown keys of our own prefix is told to be corrected, as ignoreTags cannot list it', () => {
    const [problem] = readRetentionTags(tagged({ 'retention:owner': 'ann' }), 'snapshot', DEFAULT).problems;
    expect(problem?.message).toMatch(
      /; correct or remove the tag \(ignoreTags cannot list a key that begins with retention:\)$/,
    );
  });

  it('holds nothing up: each tag has one problem of its own, beside valid tags', () => {
    const { problems, holds } = readRetentionTags(
      tagged({
        'retension:hold': null,
        NoDelete: 'x',
        env: 'prod',
        'retention:hold': null,
        'retention:expire-on': '2026-02-30',
      }),
      'source',
      DEFAULT,
    );
    expect(problems.map(({ code }) => code)).toEqual(['tag.unknown-key', 'tag.unknown-key', 'tag.not-on-source']);
    expect(holds).toHaveLength(1);
  });
});

describe('a near miss of the first release', () => {
  const signs = fc.constantFrom(...'retnioholdkpcyxaf:._-/ ', ...'RETNIOHLD', ':', ':', '_', 'é');
  const parts = fc.constantFrom(
    'retention',
    'Retention',
    'RETENTION',
    'acme',
    'no',
    'delete',
    'hold',
    'keep',
    'expire',
    'after',
    ':',
    '.',
    '_',
    '-',
    '/',
    ' ',
    'aws:',
  );
  const anyKey = fc.oneof(
    fc.array(parts, { minLength: 1, maxLength: 6 }).map((words) => words.join('')),
    fc.array(signs, { minLength: 1, maxLength: 16 }).map((letters) => letters.join('')),
    fc
      .tuple(
        fc.constantFrom('retention:', 'Retention.', ' acme/', 'no_delete', 'to.delete'),
        fc.string({ maxLength: 6 }),
      )
      .map((two) => two.join('')),
  );
  const settings = fc.constantFrom<{ readonly tagPrefix: string; readonly holdTags: readonly string[] }>(
    { tagPrefix: 'retention', holdTags: ['no_delete'] },
    { tagPrefix: 'acme', holdTags: ['delete', 'a b'] },
    { tagPrefix: 'Acme.Team', holdTags: [] },
    { tagPrefix: 'r', holdTags: ['aws:keep', 'to_delete'] },
    { tagPrefix: 'aws-like', holdTags: ['no_delete'] },
  );

  /**
   * The net as it was: a key that means nothing, and begins like the prefix or equals a hold but for case, blanks at
   * its ends or the separator.
   */
  function wasProblem(
    key: string,
    { tagPrefix, holdTags }: { readonly tagPrefix: string; readonly holdTags: readonly string[] },
  ): boolean {
    const plain = (text: string) =>
      text
        .trim()
        .toLowerCase()
        .replace(/[._\-/]/g, ':');
    const meant = ['hold', 'policy', 'keep', 'expire-after', 'expire-on'].map((name) => `${tagPrefix}:${name}`);
    if ([...meant, ...holdTags, 'retention:hold'].includes(key) || key.startsWith('aws:cloudformation:')) return false;
    return (
      plain(key).startsWith(plain(`${tagPrefix}:`)) ||
      [...holdTags, 'retention:hold'].some((hold) => plain(hold) === plain(key))
    );
  }

  it('is one still, whatever the key, the prefix and the hold tags', () => {
    let seen = 0;
    fc.assert(
      fc.property(anyKey, settings, fc.constantFrom(null, 'x', 'true'), (key, setting, value) => {
        if (!wasProblem(key, setting)) return;
        seen += 1;
        expect(codes([key, value], grammarOf(setting))).toEqual(['tag.unknown-key']);
      }),
      { ...CHECKS, numRuns: CHECKS.numRuns * 20 },
    );
    expect(seen).toBeGreaterThan(CHECKS.numRuns / 2);
  });
});

describe('the distance between keys', () => {
  /** Optimal string alignment, the whole table of it. */
  function distance(one: string, two: string): number {
    const table = Array.from({ length: one.length + 1 }, (_, i) =>
      Array.from({ length: two.length + 1 }, (__, j) => (i === 0 ? j : i)),
    );
    const cell = (i: number, j: number): number => table[i]?.[j] ?? Number.POSITIVE_INFINITY;
    for (let i = 1; i <= one.length; i += 1)
      for (let j = 1; j <= two.length; j += 1) {
        const same = one[i - 1] === two[j - 1] ? 0 : 1;
        const swap =
          i > 1 && j > 1 && one[i - 1] === two[j - 2] && one[i - 2] === two[j - 1]
            ? cell(i - 2, j - 2) + 1
            : Number.POSITIVE_INFINITY;
        const row = table[i];
        if (row) row[j] = Math.min(cell(i - 1, j) + 1, cell(i, j - 1) + 1, cell(i - 1, j - 1) + same, swap);
      }
    return cell(one.length, two.length);
  }

  it('counts insertions, deletions, replacements and swaps of neighbours as the whole table does', () => {
    const word = fc.stringMatching(/^[abc]{0,8}$/);
    fc.assert(
      fc.property(word, word, fc.constantFrom(0, 1, 2, 3), (one, two, limit) => {
        expect(withinDistance(one, two, limit)).toBe(distance(one, two) <= limit);
      }),
      { ...CHECKS, numRuns: CHECKS.numRuns * 5 },
    );
  });
});

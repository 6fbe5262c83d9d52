import { makeResolver } from '../../../lambda/core/policy/resolve';
import type { Snapshot, SourceState } from '../../../lambda/core/snapshot/snapshot';
import { aConfig } from '../../support/config-builder';
import { aSnapshot, NOW } from '../../support/report-builder';
import { living, tagged } from '../../support/snapshot-builder';

const POLICIES = { standard: { keep: { last: 3 } }, short: { expireAfter: '14d' }, forever: { keep: 'all' } };
const RULES = [
  { name: 'production', match: { tags: { env: 'prod' } }, policy: 'standard' },
  { match: { tags: { env: '*' } }, policy: 'forever' },
  { name: 'copies', match: { fromAutoSnapshot: true, name: 'copy-*' }, policy: 'short' },
];
const CONFIG = aConfig({ policies: POLICIES, rules: RULES, default: 'forever' });
const GONE: SourceState = { state: 'gone' };

/** Where the policy of a snapshot came from: its name, its origin, its rule. */
function authority(given: Partial<Snapshot>, source: SourceState | null = living(), config = CONFIG): string | null {
  const { policy } = makeResolver(config, NOW)(aSnapshot(given), source);
  return policy === null
    ? null
    : [policy.name, policy.origin, ...(policy.rule === undefined ? [] : [policy.rule])].join(' by ');
}

describe('the precedence of policies', () => {
  const own = tagged({ 'retention:policy': 'short', env: 'prod' });
  const above = living({ 'retention:keep': 'daily=7' });

  it.each<[string, Partial<Snapshot>, SourceState | null, string | null]>([
    ['the snapshot’s own tags before all', { tags: own }, above, 'short by snapshot-tag'],
    ['the living source’s tags before the rules', { tags: tagged({ env: 'prod' }) }, above, 'daily=7 by source-tag'],
    [
      'the first matching rule before the others',
      { tags: tagged({ env: 'prod' }) },
      living(),
      'standard by rule by production',
    ],
    [
      'another rule where the first does not match',
      { tags: tagged({ env: 'test' }) },
      living(),
      'forever by rule by rule 2',
    ],
    ['the default where no rule matches', {}, living(), 'forever by default'],
    ['no tags of a source that is gone', {}, GONE, 'forever by default'],
    ['the rules and the default for a snapshot without source', { source: null }, null, 'forever by default'],
  ])('%s', (_, given, source, expected) => {
    expect(authority(given, source)).toBe(expected);
  });

  it('ends at unmanaged where there is no default', () => {
    expect(authority({}, living(), aConfig({ policies: POLICIES, rules: RULES }))).toBeNull();
  });

  it.each<[string, Partial<Snapshot>, SourceState, string | null]>([
    ['neither its source’s tags nor the default reach it', {}, above, null],
    ['its own tags do', { tags: own }, above, 'short by snapshot-tag'],
    ['a rule that speaks of such copies does', { name: 'copy-1' }, above, 'short by rule by copies'],
    ['a rule that does not speak of them does not', { tags: tagged({ env: 'prod' }) }, above, null],
  ])('of a copy of an automatic snapshot: %s', (_, given, source, expected) => {
    expect(authority({ fromAutoSnapshot: true, ...given }, source)).toBe(expected);
  });

  it('of a copy of an automatic snapshot: a rule for any does, too', () => {
    const any = aConfig({ policies: POLICIES, rules: [{ match: { fromAutoSnapshot: 'any' }, policy: 'short' }] });
    expect(authority({ fromAutoSnapshot: true }, above, any)).toBe('short by rule by rule 1');
    expect(authority({}, living(), any)).toBe('short by rule by rule 1');
  });
});

describe('rules', () => {
  const twice = {
    ...CONFIG,
    rules: [
      { name: 'same', policy: 'short', matches: ({ kind }: { kind: string }) => kind === 'disk' },
      { name: 'same', policy: 'standard', matches: ({ kind }: { kind: string }) => kind === 'instance' },
      { name: 'broken', policy: 'nowhere', matches: () => true },
    ],
  };

  it('are told apart although they have the same name', () => {
    const resolve = makeResolver(twice, NOW);
    const policies = (['disk', 'instance', 'disk'] as const).map(
      (kind) => resolve(aSnapshot({ kind }), living()).policy?.name,
    );
    expect(policies).toEqual(['short', 'standard', 'short']);
  });

  it('that name no policy give none, and do not fall through to the default', () => {
    const resolve = makeResolver(twice, NOW);
    for (const _ of ['once', 'again']) expect(resolve(aSnapshot({ kind: 'database' }), living()).policy).toBeNull();
  });
});

describe('the input of a rule', () => {
  const matched = (match: Record<string, unknown>, given: Partial<Snapshot>, source: SourceState | null): boolean =>
    authority(given, source, aConfig({ policies: POLICIES, rules: [{ match, policy: 'short' }] })) !== null;

  it.each<[Record<string, unknown>, Partial<Snapshot>, SourceState | null, boolean]>([
    [{ orphaned: true }, {}, GONE, true],
    [{ orphaned: true }, {}, living(), false],
    [{ orphaned: false }, {}, living(), true],
    [{ orphaned: false }, {}, GONE, false],
    [{ orphaned: true }, { source: null }, null, false],
    [{ orphaned: false }, { source: null }, null, false],
    [{ orphaned: true }, {}, { state: 'unread', list: null }, false],
    [{ orphaned: false }, {}, { state: 'unread', list: null }, false],
    [{ sourceTags: { env: 'prod' } }, {}, living({ env: 'prod' }), true],
    [{ sourceTags: { env: '*' } }, {}, living({ env: null }), true],
    [{ sourceTags: { env: 'prod' } }, { tags: tagged({ env: 'prod' }) }, living(), false],
    [{ sourceTags: { env: 'prod' } }, {}, GONE, false],
    [{ tags: { env: 'prod' } }, {}, living({ env: 'prod' }), false],
    [{ source: 'web' }, {}, GONE, true],
    [{ source: '*' }, { source: null }, null, false],
    [{ name: 'web-*' }, {}, living(), true],
    [{ kind: 'instance' }, {}, living(), true],
    [{ kind: 'disk' }, {}, living(), false],
    [{ region: 'us-*' }, {}, living(), true],
    [{ account: '123456789012' }, {}, living(), true],
    [{ account: '*' }, { account: null }, living(), false],
  ])('%j, of %j: source %j: %s', (match, given, source, expected) => {
    expect(matched(match, given, source)).toBe(expected);
  });
});

describe('holds and problems', () => {
  const resolved = (given: Partial<Snapshot>, source: SourceState | null, config = CONFIG) =>
    makeResolver(config, NOW)(aSnapshot(given), source);

  it('are told of the snapshot first, then of its living source', () => {
    const tags = tagged({ no_delete: null, 'retention:hold': 'until 2026-11-23' });
    expect(resolved({ tags }, living({ 'retention:hold': 'please' }, 'web')).holds).toEqual([
      'held without end by tag no_delete on the snapshot',
      'held through 2026-11-23 by tag retention:hold on the snapshot',
      'held without end by tag retention:hold on its source web',
    ]);
  });

  it('call a living source by the name that the snapshot knows, or by none, where the list sends none', () => {
    const held = { 'retention:hold': null };
    expect(resolved({}, living(held, null)).holds).toEqual([
      'held without end by tag retention:hold on its source web',
    ]);
    expect(resolved({ source: { name: null, arn: 'arn' } }, living(held, null)).holds).toEqual([
      'held without end by tag retention:hold on its source',
    ]);
  });

  it('end with their day, and leave the policy as it was', () => {
    const past = tagged({ 'retention:hold': 'until 2026-11-22', 'retention:policy': 'short' });
    expect(resolved({ tags: past }, living({ 'retention:hold': '2026-11-22' }))).toMatchObject({
      holds: [],
      policy: { name: 'short' },
    });
  });

  it('of a living source reach copies of automatic snapshots and snapshots with tags of their own', () => {
    const problem = { 'retention:keep': 'often' };
    for (const given of [{ fromAutoSnapshot: true }, { tags: tagged({ 'retention:policy': 'short' }) }]) {
      expect(resolved(given, living({ 'retention:hold': null })).holds).toHaveLength(1);
      expect(resolved(given, living(problem))).toMatchObject({
        problems: [{ on: 'source', code: 'tag.malformed' }],
        policy: null,
      });
    }
  });

  it('are told whose they are, and leave no policy', () => {
    const { problems, policy } = resolved(
      { tags: tagged({ 'retention:keep': 'x' }) },
      living({ 'retention:policy': 'x' }),
    );
    expect(problems.map(({ on, code }) => [on, code])).toEqual([
      ['snapshot', 'tag.malformed'],
      ['source', 'tag.unknown-policy'],
    ]);
    expect(policy).toBeNull();
  });

  it('keep the policy beside a hold, so that a report can say what would happen without it', () => {
    expect(resolved({ tags: tagged({ no_delete: null }) }, living())).toMatchObject({
      policy: { name: 'forever', origin: 'default' },
    });
  });
});

it('the resolver reads shared tags differently on a snapshot and on a source', () => {
  const shared = tagged({ 'retention:expire-on': '2027-01-01' });
  const resolve = makeResolver(CONFIG, NOW);
  for (const _ of ['once', 'again']) {
    expect(resolve(aSnapshot({ tags: shared }), GONE).policy?.name).toBe('expire-on=2027-01-01');
    expect(resolve(aSnapshot(), { state: 'exists', name: 'web', tags: shared }).problems).toHaveLength(1);
  }
});

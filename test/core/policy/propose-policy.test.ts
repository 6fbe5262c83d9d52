import fc from 'fast-check';
import { parseConfig } from '../../../lambda/config/parse-config';
import { readConfigText } from '../../../lambda/config/parse-yaml';
import { decide } from '../../../lambda/core/policy/decide';
import { type Proposal, proposePolicy } from '../../../lambda/core/policy/propose-policy';
import { RHYTHMS, type SourceRhythm, sourceRhythms } from '../../../lambda/core/policy/source-rhythm';
import { FINISHED_STATE, KINDS, type Kind, type Snapshot } from '../../../lambda/core/snapshot/snapshot';
import { UTC } from '../../../lambda/core/time/zone';
import { renderProposedConfig } from '../../../lambda/render/proposed-config';
import { CHECKS } from '../../support/arbitraries';
import { aSnapshot, DAY, NOW } from '../../support/report-builder';
import { living } from '../../support/snapshot-builder';

const source = (name: string, rhythm: SourceRhythm['rhythm'], more: Partial<SourceRhythm> = {}): SourceRhythm => ({
  name,
  kind: 'instance',
  region: 'us-east-1',
  rhythm,
  state: 'active',
  snapshots: 10,
  newestAt: NOW - DAY,
  ...more,
});
const rulesOf = ({ rules }: Proposal) => rules.map(({ match, policy }) => ({ match, policy }));
const ORPHANS = { match: { orphaned: true }, policy: 'archive' };

describe('a proposed policy', () => {
  it('is a start with one policy for an account without snapshots', () => {
    const proposal = proposePolicy([]);
    expect(rulesOf(proposal)).toEqual([ORPHANS]);
    expect(proposal.policies.map(({ name }) => name)).toEqual(['archive', 'standard']);
    expect(proposal.default).toBe('standard');
  });

  it('is the default alone where all sources have one rhythm', () => {
    const proposal = proposePolicy([source('web', 'daily'), source('data', 'daily', { kind: 'disk' })]);
    expect(rulesOf(proposal)).toEqual([ORPHANS]);
    expect(proposal.default).toBe('daily');
  });

  it('has a rule for kinds with a prevailing rhythm, and matches the other sources by name before it', () => {
    const proposal = proposePolicy([
      source('web', 'daily'),
      source('app', 'daily'),
      source('wiki', 'monthly'),
      source('db', 'weekly', { kind: 'database' }),
      source('data', 'occasional', { kind: 'disk' }),
    ]);
    expect(rulesOf(proposal)).toEqual([
      ORPHANS,
      { match: { source: ['wiki'] }, policy: 'monthly' },
      { match: { kind: ['instance'] }, policy: 'daily' },
      { match: { kind: ['database'] }, policy: 'weekly' },
    ]);
    expect(proposal.default).toBe('occasional');
  });

  it('uses a pattern for three names with one beginning, unless another source has it too', () => {
    const names = ['client-a', 'client-b', 'client-c', 'shop-1', 'shop-2', 'shop-3', 'x-y'];
    const daily = names.map((name) => source(name, 'daily', { kind: 'disk' }));
    const weekly = ['shop-4', 'a', 'b', 'c', 'd', 'e', 'f'].map((name) => source(name, 'weekly', { kind: 'disk' }));
    const [, rule] = proposePolicy([...daily, ...weekly]).rules;
    expect(rule?.match).toEqual({ source: ['client-*', 'shop-1', 'shop-2', 'shop-3', 'x-y'] });
  });

  it('gives one rule to a name that several sources have, by the most frequent rhythm', () => {
    const proposal = proposePolicy([
      source('web', 'weekly'),
      source('web', 'daily', { region: 'eu-west-1' }),
      source('web', 'occasional', { kind: 'disk' }),
    ]);
    expect(rulesOf(proposal)).toEqual([ORPHANS]);
    expect(proposal.default).toBe('daily');
  });

  it('keeps everything of a deleted source, whichever rhythm it had', () => {
    const { rules, policies } = proposePolicy([source('old', 'hourly', { state: 'orphaned' })]);
    expect(rules[0]).toMatchObject({ ...ORPHANS, sources: [{ name: 'old' }] });
    expect(policies[0]).toMatchObject({ name: 'archive', keep: 'all' });
  });

  it('does not match by name a source whose name is no pattern', () => {
    const proposal = proposePolicy([source('naïve *', 'daily'), source('web', 'monthly'), source('app', 'monthly')]);
    expect(rulesOf(proposal)).toEqual([ORPHANS]);
    expect(proposal.default).toBe('monthly');
  });

  it('names at most 500 sources by rule, so that its file stays below 1 MB', () => {
    const many = Array.from({ length: 5_000 }, (_, i) => source(`${i}${'x'.repeat(240)}`, RHYTHMS[i % 5] ?? 'daily'));
    const { rules } = proposePolicy(many);
    const lengths = rules.flatMap(({ match }) => ('source' in match ? [match.source.length] : []));
    expect(lengths).toEqual([500, 500, 500, 500]);
  });
});

describe('the file of a proposed policy', () => {
  const NAMES = [
    'web',
    'prod-web',
    'prod-db',
    'prod-shop',
    'no',
    '1e3',
    'client.a',
    'client.b',
    'client.c',
    '-',
    'été *',
    '"#\n',
  ];
  const account = fc.array(
    fc.record({
      name: fc.constantFrom<string | null>(...NAMES, null),
      kind: fc.constantFrom<Kind>(...KINDS),
      region: fc.constantFrom('us-east-1', 'eu-central-1'),
      gone: fc.boolean(),
      gapDays: fc.constantFrom(0.01, 0.25, 1, 2, 7, 14, 30, 90),
      jitter: fc.constantFrom(0, 0, 0.2, 3),
      snapshots: fc.integer({ min: 1, max: 14 }),
      age: fc.integer({ min: 0, max: 90 }),
      odd: fc.constantFrom<Partial<Snapshot>>(
        {},
        {},
        {},
        { state: 'pending' },
        { fromAutoSnapshot: true },
        { source: null },
      ),
    }),
    { maxLength: 12, size: 'max' },
  );

  it('passes the validator without a warning, and never lets the newest snapshot of a source expire', () => {
    fc.assert(
      fc.property(
        account,
        fc.constantFrom<readonly Kind[] | null>(null, ['instance'], ['disk', 'database']),
        (groups, kinds) => {
          const gone = new Set<string>();
          const snapshots = groups.flatMap(
            ({ name, kind, region, gapDays, jitter, age, odd, ...group }, g): readonly Snapshot[] => {
              if (kinds !== null && !kinds.includes(kind)) return [];
              const arn = `arn:source:${g}`;
              if (group.gone) gone.add(arn);
              return Array.from({ length: group.snapshots }, (_, i) =>
                aSnapshot({
                  name: `s-${g}-${i}`,
                  kind,
                  region,
                  state: FINISHED_STATE[kind],
                  createdAt: NOW - (age + i * gapDays * (1 + jitter * ((i * 7) % 3))) * DAY,
                  source: { name, arn },
                  ...odd,
                }),
              );
            },
          );
          const lookup = (arn: string) => (gone.has(arn) ? ({ state: 'gone' } as const) : living());
          const sources = sourceRhythms({ snapshots, sources: lookup }, NOW);
          const proposal = proposePolicy(sources);
          const text = renderProposedConfig({
            proposal,
            sources,
            snapshots: snapshots.length,
            account: '123456789012',
            regions: 'all',
            kinds,
            caps: { maxDeletions: 100, maxShare: 0.5 },
            schema: './retention.schema.json',
            now: NOW,
            zone: UTC,
          });
          const result = readConfigText(text, 'retention.yaml');
          if (!result.ok) throw new Error(`${text}\n${JSON.stringify(result.errors)}`);
          expect(result.warnings).toEqual([]);
          expect(text.split('\n').filter((line) => line.length > 102)).toEqual([]);
          const { items } = decide({ snapshots, sources: lookup, config: result.config, now: NOW });
          for (const { name, kind, region } of sources)
            expect(
              items.some(
                ({ snapshot: each, verdict }) =>
                  verdict === 'keep' &&
                  each.kind === kind &&
                  each.region === region &&
                  (each.source?.name ?? null) === name,
              ),
            ).toBe(true);
          const newest = new Map<string, number>();
          for (const { snapshot } of items) {
            if (snapshot.source?.arn == null || snapshot.state !== FINISHED_STATE[snapshot.kind]) continue;
            newest.set(snapshot.source.arn, Math.max(newest.get(snapshot.source.arn) ?? 0, snapshot.createdAt ?? 0));
          }
          for (const { snapshot, verdict } of items) {
            const arn = snapshot.source?.arn ?? '';
            if (snapshot.createdAt === newest.get(arn) && snapshot.source?.arn != null) expect(verdict).toBe('keep');
            if (gone.has(arn)) expect(verdict).toBe('keep');
          }
        },
      ),
      { ...CHECKS, numRuns: Math.min(CHECKS.numRuns, 300) },
    );
  });

  it('holds the same configuration as its proposal', () => {
    const sources = [source('web', 'daily'), source('wiki', 'weekly'), source('old', 'daily', { state: 'orphaned' })];
    const proposal = proposePolicy(sources);
    const text = renderProposedConfig({
      proposal,
      sources,
      snapshots: 30,
      account: null,
      regions: ['us-east-1'],
      kinds: ['instance'],
      caps: { maxDeletions: 100, maxShare: 0.5 },
      schema: './retention.schema.json',
      now: NOW,
      zone: UTC,
    });
    const written = readConfigText(text, 'retention.yaml');
    const expected = parseConfig(
      {
        version: 1,
        regions: ['us-east-1'],
        kinds: ['instance'],
        policies: Object.fromEntries(
          proposal.policies.map(({ name, keep, expireAfter }) => [name, { keep, ...(expireAfter && { expireAfter }) }]),
        ),
        rules: proposal.rules.map(({ name, match, policy }) => ({ name, match, policy })),
        default: proposal.default,
      },
      'retention.yaml',
    );
    expect(written.ok && written.config.digest).toBe(expected.ok && expected.config.digest);
    expect(text).toContain('# yaml-language-server: $schema=./retention.schema.json\n');
    expect(text).toContain('# 10 snapshots of deleted sources: old.');
  });
});

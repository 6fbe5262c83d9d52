import type { ReportState } from '../../lambda/core/report/report-diff';
import type { EvaluatedSnapshot } from '../../lambda/core/report/report-model';
import type { Snapshot, SourceState, Tags } from '../../lambda/core/snapshot/snapshot';
import { type ConfirmOptions, decideConfirmed } from '../../lambda/inventory/confirm-sources';
import type { AbsentSource, LiveInventory } from '../../lambda/ports/ports';
import { renderJson } from '../../lambda/render/json';
import { makeReport, stateOf } from '../../lambda/reporting/make-report';
import { digestOf } from '../../lambda/runtime/digest';
import { anInventory, fakeInventory } from '../fakes/inventory';
import { aConfig } from '../support/config-builder';
import { aSnapshot, DAY, NOW } from '../support/report-builder';

const KEEP_ONE = { policies: { short: { keep: { last: 1 } }, all: { keep: 'all' } }, default: 'short' };

const arnOf = (name: string): string => `arn:aws:lightsail:us-east-1:123456789012:Instance/${name}`;
/** Snapshots of a source by their ages in days; the source has the name that its ARN ends in, unless told otherwise. */
const of = (name: string, ages: readonly number[], overrides: Partial<Snapshot> = {}): readonly Snapshot[] =>
  ages.map((age) =>
    aSnapshot({
      name: `${name}-${age}`,
      arn: `arn:aws:lightsail:us-east-1:123456789012:InstanceSnapshot/${name}-${age}`,
      createdAt: NOW - age * DAY,
      source: { name, arn: arnOf(name) },
      ...overrides,
    }),
  );

const tags = (...all: readonly [string, string | null][]): Tags => new Map(all);
const exists = (of: Tags = new Map()): SourceState => ({ state: 'exists', name: 'web', tags: of });
const NO_ANSWER: SourceState = { state: 'unconfirmed', why: 'AccessDeniedException: no' };

/**
 * An inventory on whose lists no source is; each is what `answers` say by name, else gone. Remembers what was asked.
 */
function absent(
  snapshots: readonly Snapshot[],
  answers: Readonly<Record<string, SourceState>> = {},
  more: Partial<LiveInventory> = {},
): LiveInventory & { readonly asked: AbsentSource[] } {
  const asked: AbsentSource[] = [];
  const askSources: LiveInventory['askSources'] = async (sources) => {
    asked.push(...sources);
    return new Map(sources.map(({ arn }) => [arn, answers[arn.split('/')[1] ?? ''] ?? { state: 'gone' }]));
  };
  return { ...anInventory({ snapshots, askSources, ...more }), asked };
}

const decided = (live: LiveInventory, written: object = KEEP_ONE, more: Partial<ConfirmOptions> = {}) =>
  decideConfirmed(live, { config: aConfig({ ...written }), now: NOW, ...more });

const names = (
  items: readonly EvaluatedSnapshot[],
  verdict: EvaluatedSnapshot['verdict'],
): readonly (string | null)[] => items.filter((item) => item.verdict === verdict).map(({ snapshot }) => snapshot.name);

describe('a source that is in no list', () => {
  it('is gone once it was asked for by name: what its policy keeps no longer expires', async () => {
    const live = absent(of('web', [1, 2, 3]));
    const { decision, confirmedGone, inventory } = await decided(live);
    expect(names(decision.items, 'expire')).toEqual(['web-2', 'web-3']);
    expect(decision.items.map(({ sourceExists }) => sourceExists)).toEqual([false, false, false]);
    expect(live.asked).toEqual([{ arn: arnOf('web'), names: ['web'] }]);
    expect(confirmedGone).toEqual([arnOf('web')]);
    expect(inventory.problems).toEqual([]);
  });

  it('holds its snapshots where it exists with a hold', async () => {
    const { decision, confirmedGone, inventory } = await decided(
      absent(of('web', [1, 2, 3]), { web: exists(tags(['retention:hold', null])) }),
    );
    expect(names(decision.items, 'expire')).toEqual([]);
    expect(decision.items.map(({ status, sourceExists }) => [status, sourceExists])).toEqual(
      Array(3).fill(['held', true]),
    );
    expect(inventory.sources(arnOf('web'))).toEqual(exists(tags(['retention:hold', null])));
    expect(confirmedGone).toEqual([]);
  });

  it.each([
    ['a policy', tags(['retention:policy', 'all'])],
    ['a misspelt tag', tags(['retention:hodl', null])],
  ])('decides by its own tags where it exists with %s', async (_, own) => {
    const { decision } = await decided(absent(of('web', [1, 2, 3]), { web: exists(own) }));
    expect(names(decision.items, 'expire')).toEqual([]);
  });

  it('does not match orphaned: true where it exists', async () => {
    const written = {
      ...KEEP_ONE,
      default: 'all',
      rules: [{ name: 'left', match: { orphaned: true }, policy: 'short' }],
    };
    const snapshots = [...of('web', [1, 2]), ...of('blog', [1, 2])];
    const { decision } = await decided(absent(snapshots, { web: exists() }), written);
    expect(names(decision.items, 'expire')).toEqual(['blog-2']);
  });

  it('keeps its groups, with one problem, where it gives no answer, and the rest is decided', async () => {
    const live = absent([...of('web', [1, 2, 3]), ...of('blog', [1, 2])], { web: NO_ANSWER });
    const { decision, inventory, confirmedGone } = await decided(live);
    expect(names(decision.items, 'expire')).toEqual(['blog-2']);
    const [first] = decision.items;
    expect(first).toMatchObject({ status: 'problem', sourceExists: null, reasons: [{ code: 'source.unconfirmed' }] });
    expect(inventory.problems).toEqual([
      { code: 'source.unconfirmed', arn: arnOf('web'), message: expect.stringContaining('AccessDeniedException: no') },
    ]);
    expect(inventory.complete).toBe(true);
    expect(confirmedGone).toEqual([arnOf('blog')]);
  });

  it('does not match orphaned: true where it gives no answer', async () => {
    const written = {
      ...KEEP_ONE,
      default: 'all',
      rules: [{ name: 'left', match: { orphaned: true }, policy: 'short' }],
    };
    const { decision } = await decided(absent(of('web', [1, 2]), { web: NO_ANSWER }), written);
    expect(names(decision.items, 'expire')).toEqual([]);
  });

  it('is not asked for where nothing of it expires', async () => {
    const live = absent([...of('web', [1]), ...of('blog', [1, 2], { tags: tags(['no_delete', null]) })]);
    await decided(live, { ...KEEP_ONE, holdTags: ['no_delete'] });
    expect(live.asked).toEqual([]);
  });

  it('is asked for once, under every name that snapshots give it, and not at all where none does', async () => {
    const snapshots = [
      ...of('web', [1, 2]),
      ...of('web', [3], { source: { name: 'former', arn: arnOf('web') }, kind: 'disk', state: 'completed' }),
      ...of('web', [4], { source: { name: null, arn: arnOf('web') } }),
    ];
    const live = absent(snapshots);
    await decided(live);
    expect(live.asked).toEqual([{ arn: arnOf('web'), names: ['web', 'former'] }]);
  });

  it('is asked for only where its snapshots matter', async () => {
    const live = absent([...of('web', [1, 2]), ...of('blog', [1, 2])]);
    await decided(live, KEEP_ONE, { matters: ({ snapshot }) => snapshot.name === 'blog-2' });
    expect(live.asked.map(({ names: given }) => given)).toEqual([['blog']]);
  });

  it('that is left out of the answers is not taken for gone', async () => {
    const { decision } = await decided(absent(of('web', [1, 2]), {}, { askSources: async () => new Map() }));
    expect(names(decision.items, 'expire')).toEqual([]);
  });

  it('in another list than those that were read stays unread, and is not asked for', async () => {
    const live = absent(of('web', [1, 2]), {}, { sources: () => ({ state: 'unread', list: null }) });
    const { decision } = await decided(live);
    expect(names(decision.items, 'expire')).toEqual([]);
    expect(live.asked).toEqual([]);
  });
});

describe('what a report confirmed as gone', () => {
  const SNAPSHOTS = [...of('web', [1, 2]), ...of('blog', [1, 2])];

  async function reportOn(live: LiveInventory, previous: ReportState | null) {
    const config = aConfig({ ...KEEP_ONE });
    const inventory = { regions: config.regions, kinds: config.kinds, deadline: null };
    const ports = { clock: () => NOW, digest: digestOf, readInventory: fakeInventory(live) };
    return (await makeReport(ports, { reportId: '20261123T080000Z-1a2b3c4d', config, at: null, inventory, previous }))
      .report;
  }

  it('is not read by name again by the next reports, which continue to note it', async () => {
    const first = stateOf(await reportOn(absent(SNAPSHOTS), null));
    expect(first.gone).toEqual([arnOf('blog'), arnOf('web')]);
    const again = absent([...SNAPSHOTS, ...of('shop', [1, 2])]);
    const second = stateOf(await reportOn(again, first));
    expect(again.asked.map(({ arn }) => arn)).toEqual([arnOf('shop')]);
    const third = absent(SNAPSHOTS);
    const report = await reportOn(third, second);
    expect(third.asked).toEqual([]);
    expect(report.totals.expire).toBe(2);
    expect(stateOf(report).gone).toEqual([arnOf('blog'), arnOf('web')]);
  });

  it('is forgotten with its last snapshot, and not by a report that could not read everything', async () => {
    const first = stateOf(await reportOn(absent(SNAPSHOTS), null));
    expect(stateOf(await reportOn(absent(of('web', [1, 2])), first)).gone).toEqual([arnOf('web')]);
    expect(stateOf(await reportOn(absent([], {}, { complete: false }), first)).gone).toEqual(first.gone);
  });

  it('is forgotten when a list has it: then it was not gone', async () => {
    const first = stateOf(await reportOn(absent(SNAPSHOTS), null));
    const sources = (arn: string): SourceState => (arn === arnOf('web') ? exists() : { state: 'gone' });
    expect(stateOf(await reportOn(absent(SNAPSHOTS, {}, { sources }), first)).gone).toEqual([arnOf('blog')]);
  });

  it('does not include what gave no answer: the next report asks again', async () => {
    const first = await reportOn(absent(SNAPSHOTS, { web: NO_ANSWER }), null);
    expect(stateOf(first).gone).toEqual([arnOf('blog')]);
    expect(
      JSON.parse([...renderJson(first)].join('')).snapshots.map((each: { source: object }) => each.source),
    ).toEqual([
      ...Array(2).fill({ name: 'blog', arn: arnOf('blog'), exists: false }),
      ...Array(2).fill({ name: 'web', arn: arnOf('web'), exists: null }),
    ]);
    const again = absent(SNAPSHOTS);
    await reportOn(again, stateOf(first));
    expect(again.asked.map(({ arn }) => arn)).toEqual([arnOf('web')]);
  });
});

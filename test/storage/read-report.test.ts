import * as fc from 'fast-check';
import { decide } from '../../lambda/core/policy/decide';
import { describeReason as sentenceOf } from '../../lambda/core/policy/reason';
import type { EvaluatedSnapshot } from '../../lambda/core/report/report-model';
import type { Tags } from '../../lambda/core/snapshot/snapshot';
import { renderJson } from '../../lambda/render/json';
import { reportSources } from '../../lambda/reporting/report-sources';
import { readStoredReport } from '../../lambda/storage/read-report';
import { anInventory } from '../fakes/inventory';
import { anyDuration, aWorld, CHECKS, configOf, type World } from '../support/arbitraries';
import { aReport, expired, kept } from '../support/report-builder';

const TERRAIN = { lengths: anyDuration, timed: true };

/** The JSON report that a world's own configuration makes. */
function reportJson({ written, snapshots, sources, now }: World): unknown {
  const config = configOf(written);
  const { items, problems } = decide({ snapshots, sources, config, now });
  const listed = snapshots.flatMap(({ source, region, kind }) =>
    source?.arn != null && sources(source.arn).state === 'exists'
      ? [{ arn: source.arn, name: source.name, region, kind }]
      : [],
  );
  const inventory = anInventory({ snapshots, sources, sourceList: listed });
  const report = aReport(items, { problems, evaluatedAt: now, sources: reportSources(inventory, now, config) });
  return JSON.parse([...renderJson(report)].join(''));
}

const read = (json: unknown) => {
  const found = readStoredReport(json);
  if (!found.ok) throw new Error(found.why);
  return found.stored;
};

const inKeyOrder = (tags: Tags): Tags => new Map([...tags].sort(([a], [b]) => (a < b ? -1 : 1)));

/**
 * The world with its tags in the order of their keys, as a report has them: names and messages list tags in the order
 * received.
 */
const ordered = (world: World): World => ({
  ...world,
  snapshots: world.snapshots.map((snapshot) => ({ ...snapshot, tags: inKeyOrder(snapshot.tags) })),
  sources: (arn) => {
    const state = world.sources(arn);
    return state.state === 'exists' ? { ...state, tags: inKeyOrder(state.tags) } : state;
  },
});

/** A decision as people read it. The list that was not read is not in the report, only that it was not. */
const outcomes = (items: readonly EvaluatedSnapshot[]) =>
  items.map(({ snapshot, verdict, status, policy, reasons }) => ({
    ...{ arn: snapshot.arn, verdict, status, policy: policy?.name ?? null },
    reasons: reasons.map((reason) => (reason.code === 'source.unread' ? reason.code : sentenceOf(reason))),
  }));

describe('a stored report', () => {
  it('lets any configuration decide as it decides over the account itself', () => {
    fc.assert(
      fc.property(aWorld(TERRAIN), aWorld(TERRAIN), (unordered, { written }) => {
        const world = ordered(unordered);
        const config = configOf(written);
        const { inventory, evaluatedAt } = read(reportJson(world));
        const there = decide({ ...world, config });
        const here = decide({ ...inventory, config, now: evaluatedAt });
        expect(outcomes(here.items)).toEqual(outcomes(there.items));
        expect(evaluatedAt).toBe(world.now);
      }),
      CHECKS,
    );
  });

  it('keeps every tag, also one with the name of a member of objects', () => {
    const tags = new Map([
      ['__proto__', 'a'],
      ['constructor', null],
      ['10', 'b'],
    ]);
    const { inventory } = read(JSON.parse([...renderJson(aReport([kept({ tags })]))].join('')));
    expect([...(inventory.snapshots[0]?.tags ?? [])].sort()).toEqual([...tags].sort());
  });

  it('is complete if the report was, and has its scopes', () => {
    const json = JSON.parse([...renderJson(aReport([expired()], { complete: false }))].join(''));
    const { inventory, reportId } = read(json);
    expect([inventory.complete, inventory.scopes, reportId]).toEqual([false, json.scopes, json.reportId]);
  });

  const valid = () => JSON.parse([...renderJson(aReport([expired()]))].join(''));
  it.each<[string, (json: ReturnType<typeof valid>) => unknown, string]>([
    ['null', () => null, 'it is not a JSON report of this tool'],
    ['a plan', () => ({ schemaVersion: 1, id: 'x', items: [] }), 'it is not a JSON report of this tool'],
    ['another version', (json) => ({ ...json, schemaVersion: 2 }), 'schemaVersion'],
    ['no sources', ({ sources: _, ...json }) => json, 'an earlier version made it; make a new report'],
    ['a time that is none', (json) => ({ ...json, evaluatedAt: 'today' }), 'evaluatedAt: expected an ISO 8601 instant'],
    [
      'a snapshot with tags of another shape',
      (json) => ({ ...json, snapshots: [{ ...json.snapshots[0], tags: { a: 1 } }] }),
      'snapshots.0.tags: expected an object of texts and nulls',
    ],
    [
      'a snapshot of an unknown kind',
      (json) => ({ ...json, snapshots: [{ ...json.snapshots[0], kind: 'bucket' }] }),
      'snapshots.0.kind',
    ],
  ])('is refused with the reason where it has %s', (_, change, why) => {
    const found = readStoredReport(change(valid()));
    expect(found).toMatchObject({ ok: false, why: expect.stringContaining(why) });
  });
});

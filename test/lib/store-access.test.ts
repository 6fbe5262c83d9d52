import { billOf } from '../../lambda/core/report/spend';
import { makeReadSpend } from '../../lambda/reporting/read-spend';
import { runReport } from '../../lambda/reporting/run-report-job';
import { digestOf, sha256Of } from '../../lambda/runtime/digest';
import { fakeChannel } from '../fakes/channel';
import { anInventory, fakeInventory } from '../fakes/inventory';
import { memoryStore } from '../fakes/memory-store';
import { withBench } from '../handlers/deletion-bench';
import { aConfig } from '../support/config-builder';
import { actionsOf, statementsOf, synthesized } from './synthesized';

const WITH_BILL = { version: 1, report: { spend: true } } as const;
const PROPS_WITH_BILL = { configuration: { origin: 'retention.yaml', config: WITH_BILL } };

test('a run writes under the prefixes that its role may write, list and read, and under every one of them', async () => {
  const objects = new Map<string, string>();
  const listed: string[] = [];
  const store = memoryStore(objects);
  const list = (prefix: string): Promise<readonly string[]> => {
    listed.push(prefix);
    return store.list(prefix);
  };
  const listAfter: typeof store.listAfter = (prefix, after) => {
    listed.push(prefix);
    return store.listAfter(prefix, after);
  };
  const now = Date.parse('2026-11-23T08:00:00Z');
  await runReport(
    {
      clock: () => now,
      digest: digestOf,
      evidence: { hashText: sha256Of, keptForDays: 400 },
      store: { ...store, list, listAfter },
      channel: fakeChannel(),
      readInventory: fakeInventory(anInventory()),
      readSpend: makeReadSpend({
        readBills: async (month) => ({ state: 'read', bills: [billOf(month, true, [])] }),
        store,
      }),
    },
    {
      reportId: '20261123T080000Z-1a2b3c4d',
      config: aConfig(WITH_BILL),
      scheduledAt: now,
      region: 'us-east-1',
      deadline: null,
    },
  );

  const statement = statementsOf(synthesized(PROPS_WITH_BILL).toJSON()).find(
    ({ Action }) => Action === 's3:ListBucket',
  );
  const granted = [statement?.Condition?.StringLikeIfExists?.['s3:prefix'] ?? []]
    .flat()
    .map((pattern) => pattern.replace(/\*$/, ''));
  const prefixesOf = (keys: Iterable<string>): readonly string[] =>
    [...new Set([...keys].map((key) => `${key.split('/')[0]}/`))].sort();
  expect(prefixesOf(objects.keys())).toEqual(granted.toSorted());
  expect(listed.filter((prefix) => !granted.some((start) => prefix.startsWith(start)))).toEqual([]);
});

test('a deletion lists under the prefixes that its role may list, and names one each time', () =>
  withBench(async ({ approve, run, objects }) => {
    const listed: string[] = [];
    const store = memoryStore(objects);
    const list = (prefix: string): Promise<readonly string[]> => {
      listed.push(prefix);
      return store.list(prefix);
    };
    const listAfter: typeof store.listAfter = (prefix, after) => {
      listed.push(prefix);
      return store.listAfter(prefix, after);
    };
    const evidence = { hashText: sha256Of, keptForDays: 400 };
    expect((await run(await approve(), { store: { ...store, list, listAfter }, evidence })).result).toMatchObject({
      state: 'finished',
      deleted: 5,
    });
    const conditions = statementsOf(synthesized({ deletion: 'approve' }).toJSON())
      .filter((statement) => actionsOf(statement).includes('s3:ListBucket'))
      .map(({ Condition }) =>
        [Condition?.StringLikeIfExists?.['s3:prefix'] ?? []].flat().map((pattern) => pattern.replace(/\*$/, '')),
      );
    const [granted = []] = conditions.filter((prefixes) => prefixes.includes('results/'));
    expect(granted).toEqual(['plans/', 'results/', 'evidence/']);
    expect(listed).toContain('evidence/');
    expect(listed).not.toEqual([]);
    expect(listed.filter((prefix) => !granted.some((start) => prefix.startsWith(start)))).toEqual([]);
  }));

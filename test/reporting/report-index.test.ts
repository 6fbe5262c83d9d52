import { instantOfId } from '../../lambda/core/time/instant';
import type { Store } from '../../lambda/ports/ports';
import type { IndexedReport } from '../../lambda/render/report-index';
import { indexReports, reportTotals } from '../../lambda/reporting/report-index';
import { memoryStore } from '../fakes/memory-store';
import { aReport, expired } from '../support/report-builder';

const ids = ['20261109T080000Z-aaaaaaaa', '20261116T080000Z-bbbbbbbb', '20261123T080000Z-cccccccc'] as const;
const report = (reportId: string) => aReport([expired()], { reportId });
const placed = (objects: Map<string, string>, id: string): void => {
  objects.set(`reports/${id}/report.json`, '{}');
};
const indexed = (objects: ReadonlyMap<string, string>): readonly IndexedReport[] =>
  JSON.parse(objects.get('reports/index.json') ?? '').reports;

describe('the index of reports', () => {
  it('names every stored report, the newest first, with its outcome and its files', async () => {
    const objects = new Map<string, string>();
    for (const id of ids) {
      placed(objects, id);
      await indexReports(memoryStore(objects), report(id));
    }
    expect(indexed(objects).map(({ reportId }) => reportId)).toEqual([...ids].reverse());
    expect(indexed(objects)[2]).toEqual({
      reportId: ids[0],
      at: '2026-11-09T08:00:00.000Z',
      outcome: '[Lightsail] 1 of 1 snapshot expired by policy, at most $2.00/month',
      totals: { keep: 0, expire: 1, monthlyCostCeiling: 2 },
      files: { html: `${ids[0]}/report.html`, json: `${ids[0]}/report.json`, csv: `${ids[0]}/report.csv` },
    });
    const page = objects.get('reports/index.html') ?? '';
    expect([...page.matchAll(/<a href="([^"]*\.html)">/g)].map(([, href]) => href)).toEqual(
      [...ids].reverse().map((id) => `${id}/report.html`),
    );
  });

  it('gives the totals of the reports that have some, the oldest first, for the chart of a page', async () => {
    const objects = new Map<string, string>();
    const store = memoryStore(objects);
    expect(await reportTotals(store)).toEqual([]);
    for (const id of ids) placed(objects, id);
    await indexReports(store, report(ids[0]));
    await indexReports(store, report(ids[2]));
    expect(await reportTotals(store)).toEqual(
      [ids[0], ids[2]].map((id) => ({ at: instantOfId(id ?? ''), keep: 0, expire: 1, monthlyCostCeiling: 2 })),
    );
  });

  it.each([['{"reports":['], ['{"reports":[null]}'], ['[]']])(
    'is made from the listing alone where the previous one is broken: %s',
    async (broken) => {
      const objects = new Map([['reports/index.json', broken]]);
      for (const id of ids) placed(objects, id);
      await indexReports(memoryStore(objects), report(ids[2]));
      expect(indexed(objects).map(({ reportId, outcome }) => [reportId, outcome !== null])).toEqual([
        [ids[2], true],
        [ids[1], false],
        [ids[0], false],
      ]);
    },
  );

  it('leaves out reports that are no longer stored, and all other objects', async () => {
    const objects = new Map([['reports/readme.txt', 'x']]);
    for (const id of ids) placed(objects, id);
    await indexReports(memoryStore(objects), report(ids[2]));
    objects.delete(`reports/${ids[0]}/report.json`);
    await indexReports(memoryStore(objects), report(ids[2]));
    expect(indexed(objects).map(({ reportId }) => reportId)).toEqual([ids[2], ids[1]]);
  });

  it('loses no report that another run stores and indexes while this one is writing', async () => {
    const objects = new Map<string, string>();
    const plain = memoryStore(objects);
    placed(objects, ids[0]);
    let raced = false;
    const racing: Store = {
      ...plain,
      async put(object) {
        if (!raced) {
          raced = true;
          placed(objects, ids[1]);
          await indexReports(plain, report(ids[1]));
        }
        await plain.put(object);
      },
    };
    await indexReports(racing, report(ids[0]));
    expect(indexed(objects).map(({ reportId }) => reportId)).toEqual([ids[1], ids[0]]);
  });
});

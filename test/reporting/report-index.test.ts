import { instantOfId } from '../../lambda/core/time/instant';
import { indexResults } from '../../lambda/deletion/index-results';
import type { Store } from '../../lambda/ports/ports';
import type { IndexedDeletion, IndexedReport } from '../../lambda/render/report-index';
import { indexReports, reportTotals } from '../../lambda/reporting/report-index';
import { memoryStore } from '../fakes/memory-store';
import { aReport, expired } from '../support/report-builder';
import { anOutcome, aResult, storedResult } from '../support/result-builder';

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
      await indexReports(memoryStore(objects), report(id), true);
    }
    expect(indexed(objects).map(({ reportId }) => reportId)).toEqual([...ids].reverse());
    expect(indexed(objects)[2]).toEqual({
      reportId: ids[0],
      at: '2026-11-09T08:00:00.000Z',
      outcome: '[Lightsail] 1 of 1 snapshot can be deleted, up to $2.00/month',
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
    await indexReports(store, report(ids[0]), false);
    await indexReports(store, report(ids[2]), false);
    expect(await reportTotals(store)).toEqual(
      [ids[0], ids[2]].map((id) => ({ at: instantOfId(id ?? ''), keep: 0, expire: 1, monthlyCostCeiling: 2 })),
    );
  });

  it.each([['{"reports":['], ['{"reports":[null]}'], ['[]']])(
    'is made from the listing alone where the previous one is broken: %s',
    async (broken) => {
      const objects = new Map([['reports/index.json', broken]]);
      for (const id of ids) placed(objects, id);
      await indexReports(memoryStore(objects), report(ids[2]), true);
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
    await indexReports(memoryStore(objects), report(ids[2]), true);
    objects.delete(`reports/${ids[0]}/report.json`);
    await indexReports(memoryStore(objects), report(ids[2]), true);
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
          await indexReports(plain, report(ids[1]), true);
        }
        await plain.put(object);
      },
    };
    await indexReports(racing, report(ids[0]), true);
    expect(indexed(objects).map(({ reportId }) => reportId)).toEqual([ids[1], ids[0]]);
  });

  describe('with deletions', () => {
    const write = async (objects: Map<string, string>, id: string, updatedAt: string): Promise<void> => {
      await memoryStore(objects).put(storedResult(aResult(id, [anOutcome(`web-${id}`)], { updatedAt })));
      await indexResults(memoryStore(objects));
    };
    const deletions = (objects: ReadonlyMap<string, string>): readonly IndexedDeletion[] =>
      JSON.parse(objects.get('reports/index.json') ?? '').deletions;
    let objects: Map<string, string>;
    beforeEach(async () => {
      objects = new Map();
      for (const id of ids) placed(objects, id);
      await write(objects, ids[0], '2026-11-10T09:00:00.000Z');
      await write(objects, 'auto-20261117T080000Z', '2026-11-17T08:05:00.000Z');
    });

    it('lists them together with the reports, newest first, each with its result', async () => {
      await indexReports(memoryStore(objects), report(ids[2]), true);
      expect(deletions(objects)).toEqual([
        {
          planId: 'auto-20261117T080000Z',
          at: '2026-11-17T08:05:00.000Z',
          outcome: 'Of 1 planned snapshot: 1 deleted. Freed: at most $2.00/month.',
          files: {
            html: '../results/auto-20261117T080000Z.html',
            json: '../results/auto-20261117T080000Z.json',
          },
        },
        expect.objectContaining({ planId: ids[0], at: '2026-11-10T09:00:00.000Z' }),
      ]);
      const page = objects.get('reports/index.html') ?? '';
      expect(page).toMatch(/<b>3<\/b> reports<.*<b>2<\/b> deletions</);
      expect([...page.matchAll(/<a href="([^"]*\.html)">/g)].map(([, href]) => href)).toEqual([
        `${ids[2]}/report.html`,
        '../results/auto-20261117T080000Z.html',
        `${ids[1]}/report.html`,
        `../results/${ids[0]}.html`,
        `${ids[0]}/report.html`,
      ]);
    });

    it('links to the console of a region, where the file of a bucket can be opened', async () => {
      const store: Store = { ...memoryStore(objects), locate: (key) => `s3://bucket/${key}` };
      await indexReports(store, report(ids[2]), true, {}, 'eu-west-1');
      const page = objects.get('reports/index.html') ?? '';
      const addresses = [...page.matchAll(/<a href="([^"]*)"/g)].map(([, href]) => href);
      const console = 'https://eu-west-1.console.aws.amazon.com/s3/object/bucket?region=eu-west-1&amp;prefix=';
      expect(addresses.slice(0, 4)).toEqual([
        `${console}reports/${ids[2]}/report.html`,
        `${console}reports/${ids[2]}/report.csv`,
        `${console}reports/${ids[2]}/report.json`,
        `${console}results/auto-20261117T080000Z.html`,
      ]);
    });

    it('reads no result, only the first line of each page of their index', async () => {
      const read: string[] = [];
      const plain = memoryStore(objects);
      const store: Store = {
        ...plain,
        get: (key) => {
          read.push(key);
          return plain.get(key);
        },
        lines: (key) => {
          read.push(key);
          return plain.lines(key);
        },
      };
      await indexReports(store, report(ids[2]), true);
      expect(read).toEqual(['results/index/00001.json', 'reports/index.json']);
    });

    it('carries them over where deletion was switched off, and reads nothing of it', async () => {
      await indexReports(memoryStore(objects), report(ids[1]), true);
      const before = deletions(objects);
      const forbidden = (key: string): void => {
        if (key.startsWith('results/')) throw new Error('access denied');
      };
      const plain = memoryStore(objects);
      const store: Store = {
        ...plain,
        list: async (prefix) => {
          forbidden(prefix);
          return plain.list(prefix);
        },
        lines: async (key) => {
          forbidden(key);
          return plain.lines(key);
        },
      };
      await indexReports(store, report(ids[2]), false);
      expect(deletions(objects)).toEqual(before);
      expect(indexed(objects)).toHaveLength(3);
      await indexReports(store, report(ids[2]), true);
      expect(deletions(objects)).toEqual(before);
    });

    it('lists none where their index is broken, and every report all the same', async () => {
      for (const [key] of objects) if (key.startsWith('results/index/')) objects.set(key, '<html>');
      await indexReports(memoryStore(objects), report(ids[2]), true);
      expect({ deletions: deletions(objects), reports: indexed(objects).length }).toEqual({
        deletions: [],
        reports: 3,
      });
      expect(objects.get('reports/index.html')).toMatch(/<h1>Reports<\/h1>[\s\S]*<b>3<\/b> reports<\/span><\/p>/);
    });

    it('keeps text of other people as text', async () => {
      const plan = '"><script>alert(1)</script>';
      objects.set(
        'reports/index.json',
        JSON.stringify({ reports: [], deletions: [{ planId: plan, at: '2026-11-10T09:00:00.000Z', outcome: plan }] }),
      );
      await indexReports(memoryStore(objects), report(ids[2]), false);
      expect(objects.get('reports/index.html')).not.toContain('<script');
    });
  });
});

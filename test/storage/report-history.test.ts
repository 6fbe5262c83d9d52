import { begunFile, noteFile, planFile, reportFiles, runTime, SENT, toldFile } from '../../lambda/storage/keys';
import { readRuns } from '../../lambda/storage/report-history';
import { memoryStore } from '../fakes/memory-store';

const NOW = Date.UTC(2026, 10, 23, 8);
const REPORT = '20261123T070000Z-aaaaaaaa';
const BY_HAND = '20261123T073000Z-bbbbbbbb';

const stored = async (keys: readonly string[]) => {
  const store = memoryStore(new Map(), () => NOW);
  for (const key of keys) await store.put({ key, contentType: 'application/json', body: ['{}'] });
  return readRuns(store, () => 'sha256:', NOW);
};

describe('the runs of reports', () => {
  test('do not include a plan that a person stored: no report run began at its time', async () => {
    const runs = await stored([reportFiles(REPORT).json, planFile(REPORT), planFile(BY_HAND)]);
    expect(runs.map(({ time }) => time)).toEqual([runTime(REPORT)]);
  });

  test.each([
    ['its report', reportFiles(BY_HAND).json],
    ['the note that it began', begunFile(BY_HAND)],
  ])('include a plan with %s', async (_, key) => {
    const runs = await stored([planFile(BY_HAND), key]);
    expect(runs.map(({ time, plans }) => [time, plans.length])).toEqual([[runTime(BY_HAND), 1]]);
  });

  /** The starts of a run whose event was delivered twice: the note of the first e-mail, and the days of both reports. */
  async function startsOf(order: readonly ('its own days' | 'the days of another report' | 'its note')[]) {
    let now = NOW;
    const store = memoryStore(new Map(), () => now);
    const other = `${REPORT.slice(0, 17)}cccccccc`;
    const starts = [[NOW + 86_400_000, 1]];
    const keys = {
      'its own days': toldFile(REPORT, NOW + 86_400_000),
      'the days of another report': toldFile(other, NOW + 2 * 86_400_000),
      'its note': noteFile(runTime(REPORT), SENT),
    };
    await store.put({ key: reportFiles(REPORT).json, contentType: 'application/json', body: ['{}'] });
    for (const what of order) {
      const body = what === 'its note' ? { reportId: REPORT, digest: 'sha256:', announced: true, starts } : {};
      await store.put({ key: keys[what], contentType: 'application/json', body: [JSON.stringify(body)] });
      now += 60_000;
    }
    const [run] = await readRuns(store, () => 'sha256:', NOW);
    return run?.mailed?.starts;
  }

  test('have the days that the note of an e-mail names, also where a report before it could not be e-mailed', async () => {
    const starts = [[NOW + 86_400_000, 1]];
    expect(await startsOf(['its own days', 'its note'])).toEqual(starts);
    expect(await startsOf(['the days of another report', 'its own days', 'its note'])).toEqual(starts);
  });

  test('have no days where another report of that time told days after the note: its e-mail may have gone out too', async () => {
    expect(await startsOf(['its own days', 'its note', 'the days of another report'])).toBeNull();
  });

  test('include a run that began and left nothing else, as one without a plan', async () => {
    const runs = await stored([begunFile(REPORT)]);
    expect(runs).toEqual([{ time: runTime(REPORT), plans: [], mailed: null, begunAt: NOW }]);
  });
});

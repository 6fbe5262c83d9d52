import { begunFile, planFile, reportFiles, runTime } from '../../lambda/storage/keys';
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

  test('include a run that began and left nothing else, as one without a plan', async () => {
    const runs = await stored([begunFile(REPORT)]);
    expect(runs).toEqual([{ time: runTime(REPORT), plans: [], mailed: null, begunAt: NOW }]);
  });
});

import type { Store } from '../../lambda/app/ports';
import { reportAge } from '../../lambda/app/report-age';
import { memoryStore } from '../fakes/memory-store';

const NOW = Date.parse('2026-11-23T08:00:00Z');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const stored = (...keys: readonly string[]) => memoryStore(new Map(keys.map((key) => [key, '{}'])));

describe('the age of the newest report', () => {
  it('counts from the time that its id names', async () => {
    const store = stored('reports/20261120T080000Z-1a2b3c4d/state.json', 'reports/20261122T060000Z-aaaaaaaa/state.json');
    expect(await reportAge(store, NOW)).toEqual({ check: 'age', reportAgeHours: 26 });
  });

  it('passes over a report that was not stored to its end, and what is no report', async () => {
    const store = stored(
      'reports/20261122T080000Z-1a2b3c4d/state.json',
      'reports/20261123T060000Z-aaaaaaaa/report.json',
      'reports/readme.txt',
      'reports/20269999T999999Z-aaaaaaaa/state.json',
    );
    expect(await reportAge(store, NOW)).toMatchObject({ reportAgeHours: 24 });
  });

  it('counts from the first check where no report was ever made, so that a schedule that never ran is noticed', async () => {
    const store = memoryStore();
    expect(await reportAge(store, NOW)).toMatchObject({ reportAgeHours: 0 });
    expect(await reportAge(store, NOW + 200 * HOUR)).toMatchObject({ reportAgeHours: 200 });
  });

  it.each([1, 2, 7, 400])('grows without end when reports stop and the bucket keeps everything for %d days only', async (days) => {
    const [objects, written] = [new Map<string, string>(), new Map<string, number>()];
    const memory = memoryStore(objects);
    let now = NOW;
    const store: Store = {
      ...memory,
      put: async (object) => {
        written.set(object.key, now);
        await memory.put(object);
      },
      putIfAbsent: async (object) => {
        const isNew = await memory.putIfAbsent(object);
        if (isNew) written.set(object.key, now);
        return isNew;
      },
    };
    /** As S3 expires: from the midnight after so many days. */
    const expire = (): void => {
      for (const [key, at] of written) if (now >= (Math.floor(at / DAY) + days + 1) * DAY) objects.delete(key);
    };
    await store.put({ key: 'reports/20261122T080000Z-1a2b3c4d/state.json', contentType: 'application/json', body: ['{}'] });
    for (let day = 0; day < 500; day += 1, now += DAY) {
      expire();
      expect(await reportAge(store, now)).toMatchObject({ reportAgeHours: 24 * (day + 1) });
    }
    await store.put({ key: 'reports/20280301T080000Z-1a2b3c4d/state.json', contentType: 'application/json', body: ['{}'] });
    expect(await reportAge(store, Date.parse('2028-03-01T09:00:00Z'))).toMatchObject({ reportAgeHours: 1 });
  });

  it('is never negative, and a report of a future time hides no other', async () => {
    expect(await reportAge(stored('reports/20261123T080200Z-1a2b3c4d/state.json'), NOW)).toMatchObject({ reportAgeHours: 0 });
    const store = stored('reports/20261122T080000Z-1a2b3c4d/state.json', 'reports/20301123T080000Z-1a2b3c4d/state.json');
    expect(await reportAge(store, NOW)).toMatchObject({ reportAgeHours: 24 });
  });

  it('refuses a note of earlier checks that nobody can read', async () => {
    await expect(reportAge(stored('runs/awaited-since.txt'), NOW)).rejects.toMatchObject({ code: 'check.unreadable' });
  });
});

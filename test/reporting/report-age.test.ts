import type { Store } from '../../lambda/ports/ports';
import { pausesOfEvent, reportAge } from '../../lambda/reporting/report-age';
import { memoryStore } from '../fakes/memory-store';

const NOW = Date.parse('2026-11-23T08:00:00Z');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const stored = (...keys: readonly string[]) => memoryStore(new Map(keys.map((key) => [key, '{}'])));

describe('the age of the newest report', () => {
  it('counts from the time that its id names', async () => {
    const store = stored(
      'reports/20261120T080000Z-1a2b3c4d/state.json',
      'reports/20261122T060000Z-aaaaaaaa/state.json',
    );
    expect(await reportAge(store, NOW)).toEqual({ check: 'age', reportAgeHours: 26 });
  });

  it('is none while the schedule pauses, and counts from the end of the pause', async () => {
    const pauses = [
      { from: null, to: '2026-01-05T12:00:00.000Z' },
      { from: '2027-01-01T00:00:00.000Z', to: '2030-01-07T12:00:00.000Z' },
    ];
    const store = stored('reports/20261228T080000Z-1a2b3c4d/state.json');
    const ageAt = async (instant: string): Promise<number> =>
      (await reportAge(store, Date.parse(instant), pauses)).reportAgeHours;
    expect(await ageAt('2026-12-31T08:00:00Z')).toBe(72);
    expect(await ageAt('2028-06-01T00:00:00Z')).toBe(0);
    expect(await ageAt('2030-01-07T13:00:00Z')).toBe(1);
    expect(await ageAt('2030-01-17T12:00:00Z')).toBe(240);
  });

  it('is none before the first day of a schedule that begins in a later year, however long ago it was deployed', async () => {
    const store = memoryStore();
    const pauses = [{ from: null, to: '2028-01-03T12:00:00.000Z' }];
    for (const day of ['2026-11-23', '2027-11-23', '2028-01-03'])
      expect(await reportAge(store, Date.parse(`${day}T08:00:00Z`), pauses)).toMatchObject({ reportAgeHours: 0 });
    expect(await reportAge(store, Date.parse('2028-01-13T12:00:00Z'), pauses)).toMatchObject({ reportAgeHours: 240 });
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

  it.each([1, 2, 7, 400])(
    'grows without end when reports stop and the bucket keeps everything for %d days only',
    async (days) => {
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
      await store.put({
        key: 'reports/20261122T080000Z-1a2b3c4d/state.json',
        contentType: 'application/json',
        body: ['{}'],
      });
      for (let day = 0; day < 500; day += 1, now += DAY) {
        expire();
        expect(await reportAge(store, now)).toMatchObject({ reportAgeHours: 24 * (day + 1) });
      }
      await store.put({
        key: 'reports/20280301T080000Z-1a2b3c4d/state.json',
        contentType: 'application/json',
        body: ['{}'],
      });
      expect(await reportAge(store, Date.parse('2028-03-01T09:00:00Z'))).toMatchObject({ reportAgeHours: 1 });
    },
  );

  it('is never negative, and a report of a future time hides no other', async () => {
    expect(await reportAge(stored('reports/20261123T080200Z-1a2b3c4d/state.json'), NOW)).toMatchObject({
      reportAgeHours: 0,
    });
    const store = stored(
      'reports/20261122T080000Z-1a2b3c4d/state.json',
      'reports/20301123T080000Z-1a2b3c4d/state.json',
    );
    expect(await reportAge(store, NOW)).toMatchObject({ reportAgeHours: 24 });
  });

  it('refuses a note of earlier checks that nobody can read', async () => {
    await expect(reportAge(stored('runs/awaited-since.txt'), NOW)).rejects.toMatchObject({ code: 'check.unreadable' });
  });
});

describe('the pauses of an event', () => {
  it('are those that it names, and none where it names none', () => {
    const pauses = [{ from: null, to: '2028-01-03T12:00:00.000Z' }];
    expect(pausesOfEvent({ check: 'age', pauses })).toEqual(pauses);
    expect(pausesOfEvent({ check: 'age' })).toEqual([]);
  });

  it.each([[{}], ['2028'], [[{ from: null }]], [[{ from: 'soon', to: '2028-01-03T12:00:00.000Z' }]]])(
    'are refused as %j',
    (pauses) => {
      expect(() => pausesOfEvent({ check: 'age', pauses })).toThrow(
        expect.objectContaining({ code: 'event.malformed' }),
      );
    },
  );
});

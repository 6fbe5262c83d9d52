import { reportAge } from '../../lambda/app/report-age';
import { memoryStore } from '../fakes/memory-store';

const NOW = Date.parse('2026-11-23T08:00:00Z');
const HOUR = 3_600_000;

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

  it('is never negative', async () => {
    expect(await reportAge(stored('reports/20261123T090000Z-1a2b3c4d/state.json'), NOW)).toMatchObject({ reportAgeHours: 0 });
  });

  it('refuses a first check that nobody can read', async () => {
    await expect(reportAge(stored('runs/first-check.txt'), NOW)).rejects.toMatchObject({ code: 'check.unreadable' });
  });
});

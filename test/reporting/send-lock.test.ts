import { compactInstant } from '../../lambda/core/time/instant';
import type { Store } from '../../lambda/ports/ports';
import {
  claimRun,
  noteRun,
  readDelivery,
  runSchedule,
  SEND_TIMEOUT_MS,
  wasSent,
} from '../../lambda/reporting/send-lock';
import { memoryStore } from '../fakes/memory-store';

const SCHEDULED = Date.parse('2026-11-23T08:00:00Z');
const MINUTE = 60_000;
const note = (store: Store, name: string): Promise<void> =>
  noteRun(store, compactInstant(SCHEDULED), name, {
    at: SCHEDULED,
    reportId: 'a-report',
    digest: 'sha256:0',
    confirmed: 1,
    announced: false,
  });

describe('the scheduled time of a run', () => {
  const HOUR = 60 * MINUTE;
  it.each([0, MINUTE, 6 * HOUR, 24 * HOUR, -MINUTE, -24 * HOUR])(
    'is that of its event while the event is %d ms late',
    (late) => {
      expect(runSchedule(SCHEDULED, SCHEDULED + late)).toBe(SCHEDULED);
    },
  );

  it.each([24 * HOUR + 1, 30 * 24 * HOUR, -24 * HOUR - 1])(
    'is none where the event is %d ms late, as for a run by hand',
    (late) => {
      expect(runSchedule(SCHEDULED, SCHEDULED + late)).toBeNull();
      expect(runSchedule(null, SCHEDULED)).toBeNull();
    },
  );
});

describe('the claim of a scheduled run', () => {
  it('belongs to the first that asks', async () => {
    expect(await claimRun(memoryStore(), SCHEDULED, SCHEDULED)).toEqual({ state: 'mine', attempt: 1 });
  });

  it('belongs to exactly one of two that ask at the same time', async () => {
    const store = memoryStore();
    const both = await Promise.allSettled([
      claimRun(store, SCHEDULED, SCHEDULED),
      claimRun(store, SCHEDULED, SCHEDULED),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('refuses a second invocation while the first may still be sending', async () => {
    const store = memoryStore();
    await claimRun(store, SCHEDULED, SCHEDULED);
    await expect(claimRun(store, SCHEDULED, SCHEDULED + SEND_TIMEOUT_MS)).rejects.toMatchObject({
      code: 'run.in-progress',
    });
  });

  it('passes on to the first retry of Lambda, a minute later, when its holder died while it was sending', async () => {
    const store = memoryStore();
    await claimRun(store, SCHEDULED, SCHEDULED);
    expect(await claimRun(store, SCHEDULED, SCHEDULED + MINUTE)).toEqual({ state: 'mine', attempt: 2 });
  });

  it('passes on at once when the sending failed and noted that', async () => {
    const store = memoryStore();
    await claimRun(store, SCHEDULED, SCHEDULED);
    await note(store, 'failed-1');
    expect(await claimRun(store, SCHEDULED, SCHEDULED + MINUTE)).toEqual({ state: 'mine', attempt: 2 });
  });

  it('says that the report was sent, at any later time', async () => {
    const store = memoryStore();
    await claimRun(store, SCHEDULED, SCHEDULED);
    expect(await wasSent(store, SCHEDULED)).toBe(false);
    await note(store, 'sent');
    expect(await wasSent(store, SCHEDULED)).toBe(true);
    expect(await claimRun(store, SCHEDULED, SCHEDULED + 24 * 60 * MINUTE)).toMatchObject({ state: 'sent' });
  });

  it('is of one scheduled time alone', async () => {
    const store = memoryStore();
    await note(store, 'sent');
    expect(await claimRun(store, SCHEDULED + 1_000, SCHEDULED)).toMatchObject({ state: 'mine' });
  });

  it('survives a claim that nobody can read', async () => {
    const store = memoryStore();
    await store.put({ key: 'runs/20261123T080000Z/claim-1.txt', contentType: 'text/plain', body: ['half a'] });
    expect(await claimRun(store, SCHEDULED, SCHEDULED)).toEqual({ state: 'mine', attempt: 2 });
  });

  it('refuses after a hundred failed attempts instead of trying without end', async () => {
    const store = memoryStore();
    for (let attempt = 1; attempt <= 100; attempt += 1) await note(store, `failed-${attempt}`);
    await expect(claimRun(store, SCHEDULED, SCHEDULED)).rejects.toMatchObject({ code: 'run.attempts' });
  });
});

describe('what became of the e-mail of a run', () => {
  it.each<[string, readonly string[], 'sent' | 'failed' | null]>([
    ['is not known where nothing is noted', [], null],
    ['is that it was sent', ['sent'], 'sent'],
    ['is that it was sent by hand', ['sent-by-hand'], 'sent'],
    ['is that it failed', ['failed-1'], 'failed'],
    ['is that every try failed', ['failed-1', 'failed-2', 'failed-3'], 'failed'],
    ['is that a run by hand failed', ['failed-by-hand'], 'failed'],
    ['is that a later try sent it', ['failed-1', 'sent'], 'sent'],
    ['is that it was sent by hand after all', ['failed-1', 'sent-by-hand'], 'sent'],
  ])('%s: %j', async (_, names, expected) => {
    const store = memoryStore();
    await claimRun(store, SCHEDULED, SCHEDULED);
    for (const name of names) await note(store, name);
    expect(await readDelivery(store, compactInstant(SCHEDULED))).toBe(expected);
  });
});

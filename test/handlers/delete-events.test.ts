import type { RetentionEvent } from '../../lambda/core/report/retention-event';
import { validateEvent } from '../support/event-schema';
import { small, withBench } from './deletion-bench';
import { EXECUTION, mortals, runExecution } from './durable-engine';

/** A bus that keeps what it gets. */
function aBus() {
  const events: RetentionEvent[] = [];
  return { events, putEvents: async (more: readonly RetentionEvent[]) => void events.push(...more) };
}

describe('the events of a deletion', () => {
  it('state its start and its end with totals and ids, and follow the published schema', () =>
    withBench(async ({ approve, run }) => {
      const { events, putEvents } = aBus();
      const event = await approve();
      const { result, operations } = await run(event, { putEvents });
      expect(result).toMatchObject({ state: 'finished', events: 'sent' });
      expect(operations).toEqual(['start', 'event-start', 'invocation-1', 'record', 'report', 'event-end']);
      const [execution, number] = EXECUTION.split('/').slice(-2);
      const run1 = { schemaVersion: 1, planId: event.plan, execution, approvedBy: 'caller' };
      const id = `${execution}-${number}`;
      expect(events).toEqual([
        { ...run1, type: 'deletion-started', id: `deletion-started/${id}` },
        {
          ...{ ...run1, type: 'deletion-ended', id: `deletion-ended/${id}`, state: 'finished', code: null },
          totals: { deleted: 5, alreadyGone: 0, spared: 0, changed: 0, failed: 0, open: 0 },
        },
      ]);
      expect(events.flatMap(validateEvent)).toEqual([]);
    }));

  it('state why a plan was refused, by its code', () =>
    withBench(async ({ run }) => {
      const { events, putEvents } = aBus();
      await run({ plan: '20261123T080000Z-1a2b3c4d', digest: `sha256:${'a'.repeat(64)}` }, { putEvents });
      expect(events.map(({ type }) => type)).toEqual(['deletion-started', 'deletion-ended']);
      expect(events[1]).toMatchObject({ state: 'refused', code: 'plan.not-found' });
      expect(events.flatMap(validateEvent)).toEqual([]);
    }));

  it('are sent when the e-mail of the result cannot be sent, without totals', () =>
    withBench(async ({ approve, run }) => {
      const { events, putEvents } = aBus();
      const channel = {
        send: () => Promise.reject(new Error('the topic is gone')),
        confirmedSubscribers: async () => 1,
      };
      expect((await run(await approve(), { putEvents, channel })).status).toBe('FAILED');
      expect(events[1]).toMatchObject({ type: 'deletion-ended', state: 'finished', totals: null });
    }));

  it('hold up no deletion when the bus refuses them', () =>
    withBench(async ({ approve, run, mails }) => {
      const putEvents = () => Promise.reject(new Error('no such bus'));
      const { result } = await run(await approve(), { putEvents });
      expect(result).toMatchObject({ state: 'finished', deleted: 5, events: 'failed', eventsFailure: 'no such bus' });
      expect(mails).toHaveLength(1);
    }));

  it('are sent whenever the function dies, and again with the same id only if it dies in their own step', async () => {
    let killAt = 0;
    let isAlive = false;
    while (!isAlive) {
      killAt += 1;
      const { lifeOf, killed } = mortals(killAt);
      await withBench(async ({ approve, handler }) => {
        const { events, putEvents } = aBus();
        const event = await approve();
        await runExecution(handler({ putEvents }), event, lifeOf);
        const at = `killed ${killed()}`;
        const ids = events.map(({ id }) => id);
        expect([at, new Set(ids).size]).toEqual([at, 2]);
        expect([at, ids.length]).toEqual([at, /^before event-\w+ SUCCEED/.test(killed() ?? '') ? 3 : 2]);
        isAlive = killed() === null;
      }, small());
    }
    expect(killAt).toBeGreaterThan(20);
  }, 120_000);
});

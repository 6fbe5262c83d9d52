import type { RetentionEvent } from '../../lambda/core/report/retention-event';
import type { StoredObject } from '../../lambda/ports/ports';
import { runReport } from '../../lambda/reporting/run-report-job';
import { digestOf } from '../../lambda/runtime/digest';
import { newReportId } from '../../lambda/runtime/report-id';
import { fakeChannel } from '../fakes/channel';
import { anInventory, fakeInventory } from '../fakes/inventory';
import { memoryStore } from '../fakes/memory-store';
import { aConfig } from '../support/config-builder';
import { validateEvent } from '../support/event-schema';
import { aFailedScope, aScope, aSnapshot, NOW } from '../support/report-builder';

const POLICY = { policies: { short: { keep: { last: 1 } } }, default: 'short' };
const ARN = 'arn:aws:lightsail:us-east-1:123456789012:InstanceSnapshot';
const TWO = [aSnapshot(), aSnapshot({ name: 'older', arn: `${ARN}/older`, createdAt: NOW - 90 * 86_400_000 })];

/** A report job over fakes whose events the test reads; with `refusal` the bus accepts none. */
function aReporter(
  written: object = {},
  {
    refusal,
    snapshots = TWO,
    inventory = {},
  }: { refusal?: string; snapshots?: typeof TWO; inventory?: Parameters<typeof anInventory>[0] } = {},
) {
  const events: RetentionEvent[] = [];
  const store = memoryStore(new Map());
  const ports = {
    clock: () => NOW,
    digest: digestOf,
    store,
    channel: fakeChannel(),
    readInventory: fakeInventory(anInventory({ snapshots, ...inventory })),
    putEvents: async (more: readonly RetentionEvent[]) => {
      if (refusal !== undefined) throw new Error(refusal);
      events.push(...more);
    },
  };
  const config = aConfig({ ...POLICY, ...written });
  const request = { reportId: newReportId(NOW), config, scheduledAt: NOW, region: 'us-east-1', deadline: null };
  const run = (overrides: Partial<typeof ports> = {}) => runReport({ ...ports, ...overrides }, request);
  return { events, store, channel: ports.channel, run };
}

describe('the events of a report', () => {
  it('state totals and ids of the report and of its plan, and follow the published schema', async () => {
    const { events, run } = aReporter();
    const { reportId, ...result } = await run();
    expect(result).toMatchObject({ delivery: 'sent', events: 'sent' });
    expect(events).toMatchObject([
      {
        ...{ type: 'report', id: `report/${reportId}`, reportId, complete: true, email: 'sent' },
        location: `memory:reports/${reportId}/report.json`,
        totals: { snapshots: 2, keep: 1, expire: 1 },
      },
      { type: 'plan', id: `plan/${reportId}`, planId: reportId, snapshots: 1, deletion: 'off' },
    ]);
    expect(events.flatMap(validateEvent)).toEqual([]);
  });

  it('have no name, no ARN and no digest of a plan', async () => {
    const { events, run } = aReporter();
    await run();
    expect(events).toHaveLength(2);
    const config = aConfig(POLICY).digest;
    const text = JSON.stringify(events).replace(config, '');
    for (const secret of ['older', 'web', 'arn:', 'sha256:']) expect(text).not.toContain(secret);
  });

  it('leave out a plan that lists nothing', async () => {
    const { events, run } = aReporter({}, { snapshots: [aSnapshot()] });
    await run();
    expect(events.map(({ type }) => type)).toEqual(['report']);
  });

  it('state why a plan is blocked, by its code', async () => {
    const { events, run } = aReporter({ caps: { maxDeletions: 0 } });
    await run();
    expect(events[1]).toMatchObject({ type: 'plan', blocked: 'cap.max-deletions' });
  });

  it.each([
    ['incomplete', 'eu-central-1', 'read'],
    ['failed', 'us-east-1', 'failed'],
  ] as const)('state that the account failed where not everything could be read: %s', async (status, region, other) => {
    const failed = aFailedScope('eu-central-1', 'disk');
    const scopes = other === 'read' ? [aScope(), failed] : [aFailedScope(region, 'instance'), failed];
    const { events, run } = aReporter(
      {},
      { inventory: { complete: false, scopes, ...(other === 'failed' && { snapshots: [] }) } },
    );
    const { reportId } = await run();
    const [report] = events;
    const account = report?.type === 'report' ? report.account : null;
    expect(report).toMatchObject({ type: 'report', complete: false });
    expect(events.at(-1)).toEqual({
      ...{ schemaVersion: 1, type: 'account-failed', id: `account-failed/${reportId}/${account ?? 'unknown'}` },
      ...{ reportId, account, status, code: 'AccessDeniedException' },
    });
    expect(events.filter(({ type }) => type === 'account-failed')).toHaveLength(1);
    expect(events.flatMap(validateEvent)).toEqual([]);
  });

  it('leave out a plan that could not be stored, and the place of its report', async () => {
    const { events, store, run } = aReporter();
    const put = async () => Promise.reject(new Error('the bucket is gone'));
    const putIfAbsent = (object: StoredObject) => (object.key.startsWith('plans/') ? put() : store.putIfAbsent(object));
    await expect(run({ store: { ...store, putIfAbsent } })).rejects.toMatchObject({ code: 'report.not-stored' });
    expect(events).toMatchObject([{ type: 'report', location: null, email: 'sent' }]);
  });

  it('are named in the error of a report that is not stored when the bus refuses them too', async () => {
    const { store, run } = aReporter({}, { refusal: 'no such bus' });
    const put = async () => Promise.reject(new Error('the bucket is gone'));
    const putIfAbsent = (object: StoredObject) => (object.key.startsWith('plans/') ? put() : store.putIfAbsent(object));
    await expect(run({ store: { ...store, putIfAbsent } })).rejects.toThrow(
      /the bucket is gone; the events were not put: no such bus; fix/,
    );
  });

  it('are sent though the configuration switches the e-mail off', async () => {
    const { events, run } = aReporter({ report: { send: 'expiring' } }, { snapshots: [aSnapshot()] });
    await run();
    expect(events).toMatchObject([{ type: 'report', email: 'switched-off' }]);
  });

  it('are sent once for a scheduled time that is delivered twice', async () => {
    const { events, run } = aReporter();
    await run();
    await run();
    expect(events).toHaveLength(2);
  });

  it('change nothing of the report when the bus refuses them', async () => {
    const { channel, run } = aReporter({}, { refusal: 'no such bus' });
    expect(await run()).toMatchObject({
      delivery: 'sent',
      complete: true,
      events: 'failed',
      eventsFailure: 'no such bus',
    });
    expect(channel.sent).toHaveLength(1);
  });
});

import { checkFirstReport } from '../../lambda/reporting/first-report';
import { runReport } from '../../lambda/reporting/run-report-job';
import { digestOf } from '../../lambda/runtime/digest';
import { newReportId } from '../../lambda/runtime/report-id';
import { FIRST_REPORT } from '../../lambda/storage/keys';
import { fakeChannel } from '../fakes/channel';
import { anInventory, fakeInventory } from '../fakes/inventory';
import { memoryStore } from '../fakes/memory-store';
import { aConfig } from '../support/config-builder';
import { aSnapshot, NOW } from '../support/report-builder';

const HOUR = 3_600_000;
const CONFIG = aConfig({
  policies: { short: { keep: { last: 1 } } },
  default: 'short',
  report: { send: 'expiring' },
});

/** A deployment whose check for the first report runs every hour. */
function aDeployment() {
  const objects = new Map<string, string>();
  const store = memoryStore(objects, () => NOW);
  const channel = fakeChannel();
  const ports = {
    clock: () => NOW,
    digest: digestOf,
    store,
    readInventory: fakeInventory(anInventory({ snapshots: [aSnapshot()] })),
  };
  const check = async (hour: number, confirmed: number | null) => {
    const receiving = { ...channel, confirmedSubscribers: async () => confirmed };
    const state = await checkFirstReport(store, receiving);
    if (state !== 'due') return state;
    const scheduledAt = NOW + hour * HOUR;
    const request = {
      reportId: newReportId(scheduledAt),
      config: CONFIG,
      scheduledAt,
      region: 'us-east-1',
      deadline: null,
    };
    const { delivery } = await runReport({ ...ports, channel: receiving }, { ...request, isFirstCheck: true });
    return delivery;
  };
  return { objects, channel, check };
}

describe('the check for the first report', () => {
  it('makes a report at the deployment, and one more when a person has confirmed a subscription', async () => {
    const { channel, check } = aDeployment();
    expect([await check(0, 0), await check(1, 0), await check(2, null)]).toEqual(['sent', 'waiting', 'waiting']);
    expect([await check(3, 1), await check(4, 1), await check(5, 1)]).toEqual(['sent', 'done', 'done']);
    expect(channel.sent).toHaveLength(2);
  });

  it('makes one report where a subscription is confirmed at the deployment', async () => {
    const { objects, channel, check } = aDeployment();
    expect([await check(0, 1), await check(1, 1)]).toEqual(['sent', 'done']);
    expect(channel.sent).toHaveLength(1);
    expect(objects.has(FIRST_REPORT)).toBe(true);
  });

  it('sends a report that the configuration would not send, because nothing is expired', async () => {
    const { channel, check } = aDeployment();
    await check(0, 1);
    expect(channel.sent[0]?.subject).toBe(
      '[Lightsail] First report: nothing to delete (1 checked), but 1 thing needs attention',
    );
  });

  it('sends one e-mail for a duplicate delivery', async () => {
    const { channel, check } = aDeployment();
    await Promise.allSettled([check(0, 1), check(0, 1)]);
    expect(channel.sent).toHaveLength(1);
  });

  it('is over for a deployment that delivered reports before it had this check', async () => {
    const { objects, check } = aDeployment();
    objects.set(
      'runs/20261116T080000Z/sent.json',
      JSON.stringify({ reportId: '20261116T080000Z-aaaaaaaa', confirmed: 1 }),
    );
    expect(await check(0, 1)).toBe('done');
  });
});

import { compactInstant } from '../../lambda/core/time/instant';
import { checkUnblocked, openPlan } from '../../lambda/deletion/verify-plan';
import type { LiveInventory, Store } from '../../lambda/ports/ports';
import { runReport } from '../../lambda/reporting/run-report-job';
import { digestOf, sha256Of } from '../../lambda/runtime/digest';
import { newReportId } from '../../lambda/runtime/report-id';
import { fakeChannel, fakeChat } from '../fakes/channel';
import { anInventory, fakeInventory } from '../fakes/inventory';
import { memoryStore } from '../fakes/memory-store';
import { aConfig } from '../support/config-builder';
import { aSnapshot, DAY, NOW } from '../support/report-builder';

const POLICY = { policies: { short: { keep: { last: 1 } } }, default: 'short' };

/** A deployed report function over fakes, whose clock the test moves. */
function aDeployment(
  written: Readonly<Record<string, unknown>> = {},
  options: { refuses?: number; chat?: ReturnType<typeof fakeChat>; inventory?: ReturnType<typeof anInventory> } = {},
) {
  const objects = new Map<string, string>();
  const channel = fakeChannel(options.refuses);
  const config = aConfig({ ...POLICY, ...written });
  let now = NOW;
  let inventory = options.inventory ?? anInventory({ snapshots: [aSnapshot()] });
  const ports = {
    clock: () => now,
    digest: digestOf,
    store: memoryStore(objects),
    channel,
    ...(options.chat === undefined ? {} : { chat: options.chat }),
    readInventory: (...asked: Parameters<ReturnType<typeof fakeInventory>>) => fakeInventory(inventory)(...asked),
  };
  return {
    objects,
    channel,
    finds: (next: ReturnType<typeof anInventory>) => {
      inventory = next;
    },
    runAt: (at: number, scheduledAt: number | null = at) => {
      now = at;
      return runReport(ports, { reportId: newReportId(at), config, scheduledAt, region: 'us-east-1', deadline: null });
    },
  };
}

describe('the scheduled report', () => {
  it('stores its files and its plan, and then sends one message', async () => {
    const { objects, channel, runAt } = aDeployment();
    const { reportId, delivery } = await runAt(NOW);
    expect(delivery).toBe('sent');
    expect(channel.sent).toHaveLength(1);
    expect([...objects.keys()].filter((key) => !key.startsWith('runs/')).sort()).toEqual([
      `plans/${reportId}.json`,
      ...['csv', 'html', 'json'].map((type) => `reports/${reportId}/report.${type}`),
      `reports/${reportId}/state.json`,
      'reports/index.html',
      'reports/index.json',
    ]);
  });

  it('says in the message where the full report is', async () => {
    const { channel, runAt } = aDeployment();
    const { reportId } = await runAt(NOW);
    expect(channel.sent[0]?.body).toContain(`memory:reports/${reportId}/report.html`);
  });

  it('sends no second message when the same scheduled time is delivered again', async () => {
    const { channel, runAt } = aDeployment();
    await runAt(NOW);
    expect((await runAt(NOW + 60_000, NOW)).delivery).toBe('already-sent');
    expect(channel.sent).toHaveLength(1);
  });

  it('sends one message when the same scheduled time is delivered twice at once', async () => {
    const { channel, runAt } = aDeployment();
    await Promise.allSettled([runAt(NOW), runAt(NOW)]);
    expect(channel.sent).toHaveLength(1);
  });

  it('sends again for the next scheduled time, and compares with the one before', async () => {
    const { channel, finds, runAt } = aDeployment();
    await runAt(NOW);
    finds(
      anInventory({
        snapshots: [
          aSnapshot(),
          aSnapshot({
            name: 'web-1124',
            arn: 'arn:aws:lightsail:us-east-1:123456789012:InstanceSnapshot/new',
            createdAt: NOW + DAY,
          }),
        ],
      }),
    );
    await runAt(NOW + 7 * DAY);
    expect(channel.sent).toHaveLength(2);
    expect(channel.sent[1]?.body).toContain('Since 23 Nov 2026: 1 new snapshot; the one on this list is new.');
  });

  it('fails loudly when the message cannot be sent, and sends it at the retry', async () => {
    const { channel, runAt } = aDeployment({}, { refuses: 1 });
    await expect(runAt(NOW)).rejects.toThrow('the topic is gone');
    expect((await runAt(NOW + 60_000, NOW)).delivery).toBe('sent');
    expect(channel.sent).toHaveLength(1);
  });

  it('sends at the first retry, a minute later, when the invocation died between its claim and its message', async () => {
    const { objects, channel, runAt } = aDeployment();
    await runAt(NOW);
    channel.sent.length = 0;
    for (const key of objects.keys()) if (key.endsWith('/sent.json')) objects.delete(key);
    expect((await runAt(NOW + 60_000, NOW)).delivery).toBe('sent');
    expect(channel.sent).toHaveLength(1);
  });

  it('gives the channel an end, so that a claim that passes on is never still being sent', async () => {
    const { channel, runAt } = aDeployment();
    await runAt(NOW);
    expect(channel.signals).toEqual([expect.any(AbortSignal)]);
  });

  it('always sends when it is run by hand', async () => {
    const { channel, runAt } = aDeployment();
    await runAt(NOW, null);
    await runAt(NOW + 1_000, null);
    expect(channel.sent).toHaveLength(2);
  });

  it.each([
    ['by its schedule', NOW, 'failed-1.json'],
    ['by hand', null, 'failed-by-hand.json'],
  ])('notes that the message of a run could not be sent: %s', async (_, scheduledAt, name) => {
    const { objects, runAt } = aDeployment({}, { refuses: 1 });
    await expect(runAt(NOW, scheduledAt)).rejects.toThrow('the topic is gone');
    expect([...objects.keys()].filter((key) => key.startsWith('runs/') && key.endsWith('.json'))).toEqual([
      `runs/${compactInstant(NOW)}/${name}`,
    ]);
  });

  it.each([
    '{"schemaVersion":1,',
    '{"schemaVersion":1,"reportId":"x","evaluatedAt":"2026-11-22T08:00:00Z","complete":true,"lists":[],"snapshots":[null]}',
    '{"schemaVersion":1,"reportId":"x","evaluatedAt":"2026-11-22T08:00:00Z","complete":true,"lists":[null],"snapshots":[]}',
    '{"schemaVersion":1,"reportId":"x","evaluatedAt":"2026-11-22T08:00:00Z","complete":true,"lists":[{"region":"r","kind":"disk","snapshots":"1"}],"snapshots":[]}',
    'null',
  ])('still reports when the state of the last report is %s', async (state) => {
    const { objects, channel, runAt } = aDeployment();
    await runAt(NOW);
    for (const key of objects.keys()) if (key.endsWith('state.json')) objects.set(key, state);
    await runAt(NOW + 7 * DAY);
    expect(channel.sent).toHaveLength(2);
  });

  describe('asks for an absent source by name', () => {
    /** Two reports on a source that is gone; `spoil` changes the state that the first one stored. */
    async function askedBySecond(spoil: (state: string) => string): Promise<number> {
      let asked = 0;
      const askSources: LiveInventory['askSources'] = async (sources) => {
        asked += sources.length;
        return new Map(sources.map(({ arn }) => [arn, { state: 'gone' }]));
      };
      const older = aSnapshot({
        name: 'older',
        arn: 'arn:aws:lightsail:us-east-1:123456789012:InstanceSnapshot/older',
        createdAt: NOW - 40 * DAY,
      });
      const source = { name: 'web', arn: 'arn:aws:lightsail:us-east-1:123456789012:Instance/web' };
      const snapshots = [aSnapshot({ source }), { ...older, source }];
      const { objects, runAt } = aDeployment({}, { inventory: anInventory({ snapshots, askSources }) });
      await runAt(NOW);
      expect(asked).toBe(1);
      for (const [key, text] of objects) if (key.endsWith('state.json')) objects.set(key, spoil(text));
      await runAt(NOW + DAY);
      return asked - 1;
    }

    it('once: the next report finds in the state of this one that it is gone', async () => {
      expect(await askedBySecond((state) => state)).toBe(0);
    });

    it.each<[string, (state: string) => string]>([
      ['is missing', () => ''],
      ['is cut', (state) => state.slice(0, 20)],
      ['has no such member, as those of earlier versions', (state) => state.replace(/"gone":\[[^\]]*\],/, '')],
      ['has null for it', (state) => state.replace(/"gone":\[[^\]]*\]/, '"gone":null')],
      ['has a text for it', (state) => state.replace(/"gone":\[[^\]]*\]/, '"gone":"arn"')],
      ['has a number in it', (state) => state.replace('"gone":[', '"gone":[1,')],
      ['has something in it that is no ARN', (state) => state.replace('"gone":[', '"gone":["web",')],
    ])('again where the state of the report before %s', async (_, spoil) => {
      expect(await askedBySecond(spoil)).toBe(1);
    });
  });
});

test('a countdown that cannot be found is a problem of the report, announces no deletion, and fails the run after its message', async () => {
  const objects = new Map<string, string>();
  const channel = fakeChannel();
  const store = memoryStore(objects);
  const ports = {
    clock: () => NOW,
    digest: digestOf,
    channel,
    readInventory: fakeInventory(anInventory({ snapshots: [aSnapshot()] })),
    store: {
      ...store,
      list: async (prefix: string) =>
        prefix === 'plans/' ? Promise.reject(new Error('no listing')) : store.list(prefix),
    },
  };
  const deletion = {
    mode: 'automatic',
    functionArn: 'arn:aws:lambda:us-east-1:123456789012:function:deletion:live',
  } as const;
  const request = {
    reportId: newReportId(NOW),
    config: aConfig(POLICY),
    scheduledAt: NOW,
    region: 'us-east-1',
    deadline: null,
    deletion,
  };
  await expect(runReport(ports, request)).rejects.toMatchObject({ code: 'report.unfinished' });
  expect(channel.sent[0]?.body).toContain('no listing (report.unfinished)');
  expect([...objects].find(([key]) => key.endsWith('/sent.json'))?.[1]).toContain('"announced":false');
});

test('the e-mail says that its plan can be approved on the dashboard, where that is deployed', async () => {
  const snapshots = [aSnapshot(), aSnapshot({ name: 'old', createdAt: NOW - 40 * DAY })];
  const bodyWith = async (approval: { readonly approval?: 'dashboard' }): Promise<string> => {
    const channel = fakeChannel();
    const readInventory = fakeInventory(anInventory({ snapshots }));
    const ports = { clock: () => NOW, digest: digestOf, channel, readInventory, store: memoryStore() };
    const functionArn = 'arn:aws:lambda:us-east-1:123456789012:function:deletion:live';
    await runReport(ports, {
      ...{ reportId: newReportId(NOW), config: aConfig(POLICY), scheduledAt: NOW, region: 'us-east-1', deadline: null },
      dashboard: 'Snapshots',
      deletion: { functionArn, mode: 'approve', ...approval },
    });
    return channel.sent[0]?.body ?? '';
  };
  const LINK =
    'https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#dashboards/dashboard/Snapshots';
  const body = await bodyWith({ approval: 'dashboard' });
  expect(body).toMatch(/approve the plan on the dashboard until 30 Nov 2026 /);
  expect(body).toContain(`: ${LINK}\nOr paste this into CloudShell`);
  expect(await bodyWith({})).toContain(`Dashboard: ${LINK}`);
});

test('the e-mail and the page of automatic deletion link to the schedule that stops it', async () => {
  const objects = new Map<string, string>();
  const channel = fakeChannel();
  const snapshots = [aSnapshot(), aSnapshot({ name: 'old', createdAt: NOW - 40 * DAY })];
  const readInventory = fakeInventory(anInventory({ snapshots }));
  const ports = { clock: () => NOW, digest: digestOf, channel, readInventory, store: memoryStore(objects) };
  const deletion = { mode: 'automatic', functionArn: 'arn:aws:lambda:…:live', schedule: 'deletion-8J9K' } as const;
  const request = { reportId: newReportId(NOW), config: aConfig(POLICY), scheduledAt: NOW, region: 'us-east-1' };
  await runReport(ports, { ...request, deadline: null, deletion });
  const link = 'console.aws.amazon.com/scheduler/home?region=us-east-1#schedules/default/deletion-8J9K';
  expect(channel.sent[0]?.body).toContain(link);
  expect([...objects].find(([key]) => key.endsWith('/report.html'))?.[1]).toContain(link);
});

describe('the evidence of a report', () => {
  const evidence = { hashText: sha256Of, keptForDays: 400 };
  const request = {
    ...{ reportId: newReportId(NOW), config: aConfig(POLICY), scheduledAt: NOW, region: 'us-east-1', deadline: null },
  };
  const portsOver = (objects: Map<string, string>, change: Partial<Store> = {}) => {
    const channel = fakeChannel();
    const store = { ...memoryStore(objects), ...change };
    const readInventory = fakeInventory(anInventory({ snapshots: [aSnapshot()] }));
    return { clock: () => NOW, digest: digestOf, channel, readInventory, store, evidence };
  };

  it('records the report and its plan, and the e-mail has the head of the chain', async () => {
    const objects = new Map<string, string>();
    const ports = portsOver(objects);
    await runReport(ports, request);
    const records = [...objects.keys()].filter((key) => key.startsWith('evidence/'));
    expect(records).toEqual(['evidence/00000001.json', 'evidence/00000002.json']);
    const head = sha256Of(objects.get('evidence/00000002.json') ?? '');
    expect(ports.channel.sent[0]?.body).toContain(`Evidence: 2:${head}`);
  });

  it('never keeps the report from being sent: the e-mail says that it is not recorded, and the run fails', async () => {
    const objects = new Map<string, string>();
    const ports = portsOver(objects, { listAfter: async () => Promise.reject(new Error('no evidence')) });
    await expect(runReport(ports, request)).rejects.toMatchObject({ code: 'report.unfinished' });
    expect(ports.channel.sent).toHaveLength(1);
    expect(ports.channel.sent[0]?.body).toContain('Evidence: not recorded.');
    expect(ports.channel.sent[0]?.body).toContain('no evidence (report.unfinished)');
  });
});

describe('the comparison with the last stored report', () => {
  const stateOf = (objects: Map<string, string>): readonly [string, string] => {
    const found = [...objects].find(([key]) => key.endsWith('state.json'));
    if (found === undefined) throw new Error('no state is stored');
    return found;
  };

  it('says that nothing changed where nothing did', async () => {
    const { channel, runAt } = aDeployment();
    await runAt(NOW);
    await runAt(NOW + 60_000, null);
    expect(channel.sent[0]?.body).toContain('This is the first report.');
    expect(channel.sent[1]?.body).toContain('Since 23 Nov 2026: nothing changed.');
    expect(channel.sent[1]?.body).not.toMatch(/no earlier report|the first report/);
  });

  it('is made with a state that an earlier version wrote, without the number of snapshots on each list', async () => {
    const { objects, channel, runAt } = aDeployment();
    await runAt(NOW);
    const [key, text] = stateOf(objects);
    const earlier = text.replace(',"snapshots":1}', '}');
    expect(earlier).not.toBe(text);
    objects.set(key, earlier);
    await runAt(NOW + 60_000, null);
    expect(channel.sent[1]?.body).not.toContain('There is no earlier report to compare with.');
  });

  it.each([
    ['is cut off', (text: string) => text.slice(0, -4)],
    ['has a line that is no block', (text: string) => text.replace(/\n\[[^\n]*/, '\n["us-east-1"]')],
    ['has a line that is no JSON', (text: string) => text.replace(/\n\[[^\n]*/, '\n[')],
    [
      'has a mark that means nothing',
      (text: string) => text.replace(/\n\["[^\n]*/, '\n["us-east-1","instance","","xarn"]'),
    ],
  ])('is left out when its state %s', async (_, spoil) => {
    const { objects, channel, runAt } = aDeployment();
    await runAt(NOW);
    const [key, text] = stateOf(objects);
    expect(spoil(text)).not.toBe(text);
    objects.set(key, spoil(text));
    expect(await runAt(NOW + 60_000, null)).toMatchObject({ delivery: 'sent' });
    expect(channel.sent[1]?.body).toContain('There is no earlier report to compare with.');
  });
});

describe('the chat', () => {
  it('gets one message for each e-mail', async () => {
    const chat = fakeChat();
    const { runAt } = aDeployment({}, { chat });
    expect(await runAt(NOW)).toMatchObject({ delivery: 'sent', chat: 'sent' });
    await runAt(NOW + 60_000, NOW);
    expect(chat.posted.map(({ content }) => content.title)).toEqual([expect.stringMatching(/^\[Lightsail\] /)]);
  });

  it('gets nothing when no e-mail went out', async () => {
    const chat = fakeChat();
    const { runAt } = aDeployment({}, { chat, refuses: 1 });
    await expect(runAt(NOW)).rejects.toThrow('the topic is gone');
    expect(chat.posted).toEqual([]);
    expect(await aDeployment({ report: { send: 'expiring' } }, { chat }).runAt(NOW)).toMatchObject({
      delivery: 'switched-off',
    });
    expect(chat.posted).toEqual([]);
  });

  it('that fails neither fails the e-mail nor sends it twice, and is told', async () => {
    const { channel, runAt } = aDeployment({}, { chat: fakeChat('the chat is gone') });
    expect(await runAt(NOW)).toMatchObject({ delivery: 'sent', chat: 'failed', chatFailure: 'the chat is gone' });
    expect((await runAt(NOW + 60_000, NOW)).delivery).toBe('already-sent');
    expect(channel.sent).toHaveLength(1);
  });
});

describe('report.send', () => {
  it.each([
    ['expiring', 'nothing expires', anInventory({ snapshots: [aSnapshot()] }), 'switched-off'],
    ['expiring', 'something could not be read', anInventory({ snapshots: [aSnapshot()], complete: false }), 'sent'],
    [
      'expiring',
      'there is a problem',
      anInventory({ snapshots: [aSnapshot({ tags: new Map([['retention:polices', 'x']]) })] }),
      'sent',
    ],
    ['always', 'nothing expires', anInventory({ snapshots: [aSnapshot()] }), 'sent'],
  ])('%s: when %s', async (send, _, inventory, delivery) => {
    expect((await aDeployment({ report: { send } }, { inventory }).runAt(NOW)).delivery).toBe(delivery);
  });

  it('changed: sends the first, is silent while nothing changes, and sends when something did', async () => {
    const { finds, runAt } = aDeployment({ report: { send: 'changed' } });
    expect((await runAt(NOW)).delivery).toBe('sent');
    expect((await runAt(NOW + 7 * DAY)).delivery).toBe('switched-off');
    finds(anInventory({ snapshots: [] }));
    expect((await runAt(NOW + 14 * DAY)).delivery).toBe('sent');
  });

  it('changed: sends when a snapshot was past policy and is kept now', async () => {
    const old = aSnapshot({
      name: 'old',
      arn: 'arn:aws:lightsail:us-east-1:123456789012:InstanceSnapshot/old',
      createdAt: NOW - 90 * DAY,
    });
    const { finds, runAt } = aDeployment(
      { report: { send: 'changed' }, caps: { maxShare: 1 } },
      { inventory: anInventory({ snapshots: [aSnapshot(), old] }) },
    );
    await runAt(NOW);
    finds(anInventory({ snapshots: [aSnapshot(), { ...old, fromAutoSnapshot: true }] }));
    expect((await runAt(NOW + 7 * DAY)).delivery).toBe('sent');
    expect((await runAt(NOW + 14 * DAY)).delivery).toBe('switched-off');
  });

  it('stores a report that is not sent all the same', async () => {
    const { objects, runAt } = aDeployment({ report: { send: 'expiring' } });
    const { reportId } = await runAt(NOW);
    expect(objects.has(`reports/${reportId}/report.json`)).toBe(true);
  });
});

describe('the plan of a report', () => {
  const inventory = anInventory({
    snapshots: [aSnapshot(), aSnapshot({ name: 'old', createdAt: NOW - 90 * DAY })],
  });
  const config = aConfig({ ...POLICY, caps: { maxShare: 1 } });

  /**
   * Runs the report at NOW over a store that a test spoils; `body` is the e-mail, `plan` what may be applied of it
   * afterwards.
   */
  async function runOver(spoil: (store: Store) => Store, storeUntil?: number) {
    const objects = new Map<string, string>();
    const channel = fakeChannel();
    const reportId = newReportId(NOW);
    const ports = {
      clock: () => NOW,
      digest: digestOf,
      store: spoil(memoryStore(objects)),
      channel,
      readInventory: fakeInventory(inventory),
    };
    const request = {
      reportId,
      config,
      scheduledAt: NOW,
      region: 'us-east-1',
      deadline: null,
      ...(storeUntil !== undefined && { storeUntil }),
    };
    const failure = await runReport(ports, request).then(
      () => null,
      (error: unknown) => error,
    );
    const plan = (): number | null => {
      const text = objects.get(`plans/${reportId}.json`);
      if (text === undefined) return null;
      const opened = openPlan({ text, where: 'here', digest: null }, NOW, digestOf);
      checkUnblocked(opened, false);
      return opened.items.length;
    };
    return { failure, body: channel.sent[0]?.body ?? '', plan };
  }
  const failing =
    (key: RegExp) =>
    (store: Store): Store => ({
      ...store,
      putIfAbsent: (object) =>
        key.test(object.key) ? Promise.reject(new Error('no space')) : store.putIfAbsent(object),
    });

  it('may be applied when all of the report is stored', async () => {
    const { failure, plan } = await runOver((store) => store);
    expect([failure, plan()]).toEqual([null, 1]);
  });

  it.each(['report.json', 'report.csv', 'report.html', 'state.json'])(
    'is not there where %s could not be stored: it is the last of all',
    async (name) => {
      const { failure, body, plan } = await runOver(failing(new RegExp(`${name}$`)));
      expect(failure).toMatchObject({ code: 'report.not-stored' });
      expect(body).toContain('NOT STORED');
      expect(plan()).toBeNull();
    },
  );

  it('is not written behind the e-mail that says that time ran out', async () => {
    let stored: Promise<unknown> = Promise.resolve();
    const { failure, body, plan } = await runOver(
      (store) => ({
        ...store,
        putIfAbsent(object) {
          if (!object.key.endsWith('report.html')) return store.putIfAbsent(object);
          const late = new Promise((resolve) => setTimeout(resolve, 60)).then(() => store.putIfAbsent(object));
          stored = late;
          return late;
        },
      }),
      NOW + 20,
    );
    expect(failure).toMatchObject({ code: 'report.not-stored' });
    expect(body).toContain('NOT STORED');
    await stored;
    await new Promise(setImmediate);
    expect(plan()).toBeNull();
  });

  it('is known again where the answer to its writing was lost, and the report goes out as any other', async () => {
    const { failure, body, plan } = await runOver((store) => ({
      ...store,
      async putIfAbsent(object) {
        const written = await store.putIfAbsent(object);
        return object.key.startsWith('plans/') ? false : written;
      },
    }));
    expect([failure, plan()]).toEqual([null, 1]);
    expect(body).not.toContain('NOT STORED');
  });

  it('is stored where the put of its plan failed after it was written, as the store then shows', async () => {
    const { failure, body, plan } = await runOver((store) => ({
      ...store,
      putIfAbsent: async (object) => {
        const written = await store.putIfAbsent(object);
        if (object.key.startsWith('plans/')) throw new Error('socket hang up');
        return written;
      },
    }));
    expect([failure, plan()]).toEqual([null, 1]);
    expect(body).not.toContain('NOT STORED');
  });

  it('is not stored, for the reason of its put, where that failed and the plan cannot be read either', async () => {
    const fails = (reason: string) => () => Promise.reject(new Error(reason));
    const { failure, body } = await runOver((store) => ({
      ...store,
      putIfAbsent: (object) =>
        object.key.startsWith('plans/') ? fails('socket hang up')() : store.putIfAbsent(object),
      get: (key) => (key.startsWith('plans/') ? fails('timed out')() : store.get(key)),
    }));
    expect(failure).toMatchObject({ code: 'report.not-stored', message: expect.stringContaining('socket hang up') });
    expect(body).toContain('NOT STORED');
  });

  it('is stored where the answers to all writes of the report were lost', async () => {
    const { failure, body, plan } = await runOver((store) => ({
      ...store,
      putIfAbsent: async (object) => (await store.putIfAbsent(object)) && !object.key.startsWith('reports/'),
    }));
    expect([failure, plan()]).toEqual([null, 1]);
    expect(body).not.toContain('NOT STORED');
  });

  it('refuses report.conflict where the store says that a file is there, and does not have it', async () => {
    const { failure, plan } = await runOver((store) => ({
      ...store,
      putIfAbsent: (object) => (object.key.endsWith('report.csv') ? Promise.resolve(false) : store.putIfAbsent(object)),
    }));
    expect(failure).toMatchObject({ code: 'report.not-stored', message: expect.stringContaining('does not have it') });
    expect(plan()).toBeNull();
  });

  it('refuses plan.exists in the place of another plan, which it leaves as it is', async () => {
    const { failure, body } = await runOver((store) => ({
      ...store,
      putIfAbsent: (object) => (object.key.startsWith('plans/') ? Promise.resolve(false) : store.putIfAbsent(object)),
      get: (key) => (key.startsWith('plans/') ? Promise.resolve('{}') : store.get(key)),
    }));
    expect(failure).toMatchObject({
      code: 'report.not-stored',
      message: expect.stringContaining('another plan of that id'),
    });
    expect(body).toContain('NOT STORED');
  });
});

import fc from 'fast-check';
import type { Plan } from '../../lambda/core/plan/plan';
import type { Inventory } from '../../lambda/core/report/report-model';
import type { Snapshot } from '../../lambda/core/snapshot/snapshot';
import { selectAutomatically } from '../../lambda/deletion/select-due-snapshots';
import type { Store, StoredObject } from '../../lambda/ports/ports';
import { type RunRequest, runReport } from '../../lambda/reporting/run-report-job';
import { runSchedule } from '../../lambda/reporting/send-lock';
import { digestOf } from '../../lambda/runtime/digest';
import { newReportId } from '../../lambda/runtime/report-id';
import { begunFile, REPORT_DUE_SINCE, runTime, toldFile } from '../../lambda/storage/keys';
import { fakeChannel } from '../fakes/channel';
import { anInventory, fakeInventory } from '../fakes/inventory';
import { memoryStore, timesOf } from '../fakes/memory-store';
import { aConfig } from '../support/config-builder';
import { aFailedScope, aScope, aSnapshot, DAY, NOW } from '../support/report-builder';
import { runs } from '../support/runs';

const HOUR = 3_600_000;
const WRITTEN = {
  policies: { short: { keep: { last: 1 } } },
  default: 'short',
  caps: { maxShare: 0.9 },
  deletion: { grace: '7d' },
};
const CONFIG = aConfig(WRITTEN);
const AUTOMATIC = {
  mode: 'automatic',
  functionArn: 'arn:aws:lambda:us-east-1:123456789012:function:deletion:live',
} as const;

const DAILY = { ...AUTOMATIC, reportSchedule: 'cron(0 8 * * ? *)' };

/** `old-1` and `old-2` are expired, `young` is kept. */
const ALL = [
  aSnapshot({ name: 'young', createdAt: NOW - 20 * DAY }),
  aSnapshot({ name: 'old-1', createdAt: NOW - 30 * DAY }),
  aSnapshot({ name: 'old-2', createdAt: NOW - 40 * DAY }),
];
const held = (name: string): readonly Snapshot[] =>
  ALL.map((snapshot) =>
    snapshot.name === name ? { ...snapshot, tags: new Map([['retention:hold', null]]) } : snapshot,
  );

interface Day {
  /** Hours before NOW at which the report is made. */
  readonly ago: number;
  /** Hours before NOW for which it was scheduled; null: by hand. */
  readonly scheduled?: number | null;
  readonly inventory?: Partial<Inventory>;
  readonly config?: typeof CONFIG;
  readonly confirmed?: number | null;
  /** The topic refuses it. */
  readonly refused?: boolean;
  /** The store refuses keys that match. */
  readonly unstored?: RegExp;
  /** The store lists nothing under prefixes that match. */
  readonly unread?: RegExp;
  readonly deletion?: RunRequest['deletion'] | null;
}

/** A store that takes nothing under some keys. */
const refusing = (store: Store, keys: RegExp): Store => ({
  ...store,
  put: async (object) => {
    if (keys.test(object.key)) throw new Error('the bucket is gone');
    await store.put(object);
  },
  putIfAbsent: async (object) => {
    if (keys.test(object.key)) throw new Error('the bucket is gone');
    return store.putIfAbsent(object);
  },
});

/** A store that cannot list some prefixes. */
const withoutLists = (store: Store, prefixes: RegExp): Store => ({
  ...store,
  list: async (prefix) => (prefixes.test(prefix) ? Promise.reject(new Error('503 Slow Down')) : store.list(prefix)),
});

/** Reports made one after the other, as the deployed function makes them. */
async function history(days: readonly Day[]) {
  const objects = new Map<string, string>();
  let clock = NOW;
  const store = memoryStore(objects, () => clock);
  const mails: string[] = [];
  const ids: string[] = [];
  const make = async ({
    ago,
    scheduled = ago,
    inventory = {},
    config = CONFIG,
    confirmed = 1,
    refused = false,
    unstored,
    unread,
    deletion = AUTOMATIC,
  }: Day): Promise<void> => {
    const at = NOW - ago * HOUR;
    clock = at;
    const scheduledAt = runSchedule(scheduled === null ? null : NOW - scheduled * HOUR, at);
    const channel = { ...fakeChannel(refused ? 1 : 0), confirmedSubscribers: async () => confirmed };
    const reportId = newReportId(scheduledAt ?? at);
    ids.push(reportId);
    const ports = {
      clock: () => at,
      digest: digestOf,
      store: withoutLists(refusing(store, unstored ?? /$^/), unread ?? /$^/),
      channel,
      readInventory: fakeInventory(anInventory({ snapshots: ALL, ...inventory })),
    };
    try {
      await runReport(ports, {
        reportId,
        config,
        scheduledAt,
        region: 'us-east-1',
        deadline: null,
        ...(deletion && { deletion }),
      });
    } catch (error) {
      if (!refused && unstored === undefined && unread === undefined) throw error;
    }
    mails.push(...channel.sent.map(({ body }) => body));
  };
  for (const each of days) await make(each);
  clock = NOW;
  const select = (
    options: {
      now?: number;
      config?: typeof CONFIG;
      confirmed?: number | null;
      scheduledAt?: number;
      store?: Store;
    } = {},
  ) =>
    selectAutomatically(
      {
        store: options.store ?? store,
        digest: digestOf,
        channel: { confirmedSubscribers: async () => (options.confirmed === undefined ? 1 : options.confirmed) },
      },
      options.config ?? CONFIG,
      options.scheduledAt ?? options.now ?? NOW,
      options.now ?? NOW,
    );
  const taken = async (options: Parameters<typeof select>[0] = {}): Promise<string | readonly string[]> => {
    const selected = await select(options);
    if (selected.state === 'nothing') return selected.code;
    const plan = JSON.parse(objects.get(`plans/${selected.id}.json`) ?? 'null') as Plan;
    return [...plan.items].map(({ name }) => name);
  };
  return { objects, mails, ids, make, select, taken };
}

/**
 * Daily reports, the oldest eight days ago and the newest four hours ago; `change` alters the one that is so many days
 * old.
 */
const daily = (change: Readonly<Record<number, Partial<Day>>> = {}): readonly Day[] =>
  [8, 7, 6, 5, 4, 3, 2, 1, 0].map((day) => ({ ago: day * 24 + 4, ...change[day] }));

/**
 * The same, but that the report of a day failed to be sent at its first attempt, which `change` alters, and was sent at
 * the second.
 */
const retried = (day: number, change: Partial<Day> = {}): readonly Day[] =>
  daily().flatMap((each) =>
    each.ago === day * 24 + 4
      ? [
          { ...each, refused: true, ...change },
          { ago: each.ago - 0.1, scheduled: each.ago },
        ]
      : [each],
  );

describe('automatic deletion takes', () => {
  test('what every report of the grace period listed', async () => {
    const { taken } = await history(daily());
    expect(await taken()).toEqual(['old-1', 'old-2']);
  });

  test.each([
    ['could not read everything', { inventory: { complete: false, scopes: [aFailedScope('us-east-1', 'instance')] } }],
    ['could not be sent', { refused: true }],
    ['did not list them', { inventory: { snapshots: ALL.slice(0, 1) } }],
  ] as const)('nothing before a day that an e-mail announced, though a later report %s', async (_, interrupting) => {
    const [monthly, dailyReports] = ['cron(0 8 1 * ? *)', 'cron(0 4 * * ? *)'].map((reportSchedule) => ({
      deletion: { ...AUTOMATIC, reportSchedule },
    }));
    const { mails, taken } = await history([
      { ago: 12 * 24 + 4, ...monthly },
      { ago: 11 * 24 + 4, ...monthly, ...interrupting },
      ...[10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0].map((day) => ({ ago: day * 24 + 4, ...dailyReports })),
    ]);
    const told = [mails[0], mails.at(-1)].map((mail) => /will be deleted on (.*), from 13:47/m.exec(mail ?? '')?.[1]);
    expect(told).toEqual(['Tuesday, 1 December 2026', 'Tuesday, 1 December 2026']);
    expect(await taken()).toBe('auto.nothing-due');
  });

  test.each([
    ['did not list it', { inventory: { snapshots: held('old-2') } }],
    ['could not read everything', { inventory: { complete: false, scopes: [aFailedScope('us-east-1', 'instance')] } }],
    ['had another configuration', { config: aConfig({ ...WRITTEN, caps: { maxShare: 0.8 } }) }],
    ['had no confirmed subscription', { confirmed: 0 }],
  ] as const)(
    'nothing before a day that an e-mail announced, though for two weeks each report %s',
    async (_, between) => {
      const [monthly, dailyReports] = ['cron(0 8 1 * ? *)', 'cron(0 4 * * ? *)'].map((reportSchedule) => ({
        deletion: { ...AUTOMATIC, reportSchedule },
      }));
      const { mails, taken } = await history([
        { ago: 22 * 24, ...monthly },
        ...Array.from({ length: 13 }, (_each, index) => ({ ago: (21 - index) * 24 + 4, ...dailyReports, ...between })),
        ...Array.from({ length: 9 }, (_each, index) => ({ ago: (8 - index) * 24 + 4, ...dailyReports })),
      ]);
      expect(mails[0]).toContain(' on Tuesday, 1 December 2026, from 13:47');
      expect(mails.at(-1)).toContain(' on Tue 1 Dec');
      expect(await taken({ now: NOW + 6 * HOUR })).toEqual(['old-1']);
    },
  );

  test('nothing before a day that an e-mail announced, though the report that had interrupted the countdown was sent after it', async () => {
    const days = [{ ago: 8 * 24 }, { ago: 30, refused: true }, { ago: 10, scheduled: null }, { ago: 7, scheduled: 30 }];
    const { mails, taken } = await history(days);
    const told = mails.map((mail) => /^2 snapshots will be deleted on (.*), from 13:47/m.exec(mail)?.[1]);
    // Eight days before NOW, and twice the seventh day after the report by hand.
    expect(told).toEqual(['Sunday, 22 November 2026', 'Sunday, 29 November 2026', 'Sunday, 29 November 2026']);
    expect(await taken()).toBe('auto.interrupted');
  });

  test('the same with weekly reports, if the newest is from today', async () => {
    const { taken } = await history([{ ago: 14 * 24 + 4 }, { ago: 7 * 24 + 4 }, { ago: 4 }]);
    expect(await taken()).toEqual(['old-1', 'old-2']);
  });

  test('what is listed by a report made by hand as well, which is e-mailed too', async () => {
    const { taken } = await history(daily({ 3: { scheduled: null } }));
    expect(await taken()).toEqual(['old-1', 'old-2']);
  });

  test('what is listed by a report that was sent at the second attempt', async () => {
    const { taken } = await history(retried(3));
    expect(await taken()).toEqual(['old-1', 'old-2']);
  });

  test('nothing that the first attempt of a report did not list, though that was never sent and the second one lists it', async () => {
    for (const day of [7, 3, 0]) {
      const { taken } = await history(retried(day, { inventory: { snapshots: held('old-1') } }));
      expect(await taken()).toEqual(['old-2']);
    }
  });

  test('nothing of a report that did not list it: each day without it starts the grace period again', async () => {
    for (const day of [7, 4, 1, 0]) {
      const { taken } = await history(daily({ [day]: { inventory: { snapshots: held('old-1') } } }));
      expect(await taken()).toEqual(['old-2']);
    }
  });

  test('what was held before the grace period, since', async () => {
    const { taken } = await history(daily({ 8: { inventory: { snapshots: held('old-1') } } }));
    expect(await taken()).toEqual(['old-1', 'old-2']);
  });

  test('nothing whose name or date of creation differs between reports', async () => {
    const reborn = ALL.map((each) => (each.name === 'old-2' ? { ...each, createdAt: NOW - 41 * DAY } : each));
    const renamed = ALL.map((each) => (each.name === 'old-2' ? { ...each, name: 'old-3' } : each));
    for (const snapshots of [reborn, renamed]) {
      const { taken } = await history(daily({ 4: { inventory: { snapshots } } }));
      expect(await taken()).toEqual(['old-1']);
    }
  });
});

describe('automatic deletion does nothing', () => {
  const unread = { complete: false };
  const inPart = {
    complete: false,
    scopes: [aScope(), aScope({ kind: 'disk' }), aScope({ region: 'eu-west-1' }), aFailedScope('eu-west-1', 'disk')],
  };
  const many = [
    ...ALL,
    ...Array.from({ length: 20 }, (_, index) =>
      aSnapshot({ name: `more-${index}`, createdAt: NOW - (50 + index) * DAY }),
    ),
  ];
  const capped = aConfig({ ...WRITTEN, caps: { maxDeletions: 1 } });
  const other = aConfig({ ...WRITTEN, caps: { maxShare: 0.8 } });

  test.each<[string, string, readonly Day[]]>([
    ['when there is no report', 'auto.no-report', []],
    [
      'when the newest report is more than a day old',
      'auto.stale',
      daily()
        .slice(0, -1)
        .map((day) => ({ ...day, ago: day.ago })),
    ],
    ['when reports have been missing for long', 'auto.stale', [{ ago: 30 * 24 }, { ago: 20 * 24 }]],
    ['when no report is as old as the grace period', 'auto.grace', daily().slice(2)],
    [
      'when the report at its beginning was made late',
      'auto.grace',
      [{ ago: 7 * 24 - 1, scheduled: 7 * 24 + 1 }, ...daily().slice(2)],
    ],
    ['when the newest report is incomplete', 'auto.incomplete', daily({ 0: { inventory: unread } })],
    ['when one in between is incomplete', 'auto.incomplete', daily({ 4: { inventory: unread } })],
    [
      'when the first attempt of one is incomplete, and the second was sent',
      'auto.incomplete',
      retried(3, { inventory: unread }),
    ],
    [
      'when the first attempt of the newest is incomplete, and the second was sent',
      'auto.incomplete',
      retried(0, { inventory: unread }),
    ],
    [
      'when the first attempt of one was blocked by a cap',
      'auto.blocked',
      retried(3, { inventory: { snapshots: many } }),
    ],
    [
      'when the first attempt of one was made with another configuration',
      'auto.config-changed',
      retried(3, { config: other }),
    ],
    [
      'when one in between could not read one kind in one region',
      'auto.incomplete',
      daily({ 4: { inventory: inPart } }),
    ],
    ['when the one at its beginning is incomplete', 'auto.incomplete', daily({ 7: { inventory: unread } })],
    ['when one was not sent', 'auto.not-mailed', daily({ 4: { refused: true } })],
    ['when the newest was not sent', 'auto.not-mailed', daily({ 0: { refused: true } })],
    ['when nobody could receive one', 'auto.nobody', daily({ 5: { confirmed: 0 } })],
    ['when it is not known whether anybody could', 'auto.nobody', daily({ 5: { confirmed: null } })],
    ['when one was sent before automatic deletion was deployed', 'auto.unannounced', daily({ 5: { deletion: null } })],
    [
      'when one was sent while a person had to approve',
      'auto.unannounced',
      daily({ 5: { deletion: { ...AUTOMATIC, mode: 'approve' } } }),
    ],
    [
      'when one was e-mailed and nothing of it could be stored',
      'auto.unreadable',
      daily({ 5: { unstored: /^reports/ } }),
    ],
    [
      'when one was e-mailed and the last of its files could not be stored',
      'auto.unreadable',
      daily({ 5: { unstored: /state\.json$/ } }),
    ],
    ['when the newest was e-mailed and could not be stored', 'auto.unreadable', daily({ 0: { unstored: /^reports/ } })],
    ['when one was made with another configuration', 'auto.config-changed', daily({ 4: { config: other } })],
    ['when one is dated in the future', 'auto.clock', [...daily(), { ago: -1 }]],
    ['when one is of another account', 'auto.account', daily({ 3: { inventory: { account: '999999999999' } } })],
    [
      'when nothing is expired by policy',
      'auto.nothing-due',
      daily().map((day) => ({ ...day, inventory: { snapshots: ALL.slice(0, 1) } })),
    ],
  ])('%s', async (_, code, days) => {
    const { taken, objects } = await history(days);
    expect(await taken()).toBe(code);
    expect([...objects.keys()].filter((key) => key.startsWith('plans/auto-'))).toEqual([]);
  });

  test.each([
    ['exactly 24 hours old', 24, ['old-1', 'old-2']],
    ['a second older than 24 hours', 24 + 1 / 3_600, 'auto.stale'],
    ['25 hours old', 25, 'auto.stale'],
  ])('when the newest report is more than 24 hours old, and not before: %s', async (_, ago, expected) => {
    const { taken } = await history([{ ago: 9 * 24 }, { ago: 8 * 24 }, { ago: 4 * 24 }, { ago, scheduled: null }]);
    expect(await taken()).toEqual(expected);
  });

  test('when a report was blocked by a cap', async () => {
    const days = daily().map((day) => ({ ...day, config: capped }));
    const { taken } = await history(days);
    expect(await taken({ config: capped })).toBe('auto.blocked');
  });

  test('when the configuration was changed since the reports', async () => {
    const { taken } = await history(daily());
    expect(await taken({ config: other })).toBe('auto.config-changed');
  });

  test('with the built-in policy', async () => {
    const { taken } = await history(daily());
    expect(await taken({ config: { ...CONFIG, origin: 'built-in' } })).toBe('config.built-in');
  });

  test.each([0, null])('when no one subscribes now, or that cannot be read (%s)', async (confirmed) => {
    const { taken } = await history(daily());
    expect(await taken({ confirmed })).toBe('auto.no-subscriber');
  });

  test('when a plan of a report was changed by hand, or is gone', async () => {
    for (const change of [(text: string) => text.replace('old-1', 'old-9'), () => '{']) {
      const { taken, objects, ids } = await history(daily());
      const key = `plans/${ids[4]}.json`;
      objects.set(key, change(objects.get(key) ?? ''));
      expect(await taken()).toBe('auto.unreadable');
    }
    const { taken, objects, ids } = await history(daily());
    objects.delete(`plans/${ids[4]}.json`);
    expect(await taken()).toBe('auto.unreadable');
  });

  test('when the note that a report was e-mailed is gone, broken, or of another report', async () => {
    for (const [note, code] of [
      [null, 'auto.not-mailed'],
      ['{', 'auto.not-mailed'],
      ['{"reportId":"another","confirmed":1,"announced":true}', 'auto.unreadable'],
    ] as const) {
      const { taken, objects, ids } = await history(daily());
      const key = `runs/${runTime(ids[4] ?? '')}/sent.json`;
      if (note === null) objects.delete(key);
      else objects.set(key, note);
      expect(await taken()).toBe(code);
    }
  });
});

describe('a report that was made for another time than its own', () => {
  test('begins a grace period when it was made, not when it was meant to be', async () => {
    for (const scheduled of [9 * 24, 30 * 24, 400 * 24, 7 * 24 + 1]) {
      const { taken } = await history([{ ago: 7 * 24 - 20, scheduled }, ...daily().slice(2)]);
      expect(await taken()).toBe('auto.grace');
    }
  });

  test('ends one as well, however long ago it was meant to be made', async () => {
    for (const scheduled of [4 * 24, 9 * 24, 30 * 24, 400 * 24]) {
      const { taken } = await history([
        { ago: 20 * 24 },
        ...daily({ 3: { scheduled, inventory: { snapshots: held('old-1') } } }),
      ]);
      expect(await taken()).toEqual(['old-2']);
    }
  });

  test('interrupts a grace period when it was made, where it could not be stored or none of its attempts was sent', async () => {
    const begun = [{ ago: 20 * 24 }, { ago: 8 * 24, scheduled: null }];
    const late = { ago: 7 * 24 - 10, scheduled: 7 * 24 + 13 };
    const twice = [
      { ago: 7 * 24 + 12, scheduled: 7 * 24 + 13, refused: true },
      { ...late, refused: true },
    ];
    const since = [{ ago: 7 * 24 + 1, scheduled: null }, ...daily().slice(2)].filter(({ ago }) => ago !== late.ago);
    const sorted = (days: readonly Day[]) => [...days].sort((a, b) => b.ago - a.ago);
    expect(await (await history(sorted([...begun, ...since]))).taken()).toEqual(['old-1', 'old-2']);
    expect(await (await history(sorted([...begun, { ...late, unstored: /^reports/ }, ...since]))).taken()).toBe(
      'auto.unreadable',
    );
    const unstored = [twice[0] as Day, { ...late, unstored: /^reports/ }];
    expect(await (await history(sorted([...begun, ...unstored, ...since]))).taken()).toBe('auto.unreadable');
    // Which of the attempts comes first by its id is chance.
    for (let tries = 0; tries < 8; tries += 1)
      expect(await (await history(sorted([...begun, ...twice, ...since]))).taken()).toBe('auto.not-mailed');
  });

  test('counts as if it were made by hand, whatever times the events of reports have', async () => {
    const aDay = fc.record({
      hours: fc.integer({ min: 1, max: 40 }),
      late: fc.integer({ min: -60, max: 1_000 }),
      held: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(aDay, { minLength: 1, maxLength: 14 }),
        fc.integer({ min: 1, max: 30 }),
        async (made, last) => {
          let ago = last;
          const days: Day[] = [];
          // Counted back from the last; a minute apart, because an event is done once.
          for (const [index, { hours, late, held: isHeld }] of made.entries()) {
            days.unshift({
              ago,
              scheduled: ago + late + (index + 1) / 60,
              inventory: { snapshots: isHeld ? held('old-1') : ALL },
            });
            ago += hours;
          }
          const byHand = await history(days.map((day) => ({ ...day, scheduled: null })));
          const taken = await (await history(days)).taken();
          // A report whose event came from the future has its place by that time: it can only interrupt.
          const isInterrupted = typeof taken === 'string' && made.some(({ late }) => late < 0);
          if (!isInterrupted) expect(taken).toEqual(await byHand.taken());
        },
      ),
      { numRuns: runs(50, 150) },
    );
  }, 60_000);
});

describe('a person who can write plans alone', () => {
  /** The plan as its forger wants it, whole and consistent in itself. */
  const forge = (text: string, change: (plan: Plan) => Plan): string => {
    const { digest: _, ...content } = change(JSON.parse(text) as Plan);
    return JSON.stringify({ ...content, digest: digestOf(content) });
  };

  test('cannot make a snapshot look listed for longer than it was', async () => {
    const young = daily().map((day) => (day.ago > 2 * 24 ? { ...day, inventory: { snapshots: held('old-1') } } : day));
    const { taken, objects, ids } = await history(young);
    expect(await taken()).toEqual(['old-2']);
    const newest = JSON.parse(objects.get(`plans/${ids.at(-1)}.json`) ?? 'null') as Plan;
    for (const id of ids) {
      const key = `plans/${id}.json`;
      objects.set(
        key,
        forge(objects.get(key) ?? '', (plan) => ({ ...plan, items: newest.items })),
      );
    }
    expect(await taken()).toBe('auto.altered');
  });

  test('cannot put the plan that was e-mailed in place of that of a first attempt, which lists less', async () => {
    const { taken, objects, ids } = await history(retried(3, { inventory: { snapshots: held('old-1') } }));
    expect(await taken()).toEqual(['old-2']);
    objects.set(`plans/${ids[5]}.json`, objects.get(`plans/${ids[6]}.json`) ?? '');
    expect(await taken()).toBe('auto.unreadable');
  });

  test('cannot do so where the note of an e-mail has no digest', async () => {
    const { taken, objects, ids } = await history(daily());
    const key = `runs/${runTime(ids[4] ?? '')}/sent.json`;
    const { digest, ...note } = JSON.parse(objects.get(key) ?? 'null');
    expect(digest).toBe((JSON.parse(objects.get(`plans/${ids[4]}.json`) ?? 'null') as Plan).digest);
    objects.set(key, JSON.stringify(note));
    expect(await taken()).toBe('auto.altered');
  });
});

describe('a report that leaves only the note that its run began', () => {
  it('interrupts automatic deletion, because it was not e-mailed, or could not be stored', async () => {
    const { taken, objects } = await history(daily());
    expect([...objects.keys()].filter((key) => key.includes('/begun-'))).toHaveLength(daily().length);
    objects.set(begunFile('20261123T060000Z-1a2b3c4d'), '2026-11-23T06:00:00.000Z');
    expect(await taken()).toBe('auto.not-mailed');
  });
});

describe('a later day that another report of the same time recorded', () => {
  const other = '20261123T040000Z-1a2b3c4d';
  const key = toldFile(other, NOW + DAY);
  const record = (objects: Map<string, string>, at: number, config = CONFIG.digest): void => {
    const note = { reportId: other, digest: 'sha256:0', config, starts: [[NOW + DAY, 2]] };
    objects.set(key, JSON.stringify(note));
    timesOf(objects).set(key, at);
  };

  // The answer to its e-mail was lost, or its process was killed after it.
  it('counts, though it was recorded before the note of the report that is known to be e-mailed', async () => {
    const { taken, objects } = await history(daily());
    record(objects, NOW - 5 * HOUR);
    expect(await taken()).toBe('auto.nothing-due');
  });

  it('counts, though it was recorded after that note', async () => {
    const { taken, objects } = await history(daily());
    record(objects, NOW - HOUR);
    expect(await taken()).toBe('auto.nothing-due');
  });

  it('takes no day away where it is the same day', async () => {
    const { taken, objects, ids } = await history(daily());
    const [name = '', text = ''] = [...objects].find(([each]) => each.includes(`-${ids.at(-1)}.json`)) ?? [];
    expect(name).toContain('/told-');
    const twin = name.replace(ids.at(-1) ?? '', other);
    objects.set(twin, text.replace(ids.at(-1) ?? '', other));
    timesOf(objects).set(twin, NOW - HOUR);
    expect(await taken()).toEqual(['old-1', 'old-2']);
  });

  it('does not count where it is of another configuration', async () => {
    const { taken, objects } = await history(daily());
    record(objects, NOW - 5 * HOUR, 'sha256:other');
    expect(await taken()).toEqual(['old-1', 'old-2']);
  });

  it('counts, though it is recorded while the plan of the deletion is written', async () => {
    const { select, objects } = await history(daily());
    const store = memoryStore(objects, () => NOW);
    const putIfAbsent = async (object: StoredObject): Promise<boolean> => {
      record(objects, NOW);
      return store.putIfAbsent(object);
    };
    expect(await select({ store: { ...store, putIfAbsent } })).toMatchObject({
      state: 'nothing',
      code: 'auto.told-later',
    });
    // The plan is there: a repeated call with the same instant does not take it for its own.
    expect(await select()).toMatchObject({ state: 'nothing', code: 'auto.nothing-due' });
  });
});

describe('the plan of an automatic deletion', () => {
  it('selects nothing when it is started more than a day from its scheduled time', async () => {
    const { select } = await history(daily());
    expect(await select({ scheduledAt: NOW - 24 * HOUR - 1 })).toMatchObject({ state: 'nothing', code: 'auto.late' });
    expect(await select({ scheduledAt: NOW - 24 * HOUR })).toMatchObject({ state: 'plan' });
  });

  test('is one that apply takes: whole, unblocked, of the configuration, with a digest of its own and an end', async () => {
    const { select, objects } = await history(daily());
    const selected = await select();
    const plan = JSON.parse(objects.get('plans/auto-20261123T080000Z.json') ?? 'null');
    expect(selected).toMatchObject({ state: 'plan', id: 'auto-20261123T080000Z', digest: plan.digest });
    expect(plan).toMatchObject({
      id: 'auto-20261123T080000Z',
      account: '123456789012',
      complete: true,
      blocked: null,
      createdAt: new Date(NOW).toISOString(),
      expiresAt: new Date(NOW + 7 * DAY).toISOString(),
      config: { digest: CONFIG.digest },
    });
    const { digest, ...content } = plan;
    expect(digestOf(content)).toBe(digest);
  });

  test('is written once: another invocation for the same time stops, the same one goes on', async () => {
    const { select, objects } = await history(daily());
    const first = await select();
    const text = objects.get('plans/auto-20261123T080000Z.json');
    expect(await select({ now: NOW + 1 })).toMatchObject({ state: 'nothing', code: 'auto.duplicate' });
    expect(await select()).toEqual(first);
    expect(objects.get('plans/auto-20261123T080000Z.json')).toBe(text);
  });

  test('is its own only where it lists nothing that is not due, though it has the right time and a digest that fits', async () => {
    const { select, objects, ids } = await history(daily({ 3: { inventory: { snapshots: held('old-1') } } }));
    const key = 'plans/auto-20261123T080000Z.json';
    const first = await select();
    const { digest: _, ...written } = JSON.parse(objects.get(key) ?? '') as Plan;
    const forged = { ...written, items: (JSON.parse(objects.get(`plans/${ids.at(-1)}.json`) ?? '') as Plan).items };
    expect([written.items.length, forged.items.length]).toEqual([1, 2]);
    objects.set(key, JSON.stringify({ ...forged, digest: digestOf(forged) }));
    expect(await select()).toMatchObject({ state: 'nothing', code: 'auto.duplicate' });
    objects.set(key, JSON.stringify({ ...written, digest: digestOf(written) }));
    expect(await select()).toEqual(first);
  });
});

/** The days of deletions in a stored report, by name. */
function daysIn(objects: ReadonlyMap<string, string>, id = ''): Readonly<Record<string, string>> {
  const { snapshots } = JSON.parse(objects.get(`reports/${id}/report.json`) ?? 'null') as {
    readonly snapshots: readonly { readonly name: string; readonly deleteOn?: string }[];
  };
  return Object.fromEntries(
    snapshots.flatMap(({ name, deleteOn }) => (deleteOn === undefined ? [] : [[name, deleteOn]])),
  );
}

describe('a day that an e-mail announced', () => {
  const QUIET = aConfig({ ...WRITTEN, report: { send: 'expiring' } });
  const MONTHLY = { ...AUTOMATIC, reportSchedule: 'cron(0 8 1 * ? *)' };
  const AGED = ALL.map((each) => ({ ...each, createdAt: (each.createdAt ?? 0) - 30 * DAY }));
  const unheard = { inventory: { snapshots: AGED.slice(0, 1) } };
  const START = { now: NOW + 6 * HOUR, config: QUIET };
  const day = (days: number, change: Partial<Day>): Day => ({
    ...{ ago: days * 24, config: QUIET, deletion: DAILY, inventory: { snapshots: AGED } },
    ...change,
  });
  const dates = (from: number, to: number, change: Partial<Day> = {}): readonly Day[] =>
    Array.from({ length: from - to + 1 }, (_, index) => day(from - index, change));

  test.each([
    ['no report was sent, because none had a deletion', unheard],
    ['no report could be sent', { refused: true }],
  ])('is kept though for longer than the grace period %s', async (_, silent) => {
    const listed = [day(22, { deletion: MONTHLY }), ...dates(21, 9, silent), ...dates(8, 0)];
    const { taken, ids, objects } = await history(listed);
    const told = { 'old-1': '2026-12-01', 'old-2': '2026-12-01' };
    expect([daysIn(objects, ids[0]), daysIn(objects, ids.at(-1))]).toEqual([told, told]);
    expect(await taken(START)).toBe('auto.nothing-due');
  });

  test.each<[string, Partial<Day>]>([
    ['reports of a deployment for approvals', { deletion: { ...DAILY, mode: 'approve' } }],
    ['reports that could not find out their days', { unread: /^plans\/$/ }],
    ['reports that could not record their days', { unstored: /told-/ }],
  ])('is kept over any number of e-mails without days: %s', async (_, silent) => {
    const listed = [day(22, { deletion: MONTHLY }), ...dates(21, 9, silent), ...dates(8, 0)];
    const { taken, ids, objects } = await history(listed);
    const told = { 'old-1': '2026-12-01', 'old-2': '2026-12-01' };
    expect([daysIn(objects, ids[0]), daysIn(objects, ids[5]), daysIn(objects, ids.at(-1))]).toEqual([told, {}, told]);
    expect(await taken(START)).toBe('auto.nothing-due');
  });

  test('is kept where the topic took the e-mail and its note could not be written', async () => {
    const listed = [day(22, { deletion: MONTHLY, unstored: /sent\.json/ }), ...dates(21, 0)];
    const { taken, ids, objects, mails } = await history(listed);
    expect(mails[0]).toContain('2 snapshots will be deleted on Tuesday, 1 December 2026');
    expect(daysIn(objects, ids.at(-1))).toEqual({ 'old-1': '2026-12-01', 'old-2': '2026-12-01' });
    expect(await taken(START)).toBe('auto.nothing-due');
  });

  test('holds for every snapshot where its record, or the plan that it is of, is not as it was written', async () => {
    const days = [day(22, { deletion: MONTHLY }), ...dates(21, 1, unheard)];
    for (const prefix of ['plans/', 'told-']) {
      const told = await history(days);
      const key = [...told.objects.keys()].find((each) => each.includes(prefix)) ?? '';
      told.objects.set(key, '{');
      await told.make(day(0, {}));
      expect(daysIn(told.objects, told.ids.at(-1))).toEqual({ 'old-1': '2026-12-01', 'old-2': '2026-12-01' });
    }
  });

  test('is told only by a report that could note that it began, and could record the day', async () => {
    for (const unstored of [/begun-/, /told-/]) {
      const { mails, ids, objects } = await history([day(1, {}), day(0, { unstored })]);
      expect(daysIn(objects, ids[0])).not.toEqual({});
      expect(daysIn(objects, ids[1])).toEqual({});
      expect(mails[0]).toContain('snapshots will be deleted on');
      expect(mails[1]).not.toContain('snapshots will be deleted on');
      expect(mails[1]).toContain('the bucket is gone (report.unfinished)');
      expect(objects.get(`runs/${runTime(ids[1] ?? '')}/sent.json`)).toContain('"announced":false');
    }
  });

  test('binds only those to whom it was announced: without that e-mail, the grace period counts', async () => {
    const { taken } = await history([...dates(21, 9, unheard), ...dates(8, 0)]);
    expect(await taken(START)).toEqual(['old-1', 'old-2']);
  });
});

describe('a report with automatic deletion', () => {
  test('says of each snapshot on which day it will be deleted unless held', async () => {
    const { mails, ids, objects } = await history(daily({ 2: { inventory: { snapshots: held('old-2') } } }));
    expect(mails[0]).toContain('2 snapshots will be deleted on Sunday, 22 November 2026, from 13:47 (UTC).');
    expect(daysIn(objects, ids[0])).toEqual({ 'old-1': '2026-11-22', 'old-2': '2026-11-22' });
    // old-1 is due, old-2 was held two days ago, so that its time began again.
    expect(mails.at(-1)).toContain(
      '2 snapshots will be deleted, each time from 13:47 (UTC): 1 on Mon 23 Nov, 1 on Sun 29 Nov.',
    );
    expect(daysIn(objects, ids.at(-1))).toEqual({ 'old-1': '2026-11-23', 'old-2': '2026-11-29' });
  });

  test('counts from the beginning after a report that reached no one, or could not read everything', async () => {
    for (const broken of [{ refused: true }, { inventory: { complete: false } }, { confirmed: 0 }]) {
      const { mails } = await history(daily({ 1: broken }));
      expect(mails.at(-1)).toContain('2 snapshots will be deleted on Monday, 30 November 2026, from 13:47 (UTC).');
    }
  });

  test('counts from the beginning after a report whose first attempt, though never sent, was incomplete or did not list it', async () => {
    const days = async (change: Partial<Day>) => {
      const { ids, objects } = await history(retried(1, change));
      return daysIn(objects, ids.at(-1));
    };
    expect(await days({})).toEqual({ 'old-1': '2026-11-23', 'old-2': '2026-11-23' });
    expect(await days({ inventory: { complete: false } })).toEqual({ 'old-1': '2026-11-30', 'old-2': '2026-11-30' });
    expect(await days({ inventory: { snapshots: held('old-1') } })).toEqual({
      'old-1': '2026-11-30',
      'old-2': '2026-11-23',
    });
  });

  test('does not count down where its plan can never be applied', async () => {
    const { mails } = await history(daily({ 0: { inventory: { complete: false } } }));
    expect(mails.at(-1)).not.toContain('snapshots will be deleted');
  });

  test('is sent whatever report.send says, and only where something counts down', async () => {
    const quiet = aConfig({ ...WRITTEN, report: { send: 'changed' } });
    const days = daily().map((day) => ({ ...day, config: quiet }));
    expect((await history(days)).mails).toHaveLength(9);
    const empty = days.map((day) => ({ ...day, inventory: { snapshots: ALL.slice(0, 1) } }));
    expect((await history(empty)).mails).toHaveLength(1);
  });

  test('announces its days and carries no command', async () => {
    const { mails } = await history(daily());
    expect(mails.at(-1)).not.toMatch(/^aws |npx/m);
  });

  test('carries the command that approves its plan, to be pasted as it is, where a person has to approve', async () => {
    const approving = daily().map((day) => ({ ...day, deletion: { ...AUTOMATIC, mode: 'approve' } as const }));
    const { mails, ids, objects } = await history(approving);
    const id = ids.at(-1) ?? '';
    const { digest } = JSON.parse(objects.get(`plans/${id}.json`) ?? 'null');
    const [mail = ''] = mails.slice(-1);
    const command = `aws lambda invoke --region us-east-1 --function-name ${AUTOMATIC.functionArn} --invocation-type Event --durable-execution-name ${id} --cli-binary-format raw-in-base64-out --payload '{"plan":"${id}","digest":"${digest}"}' /dev/stdout\n`;
    expect(mail.replace(/ \\\n +/g, ' ')).toContain(command);
    expect(mail).toContain('https://us-east-1.console.aws.amazon.com/cloudshell/home?region=us-east-1\n');
    expect(mail).not.toContain('npx');
    expect(mail).toContain('Nothing is deleted until you approve it.');
    expect(mail).not.toContain('snapshots will be deleted');
    expect(daysIn(objects, id)).toEqual({});
  });
});

describe('a report that begins while an automatic deletion selects', () => {
  const BEGUN = begunFile(newReportId(NOW));

  test.each([
    ['after the runs were listed', 'list', 'plans/', false],
    ['when the plan is written', 'putIfAbsent', 'plans/auto-20261123T080000Z.json', true],
  ] as const)('stops it, because it may announce another day: %s', async (_, call, at, hasPlan) => {
    const { objects, select } = await history(daily());
    const store = memoryStore(objects, () => NOW);
    const begins = {
      ...store,
      list: async (prefix: string) => {
        if (call === 'list' && prefix === at) await store.put({ key: BEGUN, contentType: 'text/plain', body: [''] });
        return store.list(prefix);
      },
      putIfAbsent: async (object: StoredObject) => {
        if (call === 'putIfAbsent' && object.key === at) objects.set(BEGUN, '');
        return store.putIfAbsent(object);
      },
    };
    expect(await select({ store: begins })).toMatchObject({ state: 'nothing', code: 'auto.not-mailed' });
    expect([...objects.keys()].some((key) => key.startsWith('plans/auto-'))).toBe(hasPlan);
  });

  test.each([false, true])(
    'stops it also where its event is sent again, though a newer report is old enough (%s)',
    async (hasPlan) => {
      const again = { ago: 20, refused: true, ...(hasPlan ? {} : { unstored: /^(?:reports|plans)\// }) };
      const days = [...daily().filter(({ ago }) => ago > 30), again, { ago: 16, scheduled: null }];
      const config = aConfig({ ...WRITTEN, deletion: { grace: '12h' } });
      const { objects, make, select, taken } = await history(days.map((day) => ({ ...day, config })));
      expect(await taken({ config })).toEqual(['old-1', 'old-2']);
      for (const key of objects.keys()) if (key.startsWith('plans/auto-')) objects.delete(key);
      const store = memoryStore(objects, () => NOW);
      const repeated = { refused: true, unstored: /^(?:reports|plans)\//, ago: 0, scheduled: 20, config };
      const begins = {
        ...store,
        putIfAbsent: async (object: StoredObject) => {
          if (object.key.startsWith('plans/auto-')) await make(repeated);
          return store.putIfAbsent(object);
        },
      };
      expect(await select({ config, store: begins })).toMatchObject({ code: 'auto.not-mailed' });
      // It began before the selection, and was not sent yet.
      expect(await select({ config, now: NOW + HOUR })).toMatchObject({ code: 'auto.not-mailed' });
    },
  );

  test('is not mistaken for another object among the notes of runs', async () => {
    const { objects, select } = await history(daily());
    const store = memoryStore(objects, () => NOW);
    const putIfAbsent = (object: StoredObject) => {
      objects.set(REPORT_DUE_SINCE, '');
      return store.putIfAbsent(object);
    };
    expect(await select({ store: { ...store, putIfAbsent } })).toMatchObject({ state: 'plan' });
  });
});

import { MAX_DELETION_RUN_MS } from '../../lambda/core/plan/deletion-start';
import type { Plan, PlanContent, PlanItem } from '../../lambda/core/plan/plan';
import type { Inventory } from '../../lambda/core/report/report-model';
import { recordApproval, recordResult } from '../../lambda/deletion/record-deletion';
import { LIMITS } from '../../lambda/handlers/wire-delete';
import type { Store } from '../../lambda/ports/ports';
import { renderPlanJson } from '../../lambda/render/plan';
import { type RunRequest, runReport } from '../../lambda/reporting/run-report-job';
import { digestOf, sha256Of } from '../../lambda/runtime/digest';
import { newReportId } from '../../lambda/runtime/report-id';
import { EVIDENCE, INDEX_JSON, planFile, reportFiles, resultIndexPage } from '../../lambda/storage/keys';
import { indexPageObject } from '../../lambda/storage/result-index';
import { fakeChannel } from '../fakes/channel';
import { anInventory, fakeInventory } from '../fakes/inventory';
import { memoryStore } from '../fakes/memory-store';
import { aConfig } from '../support/config-builder';
import { aSnapshot, DAY, NOW } from '../support/report-builder';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const WRITTEN = {
  policies: { short: { keep: { last: 1 } } },
  default: 'short',
  caps: { maxShare: 0.9 },
  deletion: { grace: '7d' },
};
const CONFIG = aConfig(WRITTEN);
const DEPLOYED = {
  functionArn: 'arn:aws:lambda:us-east-1:123456789012:function:deletion:live',
  reportSchedule: 'cron(0 8 * * ? *)',
} as const;
const MODES = ['automatic', 'approve'] as const;
type Mode = (typeof MODES)[number];

/** `old-1` and `old-2` are expired, `young` is kept. */
const ALL = [
  aSnapshot({ name: 'young', createdAt: NOW - 20 * DAY }),
  aSnapshot({ name: 'old-1', createdAt: NOW - 30 * DAY }),
  aSnapshot({ name: 'old-2', createdAt: NOW - 40 * DAY }),
];

const ITEMS = ALL.slice(1).map(
  ({ arn, name, kind, account, region, createdAt }): PlanItem => ({
    ...{ arn: arn ?? '', name: name ?? '', kind, region, account: account ?? '123456789012' },
    createdAt: new Date(createdAt ?? 0).toISOString(),
  }),
);

function aPlan(id: string, madeAt: number, items = ITEMS): Plan {
  const content: PlanContent = {
    ...{ schemaVersion: 1, id, account: '123456789012' },
    scopes: [{ account: '123456789012', region: 'us-east-1', kind: 'instance' }],
    createdAt: new Date(madeAt).toISOString(),
    expiresAt: new Date(madeAt + 7 * DAY).toISOString(),
    config: { origin: CONFIG.origin, digest: CONFIG.digest },
    ...{ complete: true, blocked: null, items },
  };
  return { ...content, digest: digestOf(content) };
}

/** A bucket in which deletions leave what the deployed function writes. */
function aBucket() {
  const objects = new Map<string, string>();
  let now = NOW;
  const clock = (): number => now;
  const store = memoryStore(objects, clock);
  const recorded = { store, clock, hashText: sha256Of, folder: EVIDENCE, keptForDays: 400 };
  const runOf = (plan: Plan, run: string) => ({
    ...{ plan, run, execution: run },
    origin: { approvedBy: { kind: 'caller', arn: null, claimed: true }, report: plan.id } as const,
  });
  return {
    objects,
    store,
    /** Stores a plan, as a report or an automatic deletion does. */
    stores: (id: string, madeAt = NOW, items = ITEMS): Plan => {
      const plan = aPlan(id, madeAt, items);
      objects.set(planFile(id), [...renderPlanJson(plan)].join(''));
      return plan;
    },
    begins: (plan: Plan, run: string, at: number) => {
      now = at;
      return recordApproval(recorded, runOf(plan, run));
    },
    ends: (plan: Plan, run: string, at: number) => {
      now = at;
      return recordResult(recorded, runOf(plan, run), null);
    },
    finishes: ({ id }: Plan) => {
      const times = { startedAt: new Date(NOW).toISOString(), updatedAt: new Date(NOW).toISOString() };
      const line = {
        plan: { id, storedAt: null, status: 'finished', ...times, summary: '2 deleted' },
        line: '{}',
      } as const;
      objects.set(resultIndexPage(1), [...indexPageObject(1, [line]).body].join(''));
    },
    /** Makes a report by hand. */
    report: async (
      at: number,
      change: {
        readonly mode?: Mode;
        readonly inventory?: Partial<Inventory>;
        readonly config?: typeof CONFIG;
        readonly confirmed?: number | null;
        readonly store?: Partial<Store>;
        readonly deletion?: RunRequest['deletion'];
      } = {},
    ) => {
      now = at;
      const { mode = 'automatic', inventory = {}, config = CONFIG, confirmed = 1, deletion } = change;
      const channel = { ...fakeChannel(), confirmedSubscribers: async () => confirmed };
      const reportId = newReportId(at);
      const failure = await runReport(
        {
          ...{ clock, digest: digestOf, channel, store: { ...store, ...change.store } },
          readInventory: fakeInventory(anInventory({ snapshots: ALL, ...inventory })),
        },
        {
          ...{ reportId, config, scheduledAt: null, region: 'us-east-1', deadline: null },
          deletion: deletion ?? { ...DEPLOYED, mode },
        },
      ).then(
        () => null,
        (error: unknown) => error,
      );
      const { snapshots } = JSON.parse(objects.get(reportFiles(reportId).json) ?? '{"snapshots":[]}') as {
        readonly snapshots: readonly { readonly name: string; readonly deleteOn?: string }[];
      };
      const dated = snapshots.flatMap(({ name, deleteOn }) => (deleteOn === undefined ? [] : [[name, deleteOn]]));
      const [mail = { subject: '', body: '' }] = channel.sent;
      return {
        failure,
        subject: mail.subject,
        body: mail.body,
        days: Object.fromEntries(dated) as Readonly<Record<string, string>>,
        page: objects.get(reportFiles(reportId).html) ?? '',
        outcome: JSON.parse(objects.get(INDEX_JSON) ?? '{"reports":[{}]}').reports[0].outcome as string | undefined,
      };
    },
  };
}

const bothOn = (day: string) => ({ 'old-1': day, 'old-2': day });
const TODAY = bothOn('2026-11-23');
const AFTER_GRACE = bothOn('2026-11-30');
const AUTO = 'auto-20261123T080000Z';
const REPORTED = '20261120T080000Z-1a2b3c4d';

type Bucket = ReturnType<typeof aBucket>;

/** A deletion that still runs, five minutes after it began at NOW. */
const RUNNING: readonly (readonly [string, (bucket: Bucket) => Promise<unknown> | unknown])[] = [
  ['an automatic one that has written its plan', ({ stores }) => stores(AUTO)],
  ['an automatic one that is approved', ({ stores, begins }) => begins(stores(AUTO), 'a', NOW)],
  ['one that a person approved', ({ stores, begins }) => begins(stores(REPORTED, NOW - 3 * DAY), 'a', NOW)],
  [
    'one that a person started again',
    async ({ stores, begins, ends }) => {
      const plan = stores(REPORTED, NOW - 3 * DAY);
      await begins(plan, 'a', NOW - 30 * HOUR);
      await ends(plan, 'a', NOW - 20 * HOUR);
      await begins(plan, 'b', NOW);
    },
  ],
  [
    'an older one, while a newer one was refused',
    async ({ stores, begins, ends }) => {
      await begins(stores(AUTO), 'a', NOW);
      const newer = stores('auto-20261123T080200Z', NOW + 2 * MINUTE, []);
      await begins(newer, 'b', NOW + 2 * MINUTE);
      await ends(newer, 'b', NOW + 3 * MINUTE);
    },
  ],
  [
    'one whose plan another run was refused for',
    async ({ stores, begins }) => {
      const plan = stores(REPORTED, NOW - 3 * DAY);
      await begins(plan, 'a', NOW);
      await begins(plan, 'b', NOW + MINUTE);
    },
  ],
];

const ENDED: readonly (readonly [string, (bucket: Bucket) => Promise<unknown> | unknown])[] = [
  ['there was none', () => undefined],
  [
    'an automatic one has ended',
    async ({ stores, begins, ends }) => {
      const plan = stores(AUTO);
      await begins(plan, 'a', NOW);
      await ends(plan, 'a', NOW + MINUTE);
    },
  ],
  [
    'an approved one has finished, and its end is not recorded',
    async ({ stores, begins, finishes }) => {
      const plan = stores(REPORTED, NOW - 3 * DAY);
      await begins(plan, 'a', NOW);
      finishes(plan);
    },
  ],
  [
    'the plan is not as it was written, so that it is refused',
    ({ stores, objects }) => {
      stores(AUTO);
      objects.set(planFile(AUTO), (objects.get(planFile(AUTO)) ?? '').replace('old-1', 'old-9'));
    },
  ],
];

const NONE_DELETED = /nothing (?:will|can|is|has)(?: been)? (?:be )?deleted/i;
const MAY_RUN = /deletion (?:that began before this report )?may still run/i;

describe('a report that is made while a deletion runs', () => {
  it.each(RUNNING)('names today for what that may still delete: %s', async (_, begin) => {
    const bucket = aBucket();
    await begin(bucket);
    const { days, body, failure } = await bucket.report(NOW + 5 * MINUTE);
    expect([failure, days]).toEqual([null, TODAY]);
    expect(body).toContain('A DELETION MAY STILL RUN. It began before this report');
  });

  it.each(ENDED)('counts down as usual where %s', async (_, begin) => {
    const bucket = aBucket();
    await begin(bucket);
    const { days, body, page } = await bucket.report(NOW + 5 * MINUTE);
    expect(days).toEqual(AFTER_GRACE);
    expect(`${body}${page}`).not.toMatch(MAY_RUN);
  });

  it('names today, though no start is scheduled now', async () => {
    const bucket = aBucket();
    const deletion = { ...DEPLOYED, mode: 'automatic', reportSchedule: 'cron(0 8 30 2 ? *)' } as const;
    expect((await bucket.report(NOW, { deletion })).days).toEqual({});
    bucket.stores(AUTO);
    expect((await bucket.report(NOW + 5 * MINUTE, { deletion })).days).toEqual(TODAY);
  });

  it('counts one as ended only when its last invocation must have ended', async () => {
    const bucket = aBucket();
    await bucket.begins(bucket.stores(AUTO), 'a', NOW);
    // An invocation has a quarter of an hour.
    const last = LIMITS.run + 15 * MINUTE;
    expect((await bucket.report(NOW + last)).days).toEqual(bothOn('2026-11-24'));
    expect(last).toBeLessThan(MAX_DELETION_RUN_MS);
    expect((await bucket.report(NOW + MAX_DELETION_RUN_MS + MINUTE)).days).not.toEqual(bothOn('2026-11-24'));
    const other = aBucket();
    other.stores(AUTO);
    expect((await other.report(NOW + last)).days).toEqual(bothOn('2026-11-24'));
    expect((await other.report(NOW + MAX_DELETION_RUN_MS + MINUTE)).days).not.toEqual(bothOn('2026-11-24'));
  });

  describe.each(MODES)('and that announces nothing, with deletion=%s,', (mode) => {
    it.each([
      ['incomplete', { inventory: { complete: false } }, /^\[Lightsail\] INCOMPLETE: not everything could be read/],
      ['incomplete without them', { inventory: { complete: false, snapshots: [] } }, /^\[Lightsail\] INCOMPLETE: /],
      ['blocked', { config: aConfig({ ...WRITTEN, caps: { maxDeletions: 1 } }) }, /^\[Lightsail\] BLOCKED: /],
    ] as const)('never says that nothing is deleted: %s', async (_, change, expected) => {
      for (const [, begin] of RUNNING) {
        const bucket = aBucket();
        await begin(bucket);
        const { subject, body, page, outcome } = await bucket.report(NOW + 5 * MINUTE, { ...change, mode });
        expect(subject).toMatch(expected);
        for (const text of [subject, body, page, outcome]) {
          expect(text).toMatch(MAY_RUN);
          expect(text).not.toMatch(NONE_DELETED);
        }
      }
      for (const [, begin] of ENDED) {
        const bucket = aBucket();
        await begin(bucket);
        const { subject, body, page } = await bucket.report(NOW + 5 * MINUTE, { ...change, mode });
        expect(subject).toMatch(NONE_DELETED);
        expect(`${subject}${body}${page}`).not.toMatch(MAY_RUN);
      }
    });
  });

  it('says so beside the list that a person can approve', async () => {
    const bucket = aBucket();
    expect((await bucket.report(NOW, { mode: 'approve' })).body).toContain('Nothing is deleted until you approve it.');
    await bucket.begins(bucket.stores(REPORTED, NOW - 3 * DAY), 'a', NOW);
    const { body, page, days } = await bucket.report(NOW + 5 * MINUTE, { mode: 'approve' });
    expect(body).toContain('Nothing else is deleted until you approve it.');
    expect(body).toContain('A DELETION MAY STILL RUN. It began before this report');
    expect(page).toMatch(MAY_RUN);
    expect(days).toEqual({});
  });

  it('does not say that nothing is deleted where no person receives it', async () => {
    const bucket = aBucket();
    bucket.stores(AUTO);
    const { body } = await bucket.report(NOW + 5 * MINUTE, { confirmed: 0 });
    expect(body).toContain('A DELETION MAY STILL RUN. It began before this report');
    expect(body).not.toContain('deletes nothing');
  });

  it('tells subscriptions that could not be read from ones that there are not', async () => {
    const textOf = async (confirmed: number | null) => (await aBucket().report(NOW, { confirmed })).body;
    expect(await textOf(0)).toContain('deletes nothing: no confirmed subscription could receive this report.');
    expect(await textOf(null)).toContain('deletes nothing by this report: its subscriptions could not be read.');
  });

  it('says so where it could not be stored', async () => {
    const bucket = aBucket();
    bucket.stores(AUTO);
    const put = async () => Promise.reject(new Error('the bucket is full'));
    const { body } = await bucket.report(NOW + 5 * MINUTE, { store: { put, putIfAbsent: put } });
    expect(body).toContain('A DELETION MAY STILL RUN');
  });
});

describe('a report that cannot find out which deletions run', () => {
  const broken = async (): Promise<never> => Promise.reject(new Error('503 Slow Down'));
  const FAULTS: readonly (readonly [string, (store: Store) => Partial<Store>])[] = [
    ['the plans', ({ list }) => ({ list: (prefix) => (prefix === 'plans/' ? broken() : list(prefix)) })],
    ['the evidence chain', () => ({ listAfter: broken })],
    ['a record of it', ({ get }) => ({ get: (key) => (key.startsWith(EVIDENCE) ? broken() : get(key)) })],
    ['the index of results', ({ list }) => ({ list: (prefix) => (/index/.test(prefix) ? broken() : list(prefix)) })],
    ['a plan', ({ get }) => ({ get: (key) => (key.startsWith('plans/') ? broken() : get(key)) })],
  ];

  describe.each(MODES)('with deletion=%s', (mode) => {
    it.each(FAULTS)('says that it does not know, names no day, and raises an alarm, without %s', async (_, fault) => {
      for (const inventory of [{}, { complete: false }, { snapshots: ALL.slice(0, 1) }]) {
        const bucket = aBucket();
        await bucket.begins(bucket.stores(AUTO), 'a', NOW);
        const change = { mode, inventory, store: fault(bucket.store) };
        const { subject, body, page, days, failure } = await bucket.report(NOW + 5 * MINUTE, change);
        expect(failure).toMatchObject({ code: 'report.unfinished' });
        expect(days).toEqual({});
        expect(body).toContain('A DELETION MAY STILL RUN: whether one does could not be read.');
        expect(page).toMatch(MAY_RUN);
        for (const text of [subject, body, page])
          expect(text.replaceAll('Nothing else is deleted', '')).not.toMatch(NONE_DELETED);
      }
    });
  });

  it('says that too where a record of the evidence chain is not as it was written', async () => {
    const bucket = aBucket();
    await bucket.begins(bucket.stores(AUTO), 'a', NOW);
    bucket.objects.set(`${EVIDENCE}00000002.json`, '{');
    const { body, days } = await bucket.report(NOW + 5 * MINUTE, { inventory: { complete: false } });
    expect([days, body]).toEqual([{}, expect.stringContaining('whether one does could not be read')]);
  });
});

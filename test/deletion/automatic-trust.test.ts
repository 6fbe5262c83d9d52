import '../support/one-realm';
import { S3Client } from '@aws-sdk/client-s3';
import { type Emulator, startEmulator } from '../../emulator/server';
import { s3Store } from '../../lambda/aws/s3-store';
import type { Plan } from '../../lambda/core/plan/plan';
import { selectAutomatically } from '../../lambda/deletion/select-due-snapshots';
import type { Store } from '../../lambda/ports/ports';
import { runReport } from '../../lambda/reporting/run-report-job';
import { digestOf } from '../../lambda/runtime/digest';
import { newReportId } from '../../lambda/runtime/report-id';
import { planFile, reportFiles, runFolder, runTime, SENT } from '../../lambda/storage/keys';
import { smallAccount } from '../aws/reading';
import { fakeChannel } from '../fakes/channel';
import { anInventory, fakeInventory } from '../fakes/inventory';
import { aConfig } from '../support/config-builder';
import { aSnapshot, DAY, NOW } from '../support/report-builder';

const HOUR = 3_600_000;
const BUCKET = 'reports';
const CONFIG = aConfig({
  policies: { short: { keep: { last: 1 } } },
  default: 'short',
  caps: { maxShare: 0.9 },
  deletion: { grace: '7d' },
});
const AUTOMATIC = {
  mode: 'automatic',
  functionArn: 'arn:aws:lambda:us-east-1:123456789012:function:deletion:live',
} as const;
const SNAPSHOTS = [
  aSnapshot({ name: 'young', createdAt: NOW - 20 * DAY }),
  aSnapshot({ name: 'old-1', createdAt: NOW - 30 * DAY }),
  aSnapshot({ name: 'old-2', createdAt: NOW - 40 * DAY }),
];

type Objects = Map<string, NonNullable<ReturnType<NonNullable<ReturnType<Emulator['objects']['get']>>['get']>>>;

interface Bucket {
  readonly store: Store;
  readonly objects: Objects;
  readonly emulator: Emulator;
  /** Sets the clock of S3 to so many hours before NOW. */
  setClock(hoursAgo: number): void;
  /**
   * Makes and e-mails a report so many hours before NOW by the clock of the function; S3 has its own. Returns its id.
   */
  report(hoursAgo: number): Promise<string>;
  /** Names of what automatic deletion takes at NOW, or the code of the reason why it takes nothing. */
  taken(now?: number): Promise<string | readonly string[]>;
}

async function withBucket(test: (bucket: Bucket) => Promise<void>): Promise<void> {
  const emulator = await startEmulator({ account: smallAccount(), buckets: [BUCKET] });
  const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
  const client = new S3Client({
    endpoint: emulator.url,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials,
  });
  const store = s3Store(client, BUCKET);
  const readInventory = fakeInventory(anInventory({ snapshots: SNAPSHOTS }));
  const setClock = (hoursAgo: number): void => {
    emulator.clockOffset = NOW - hoursAgo * HOUR - Date.now();
  };
  setClock(0);
  try {
    await test({
      store,
      objects: emulator.objects.get(BUCKET) as Objects,
      emulator,
      setClock,
      async report(hoursAgo) {
        const at = NOW - hoursAgo * HOUR;
        const reportId = newReportId(at);
        const ports = { clock: () => at, digest: digestOf, store, channel: fakeChannel(), readInventory };
        await runReport(ports, {
          reportId,
          config: CONFIG,
          scheduledAt: at,
          region: 'us-east-1',
          deadline: null,
          deletion: AUTOMATIC,
        });
        return reportId;
      },
      async taken(now = NOW) {
        const channel = { confirmedSubscribers: async () => 1 };
        const selected = await selectAutomatically({ store, digest: digestOf, channel }, CONFIG, now, now);
        if (selected.state === 'nothing') return selected.code;
        const plan = JSON.parse((await store.get(planFile(selected.id))) ?? 'null') as Plan;
        return [...plan.items].map(({ name }) => name);
      },
    });
  } finally {
    client.destroy();
    await emulator.close();
  }
}

let made: { readonly ids: readonly string[]; readonly objects: Objects } | null = null;

/** Reports of nine days, each stored when it was made. Returns their ids, the oldest first. */
async function nineDays({ objects, setClock, report }: Bucket): Promise<readonly string[]> {
  if (made !== null) {
    for (const [key, object] of made.objects) objects.set(key, object);
    return made.ids;
  }
  const ids: string[] = [];
  for (let day = 8; day >= 0; day -= 1) {
    setClock(day * 24 + 4);
    ids.push(await report(day * 24 + 4));
  }
  setClock(0);
  made = { ids, objects: new Map(objects) };
  return ids;
}

const noteOf = (id: string): string => `${runFolder(runTime(id))}${SENT}.json`;
const objectsOf = (id: string): readonly string[] => [planFile(id), noteOf(id), reportFiles(id).json];

function change(objects: Objects, key: string, changed: Partial<NonNullable<ReturnType<Objects['get']>>>): void {
  const object = objects.get(key);
  if (object === undefined) throw new Error(`no object ${key}`);
  objects.set(key, { ...object, ...changed });
}

describe('automatic deletion over a bucket', () => {
  it('takes what was listed for the grace period where the bucket dates every object as it claims', () =>
    withBucket(async (bucket) => {
      await nineDays(bucket);
      expect(await bucket.taken()).toEqual(['old-1', 'old-2']);
    }));

  it.each([
    ['1970', 4, () => '1970-01-01T00:00:00.000Z'],
    ['a day earlier', 1, (at: string) => new Date(Date.parse(at) - 24.5 * HOUR).toISOString()],
  ])(
    'keeps a report in its place though its plan claims %s: one that does not count still interrupts',
    (_, index, claim) =>
      withBucket(async (bucket) => {
        const ids = await nineDays(bucket);
        const key = planFile(ids[index] ?? '');
        const plan = JSON.parse(String(bucket.objects.get(key)?.body)) as Plan;
        const { digest: _digest, ...content } = { ...plan, createdAt: claim(plan.createdAt), items: [] };
        const body = JSON.stringify({ ...content, digest: digestOf(content) });
        change(bucket.objects, key, { body: Buffer.from(body) });
        expect(await bucket.taken()).toMatch(/^auto\./);
      }),
  );

  it('takes nothing on forged plans and notes of last week that were written today, with or without forged reports', () =>
    withBucket(async (bucket) => {
      // The forger runs the code of the product under an old clock, and sends no e-mail.
      const ids = [await bucket.report(8 * 24), await bucket.report(4)];
      expect(await bucket.taken()).toBe('auto.misdated');
      for (const id of ids) bucket.objects.delete(reportFiles(id).json);
      expect(await bucket.taken()).toBe('auto.misdated');
    }));

  it.each([
    ['the plan', 0],
    ['the note', 1],
    ['the report', 2],
  ])('takes nothing where %s of a report was written again, restored or copied later', (_, index) =>
    withBucket(async (bucket) => {
      const ids = await nineDays(bucket);
      for (const id of ids.slice(1, -1)) {
        const key = objectsOf(id)[index] ?? '';
        const { lastModified } = bucket.objects.get(key) ?? {};
        change(bucket.objects, key, { lastModified: NOW });
        expect(await bucket.taken()).toBe('auto.misdated');
        change(bucket.objects, key, { lastModified: lastModified ?? null });
      }
      expect(await bucket.taken()).toEqual(['old-1', 'old-2']);
    }),
  );

  it.each([
    ['the plan', 0],
    ['the note', 1],
    ['the report', 2],
  ])('takes nothing where the bucket tells no time of %s', (_, index) =>
    withBucket(async (bucket) => {
      const ids = await nineDays(bucket);
      change(bucket.objects, objectsOf(ids[4] ?? '')[index] ?? '', { lastModified: null });
      expect(await bucket.taken()).toBe('auto.misdated');
    }),
  );

  it('takes nothing where the report itself is gone, though its plan and its note are there', () =>
    withBucket(async (bucket) => {
      const ids = await nineDays(bucket);
      bucket.objects.delete(reportFiles(ids[4] ?? '').json);
      expect(await bucket.taken()).toBe('auto.misdated');
    }));

  it('takes nothing on a prefix that was copied from the bucket of another account, nor on one that replication brought with its times', () =>
    withBucket(async (bucket) => {
      await nineDays(bucket);
      for (const [key, object] of bucket.objects) bucket.objects.set(key, { ...object, isReplica: true });
      expect(await bucket.taken()).toBe('auto.misdated');
      for (const [key, object] of bucket.objects)
        bucket.objects.set(key, { ...object, isReplica: false, lastModified: NOW });
      expect(await bucket.taken()).toBe('auto.misdated');
    }));

  it.each([-30, 30, -24 * 365])('takes nothing where the clock of the bucket is %d hours off', (off) =>
    withBucket(async (bucket) => {
      for (let day = 8; day >= 0; day -= 1) {
        bucket.setClock(day * 24 + 4 + off);
        await bucket.report(day * 24 + 4);
      }
      expect(await bucket.taken()).toBe('auto.misdated');
    }),
  );

  it('takes the same where the clocks of the bucket and the function differ by minutes', () =>
    withBucket(async (bucket) => {
      for (let day = 8; day >= 0; day -= 1) {
        bucket.setClock(day * 24 + 4 + (day % 2 === 0 ? 0.2 : -0.2));
        await bucket.report(day * 24 + 4);
      }
      expect(await bucket.taken()).toEqual(['old-1', 'old-2']);
    }));

  it('counts a report from when the last of its objects was stored, if that is hours later', () =>
    withBucket(async (bucket) => {
      bucket.setClock(7 * 24 + 4);
      const first = await bucket.report(7 * 24 + 4);
      bucket.setClock(4);
      await bucket.report(4);
      expect(await bucket.taken()).toEqual(['old-1', 'old-2']);
      for (const key of objectsOf(first)) {
        const { lastModified = null } = bucket.objects.get(key) ?? {};
        change(bucket.objects, key, { lastModified: NOW - 7 * DAY + 14 * HOUR });
        bucket.objects.delete(planFile(`auto-${newReportId(NOW).split('-')[0]}`));
        expect(await bucket.taken()).toBe('auto.grace');
        change(bucket.objects, key, { lastModified });
      }
    }));

  it('takes nothing where the note of an old report claims another time than the report', () =>
    withBucket(async (bucket) => {
      const ids = await nineDays(bucket);
      const key = noteOf(ids[1] ?? '');
      const note = JSON.parse((await bucket.store.get(key)) ?? 'null');
      // An honest note of today, for a report of last week that was never e-mailed.
      for (const at of [new Date(NOW).toISOString(), null, 'yesterday']) {
        bucket.objects.delete(key);
        await bucket.store.putIfAbsent({
          key,
          contentType: 'application/json',
          body: [JSON.stringify({ ...note, at })],
        });
        expect(await bucket.taken()).toBe('auto.misdated');
        change(bucket.objects, key, { lastModified: NOW - 7 * DAY - 4 * HOUR });
        expect(await bucket.taken()).toBe('auto.misdated');
      }
    }));

  it('takes nothing on a note whose upload was started last week and finished today', () =>
    withBucket(async (bucket) => {
      const ids = await nineDays(bucket);
      const key = noteOf(ids[1] ?? '');
      change(bucket.objects, key, { etag: '"0123456789abcdef0123456789abcdef-1"' });
      expect(await bucket.taken()).toBe('auto.misdated');
    }));

  it('takes again what was listed since the day on which everything was restored', () =>
    withBucket(async (bucket) => {
      await nineDays(bucket);
      for (const [key, object] of bucket.objects) bucket.objects.set(key, { ...object, lastModified: NOW });
      const later = (days: number): number => NOW + days * DAY;
      for (let day = 1; day <= 8; day += 1) {
        bucket.setClock(-24 * day + 4);
        await bucket.report(-24 * day + 4);
        if (day < 7) expect(await bucket.taken(later(day))).toBe('auto.misdated');
      }
      expect(await bucket.taken(later(8))).toEqual(['old-1', 'old-2']);
    }));

  it('restarts the countdown where an object of the history is misdated', () =>
    withBucket(async (bucket) => {
      const ids = await nineDays(bucket);
      change(bucket.objects, planFile(ids.at(-1) ?? ''), { lastModified: null });
      const channel = fakeChannel();
      const readInventory = fakeInventory(anInventory({ snapshots: SNAPSHOTS }));
      const ports = { clock: () => NOW, digest: digestOf, store: bucket.store, channel, readInventory };
      const request = {
        reportId: newReportId(NOW),
        config: CONFIG,
        scheduledAt: null,
        region: 'us-east-1',
        deadline: null,
        deletion: AUTOMATIC,
      };
      await runReport(ports, request);
      expect(channel.sent[0]?.body).toContain(
        '2 snapshots will be deleted on Monday, 30 November 2026, from 13:47 (UTC).',
      );
    }));
});

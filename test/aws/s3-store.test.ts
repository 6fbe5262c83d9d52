import '../support/one-realm';
import { S3Client } from '@aws-sdk/client-s3';
import type { FaultInput } from '../../emulator/fault';
import { type Emulator, startEmulator } from '../../emulator/server';
import { s3Store } from '../../lambda/aws/s3-store';
import type { Store } from '../../lambda/ports/ports';
import { smallAccount } from './reading';

const BUCKET = 'reports';
const LINE = `${'0123456789abcde'.repeat(64)}\n`;
/** Fifteen megabytes: three parts. */
const LARGE = 15_625;

function* lines(count: number): Generator<string> {
  for (let line = 0; line < count; line += 1) yield LINE;
}

const object = (key: string, body: Iterable<string>) => ({ key, contentType: 'text/plain; charset=utf-8', body });

async function withStore(
  test: (store: Store, emulator: Emulator) => Promise<void>,
  faults: readonly FaultInput[] = [],
): Promise<void> {
  const emulator = await startEmulator({ account: smallAccount(), buckets: [BUCKET], faults });
  const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
  const client = new S3Client({
    endpoint: emulator.url,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials,
  });
  try {
    await test(s3Store(client, BUCKET), emulator);
  } finally {
    client.destroy();
    await emulator.close();
  }
}

const calls = (emulator: Emulator): readonly string[] => emulator.requests.list().map(({ operation }) => operation);

describe('an object that was read without an ETag', () => {
  it('is not replaced: an empty condition would be none', () =>
    withStore(async (store, emulator) => {
      await store.put(object('a', ['one']));
      await expect(store.replaceIf(object('a', ['two']), '')).rejects.toThrow('cannot replace s3://reports/a');
      expect(await store.get('a')).toBe('one');
      expect(calls(emulator)).toEqual(['PutObject', 'GetObject']);
    }));
});

describe('an object', () => {
  it('is one call where it is small, and reads back as it was written', () =>
    withStore(async (store, emulator) => {
      await store.put(object('reports/a', ['grüße ', '\u{1f600}\n']));
      expect(await store.get('reports/a')).toBe('grüße \u{1f600}\n');
      expect(emulator.objects.get(BUCKET)?.get('reports/a')?.contentType).toBe('text/plain; charset=utf-8');
      expect(calls(emulator)).toEqual(['PutObject', 'GetObject']);
    }));

  it('goes in parts where it is large, and reads back as it was written', () =>
    withStore(async (store, emulator) => {
      await store.put(object('reports/large', lines(LARGE)));
      expect(await store.get('reports/large')).toBe(LINE.repeat(LARGE));
      expect(emulator.objects.get(BUCKET)?.get('reports/large')?.contentType).toBe('text/plain; charset=utf-8');
      expect(calls(emulator)).toEqual([
        'CreateMultipartUpload',
        'UploadPart',
        'UploadPart',
        'UploadPart',
        'CompleteMultipartUpload',
        'GetObject',
      ]);
    }));

  it('is replaced by a later one of its key', () =>
    withStore(async (store) => {
      await store.put(object('a', lines(LARGE)));
      await store.put(object('a', ['new']));
      expect(await store.get('a')).toBe('new');
    }));

  it('comes line by line, as often as it is asked for, and need not be read to its end', () =>
    withStore(async (store) => {
      await store.put(object('a', ['first\nzweite ü\n', 'third\n']));
      for (let time = 0; time < 2; time += 1) {
        const lines: string[] = [];
        for await (const line of (await store.lines('a')) ?? []) lines.push(line);
        expect(lines).toEqual(['first', 'zweite ü', 'third']);
      }
      await store.put(object('large', lines(LARGE)));
      for await (const line of (await store.lines('large')) ?? []) {
        expect(line).toBe(LINE.trimEnd());
        break;
      }
      expect(await store.lines('none')).toBeNull();
    }));

  it('refuses to end in the middle as if it were the end', () =>
    withStore(async (store, emulator) => {
      await store.put(object('large', lines(LARGE)));
      emulator.setFaults([{ fault: 'reset', when: 'during', service: 's3', operations: 'GetObject' }]);
      const read = async () => {
        for await (const _ of (await store.lines('large')) ?? []);
      };
      await expect(read()).rejects.toMatchObject({
        code: 'store.s3',
        message: expect.stringContaining('cannot read s3://reports/large'),
      });
    }));

  it('is null where there is none', () =>
    withStore(async (store) => expect(await store.get('reports/none')).toBeNull()));
});

describe('the time of an object', () => {
  it('is the one that the bucket gives it, in a read and in a list', () =>
    withStore(async (store, emulator) => {
      emulator.clockOffset = Date.parse('2026-11-23T08:00:00Z') - Date.now();
      await store.put(object('runs/1/sent.json', ['{}']));
      const { text, storedAt, inParts } = (await store.getDated('runs/1/sent.json')) ?? {};
      expect([text, inParts]).toEqual(['{}', false]);
      expect(new Date(storedAt ?? 0).toISOString()).toMatch(/^2026-11-23T08:0/);
      const listed = await store.listDated('runs/1/');
      expect(new Date(listed.get('sent.json') ?? 0).toISOString()).toMatch(/^2026-11-23T08:0/);
      expect([...(await store.listDated('runs/')).keys()]).toEqual([]);
      expect(await store.getDated('none')).toBeNull();
    }));

  it('is that of the start of an upload in parts, which the read says', () =>
    withStore(async (store, emulator) => {
      const startedAt = Date.now();
      emulator.after('CreateMultipartUpload', async () => {
        emulator.clockOffset = 7 * 24 * 3_600_000;
      });
      await store.put(object('plans/large', lines(LARGE)));
      const { storedAt, inParts } = (await store.getDated('plans/large')) ?? {};
      expect(inParts).toBe(true);
      expect(Math.abs((storedAt ?? 0) - startedAt)).toBeLessThan(3_600_000);
    }));

  it('is not known where the bucket does not tell it, or repeats that of another bucket', () =>
    withStore(async (store, emulator) => {
      await store.put(object('a/b', ['text']));
      const objects = emulator.objects.get(BUCKET);
      const written = objects?.get('a/b');
      if (written === undefined) throw new Error('nothing was written');
      objects?.set('a/b', { ...written, lastModified: null });
      expect(await store.getDated('a/b')).toMatchObject({ text: 'text', storedAt: null });
      expect((await store.listDated('a/')).get('b')).toBeNull();
      objects?.set('a/b', { ...written, isReplica: true });
      expect(await store.getDated('a/b')).toMatchObject({ text: 'text', storedAt: null });
    }));
});

describe('a conditional write', () => {
  it.each([
    ['small', 1],
    ['large', LARGE],
  ])('of a %s object is made once, and replaces nothing', (_, count) =>
    withStore(async (store) => {
      expect(await store.putIfAbsent(object('plans/1', lines(count)))).toBe(true);
      expect(await store.putIfAbsent(object('plans/1', lines(count + 1)))).toBe(false);
      expect((await store.get('plans/1'))?.length).toBe(count * LINE.length);
    }),
  );
});

describe('a large write that fails', () => {
  it.each(['CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload'])(
    'at %s says so, leaves nothing, and ends the upload, whose parts would bill',
    (operations) =>
      withStore(
        async (store, emulator) => {
          await expect(store.put(object('reports/large', lines(LARGE)))).rejects.toMatchObject({
            code: 'store.s3',
            message: expect.stringContaining('cannot write s3://reports/reports/large: got AccessDenied'),
          });
          expect(await store.get('reports/large')).toBeNull();
          expect(calls(emulator).includes('AbortMultipartUpload')).toBe(operations !== 'CreateMultipartUpload');
        },
        [
          {
            fault: 'error',
            service: 's3',
            operations,
            after: operations === 'UploadPart' ? 1 : 0,
            code: 'AccessDenied',
            status: 403,
          },
        ],
      ),
  );

  it('names what failed first when the upload cannot be ended either', () =>
    withStore(
      async (store) => {
        await expect(store.put(object('a', lines(LARGE)))).rejects.toThrow('got SlowDown');
      },
      [
        { fault: 'error', service: 's3', operations: 'UploadPart', code: 'SlowDown', status: 503 },
        { fault: 'error', service: 's3', operations: 'AbortMultipartUpload', code: 'AccessDenied', status: 403 },
      ],
    ));

  it('ends the upload when what is to be written throws', () =>
    withStore(async (store, emulator) => {
      function* broken(): Generator<string> {
        yield* lines(LARGE);
        throw new TypeError('no such member');
      }
      await expect(store.put(object('a', broken()))).rejects.toThrow('no such member');
      expect(calls(emulator).at(-1)).toBe('AbortMultipartUpload');
    }));
});

describe('a listing', () => {
  it('names what is directly under a prefix, in order, folders and objects', () =>
    withStore(async (store) => {
      for (const key of ['reports/b/report.json', 'reports/a/report.json', 'reports/index.html', 'plans/1'])
        await store.put(object(key, ['x']));
      expect(await store.list('reports/')).toEqual(['a', 'b', 'index.html']);
    }));

  it('refuses to be empty where it could not be read', () =>
    withStore(
      async (store) => {
        await expect(store.list('reports/')).rejects.toMatchObject({ code: 'store.s3' });
      },
      [{ fault: 'error', service: 's3', operations: 'ListObjectsV2', code: 'AccessDenied', status: 403 }],
    ));
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findCaller } from '../../cli/aws';
import { openPlace } from '../../cli/plan-place';
import { type Emulator, startEmulator } from '../../emulator/server';
import { BRIEF, type HttpLimits, PATIENT, UPLOADING, withLimits } from '../../lambda/aws/http-limits';
import { pointSdkTo } from '../support/aws-env';
import { smallAccount } from './reading';

const ROOT = join(__dirname, '..', '..');
const SHORT: HttpLimits = { connect: 200, answer: 200, silence: 200 };

const sources = ['lambda', 'cli'].flatMap((room) =>
  readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(room, file)),
);

describe('the clients of AWS', () => {
  it.each(sources.filter((file) => /new [A-Z]\w+Client\(/.test(readFileSync(join(ROOT, file), 'utf8'))))(
    'that %s makes all keep the limits of one place',
    (file) => {
      const text = readFileSync(join(ROOT, file), 'utf8');
      expect([...text.matchAll(/withLimits\(/g)]).toHaveLength([...text.matchAll(/new [A-Z]\w+Client\(/g)].length);
      expect(text).not.toMatch(/connectionTimeout|socketTimeout|throwOnRequestTimeout/);
    },
  );

  it.each([BRIEF, PATIENT, UPLOADING])(
    'wait a while, never without a limit, and end what takes longer: %j',
    (limits) => {
      const { throwOnRequestTimeout, ...waits } = withLimits(limits);
      expect(throwOnRequestTimeout).toBe(true);
      for (const wait of Object.values(waits)) expect(wait).toBeGreaterThanOrEqual(2_000);
      for (const wait of Object.values(waits)) expect(wait).toBeLessThanOrEqual(60_000);
    },
  );

  it('let a part of 6 MiB take its time while it moves, and no bucket be silent for long', () => {
    expect(UPLOADING.answer).toBeGreaterThan(4 * UPLOADING.silence);
  });
});

describe('a bucket that takes a question and never answers', () => {
  let emulator: Emulator;
  beforeEach(async () => {
    emulator = await startEmulator({ account: smallAccount(), faults: [{ fault: 'hang', service: 's3' }] });
  });
  afterEach(() => emulator.close());

  it('refuses a plan in it with a sentence, instead of holding up the run', async () => {
    const putBack = pointSdkTo(emulator.url);
    try {
      const caller = await findCaller(undefined, process.env);
      await expect(openPlace('s3://lightsail-retention/plans/one.json', caller, SHORT)).rejects.toMatchObject({
        code: 'store.s3',
        message: expect.stringContaining('cannot read s3://lightsail-retention/plans/one.json: got TimeoutError'),
      });
    } finally {
      putBack();
    }
  }, 30_000);
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Context } from 'aws-lambda';
import type { FaultInput } from '../../emulator/fault';
import { DEFAULT_BUCKET, defaultTopicArn, type Emulator, startEmulator } from '../../emulator/server';
import { wireReport } from '../../lambda/handlers/wire-report';
import { buildEnv } from '../../lambda/runtime/env';
import { ACCOUNT, smallAccount } from '../aws/reading';
import { pointSdkTo } from '../support/aws-env';

const CONFIG = { version: 1, policies: { short: { keep: { last: 1 } } }, default: 'short', caps: { maxShare: 1 } };
const DELETION = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:deletion:live`;
const STORE_LIMITS = { connect: 200, answer: 200, silence: 200 };
const MINUTE = 60_000;

const s3 = (fault: 'hang' | 'denied' | 'cut', operations: string, names?: string): FaultInput => {
  const where = { service: 's3', operations, ...(names === undefined ? {} : { names }) } as const;
  if (fault === 'hang') return { fault: 'hang', ...where };
  return fault === 'denied'
    ? { fault: 'error', code: 'AccessDenied', ...where }
    : { fault: 'reset', when: 'during', ...where };
};

describe('the report function', () => {
  const folder = mkdtempSync(join(tmpdir(), 'silent-bucket-'));
  const scheduled = Date.now();
  let emulator: Emulator;
  let putBack: () => void;

  beforeAll(() =>
    writeFileSync(join(folder, 'retention.json'), JSON.stringify({ origin: 'retention.yaml', config: CONFIG })),
  );
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  beforeEach(async () => {
    emulator = await startEmulator({ account: smallAccount() });
    putBack = pointSdkTo(emulator.url);
    process.env.AWS_REGION = 'us-east-1';
  });
  afterEach(async () => {
    putBack();
    await emulator.close();
  });

  /** Runs the function for the time so many minutes before now. */
  const run = (minutesAgo: number, remaining = 900_000) => {
    const deployed = buildEnv({
      topicArn: defaultTopicArn(ACCOUNT),
      bucket: DEFAULT_BUCKET,
      deletionFunction: DELETION,
      deletionMode: 'approve',
    });
    const invoke = wireReport({ ...process.env, ...deployed }, folder, { storeLimits: STORE_LIMITS });
    const context = {
      invokedFunctionArn: `arn:aws:lambda:us-east-1:${ACCOUNT}:function:report`,
      getRemainingTimeInMillis: () => remaining,
    } as Context;
    return invoke({ scheduledTime: new Date(scheduled - minutesAgo * MINUTE).toISOString() }, context, () => undefined);
  };
  const stored = (name: string): number =>
    [...(emulator.objects.get(DEFAULT_BUCKET)?.keys() ?? [])].filter((key) => key.endsWith(name)).length;
  const mails = () => emulator.published.map(({ message }) => message);

  it.each([
    ['never arrives', s3('hang', 'GetObject', 'reports/*/state.json')],
    ['may not be read', s3('denied', 'GetObject', 'reports/*/state.json')],
    ['breaks off in the middle', s3('cut', 'GetObject', 'reports/*/state.json')],
  ])(
    'counts the last report as none and says so where it %s',
    async (_, fault) => {
      await run(20);
      emulator.setFaults([fault]);
      expect(await run(10)).toMatchObject({ delivery: 'sent', complete: true, problems: 1 });
      expect(mails()).toHaveLength(2);
      expect(mails()[1]).toContain('the report before this one counts as none, because it could not be read');
      expect(stored('/state.json')).toBe(2);
    },
    30_000,
  );

  it.each([
    ['the bucket takes no report', [s3('hang', 'PutObject', 'reports/*')]],
    ['the role may not write reports', [s3('denied', 'PutObject', 'reports/*')]],
    ['the bucket takes no plan', [s3('hang', 'PutObject', 'plans/*')]],
    ['only the last of its files fails', [s3('hang', 'PutObject', 'reports/*/state.json')]],
  ])(
    'mails a report that nobody can apply, once, and fails, where %s',
    async (_, faults) => {
      emulator.setFaults(faults);
      await expect(run(10)).rejects.toMatchObject({
        code: 'report.not-stored',
        message: expect.stringContaining('store'),
      });
      expect(mails()).toHaveLength(1);
      expect(mails()[0]).toContain('NOT STORED');
      expect(mails()[0]).toContain('This report could not be stored, and nothing can be deleted with it.');
      expect(mails()[0]).not.toContain('/s3/object/');
      expect(mails()[0]).not.toMatch(/retention apply |"plan"/);
      expect(await run(10)).toMatchObject({ delivery: 'already-sent' });
      expect(mails()).toHaveLength(1);
    },
    30_000,
  );

  it('mails a stored report, and fails, where the list of all reports cannot be written', async () => {
    emulator.setFaults([s3('denied', 'PutObject', 'reports/index.*')]);
    await expect(run(10)).rejects.toMatchObject({ code: 'report.unfinished' });
    expect(mails()[0]).toMatch(/\/s3\/object\/[^?]+\?region=[^&]+&prefix=reports\/2.*report\.html/);
    expect(mails()[0]).not.toContain('index.html');
  }, 30_000);

  it.each(['hang', 'denied'] as const)(
    'mails a report, and fails, where nothing of the bucket can be used: %s',
    async (fault) => {
      emulator.setFaults([s3(fault, '*')]);
      await expect(run(10)).rejects.toMatchObject({ code: 'store.s3' });
      expect(mails()).toHaveLength(1);
      expect(mails()[0]).toContain('NOT STORED');
    },
    30_000,
  );

  it('stops storing while there is time left to send', async () => {
    emulator.setFaults([{ fault: 'latency', ms: 150, service: 's3', operations: 'PutObject', names: 'reports/*' }]);
    await expect(run(10, 200)).rejects.toMatchObject({
      code: 'report.not-stored',
      message: expect.stringMatching(
        /cannot store the report: (it took longer than 0\.\d seconds|no time was left for it)/,
      ),
    });
    expect(mails()).toHaveLength(1);
  }, 30_000);
});

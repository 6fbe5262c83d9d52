import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Emulator, startEmulator } from '../../emulator/server';
import { PATIENT } from '../../lambda/aws/http-limits';
import { smallAccount } from '../aws/reading';
import { pointSdkTo } from '../support/aws-env';
import { runCli } from '../support/terminal';

const MINUTE = 60_000;

describe('a reading of the command line', () => {
  const work = mkdtempSync(join(tmpdir(), 'reading-deadline-'));
  const config = join(work, 'retention.yaml');
  let emulator: Emulator;
  let putBack: () => void;
  let passed = 0;

  beforeAll(() => writeFileSync(config, 'version: 1\n'));
  afterAll(() => rmSync(work, { recursive: true, force: true }));
  beforeEach(async () => {
    const now = Date.now;
    passed = 0;
    jest.spyOn(Date, 'now').mockImplementation(() => now() + passed);
    emulator = await startEmulator({ account: smallAccount(), pageSize: 2, clock: now });
    putBack = pointSdkTo(emulator.url);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    putBack();
    await emulator.close();
  });

  it.each([
    ['report', ['report', '--format', 'json']],
    ['check', ['check', '--live']],
    ['explain', ['explain', 'web-eu-central-1-1']],
  ])('ends after a quarter of an hour, and %s says what was not read', async (_, args) => {
    emulator.after('GetInstanceSnapshots', () => {
      passed = 15 * MINUTE + 1;
    });
    const { code, err } = await runCli([...args, '--config', config, '--quiet'], process.env);
    expect(code).toBe(3);
    expect(err).toMatch(/instance \(deadline\).*\[inventory\.incomplete\]/);
  });

  it('that takes less is not cut', async () => {
    emulator.after('GetInstanceSnapshots', () => {
      passed = 14 * MINUTE;
    });
    expect((await runCli(['check', '--live', '--config', config, '--quiet'], process.env)).code).toBe(0);
  });

  it('gives a call up after ten seconds, and asks again', () => {
    expect(PATIENT).toMatchObject({ answer: 10_000, silence: 10_000 });
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Emulator, startEmulator } from '../../emulator/server';
import { smallAccount } from '../deletion/rig';
import { commandLineProgram } from '../support/built-programs';
import { type ChildRun, runChild } from '../support/child-process';
import { unwrapped } from '../support/terminal';

const INIT = 'npx lightsail-retention init';

describe('in a folder without retention.yaml', () => {
  const work = mkdtempSync(join(tmpdir(), 'first-'));
  const program = commandLineProgram();
  let emulator: Emulator;

  beforeAll(async () => {
    emulator = await startEmulator({ account: smallAccount() });
  });
  afterAll(async () => {
    await emulator.close();
    rmSync(work, { recursive: true, force: true });
  });

  const cli = (...args: readonly string[]): Promise<ChildRun> =>
    runChild(program, work, args, {
      AWS_ENDPOINT_URL: emulator.url,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_REGION: 'us-east-1',
    });

  test('the next step of a report is init, with the options of the report', async () => {
    const { out } = await cli('report', '--region', 'eu-central-1');
    expect(out.slice(out.indexOf('NEXT STEP'))).toContain(`\n    ${INIT} --region eu-central-1\n`);
  });

  test('doctor names init as the remedy', async () => {
    expect(unwrapped((await cli('doctor')).out)).toContain(`-> make a retention.yaml from your snapshots: ${INIT}`);
  });

  test('check names init where it finds no file', async () => {
    const { code, err } = await cli('check');
    expect({ code, err: err.includes(`or make one: ${INIT} [check.no-file]`) }).toEqual({ code: 2, err: true });
  });
});

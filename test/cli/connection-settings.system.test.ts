import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Emulator, startEmulator } from '../../emulator/server';
import { smallAccount } from '../deletion/rig';
import { commandLineProgram } from '../support/built-programs';
import { type ChildRun, runChild } from '../support/child-process';

const KEYS = 'aws_access_key_id = test\naws_secret_access_key = test\n';
const CHECK = '(to check the whole setup: npx lightsail-retention doctor)';
const NO_REGION = 'which is no name of a region; set it to one region such as eu-central-1';
const NO_ADDRESS =
  'which is no address of an endpoint; set it to an address such as http://127.0.0.1:4566, or remove it';

/** Settings that no client can use, the profile's part of them, and the sentence about them. */
const BAD: readonly (readonly [env: Record<string, string>, profile: string, says: string])[] = [
  [
    { AWS_REGION: 'us-east-1,eu-central-1' },
    '',
    `AWS_REGION is "us-east-1,eu-central-1", ${NO_REGION} (did you mean us-east-1?)`,
  ],
  [{ AWS_REGION: 'us-east-1 ' }, '', `AWS_REGION is "us-east-1 ", ${NO_REGION} (did you mean us-east-1?)`],
  [{ AWS_REGION: 'EU-CENTRAL-1' }, '', `AWS_REGION is "EU-CENTRAL-1", ${NO_REGION} (did you mean eu-central-1?)`],
  [{ AWS_DEFAULT_REGION: 'eu-central' }, '', `AWS_DEFAULT_REGION is "eu-central", ${NO_REGION} (did you mean`],
  [{ AWS_REGION: 'nonsense' }, '', `AWS_REGION is "nonsense", ${NO_REGION} (to check`],
  [
    {},
    'region = EU-WEST-1\n',
    `the region of the profile default is "EU-WEST-1", ${NO_REGION} (did you mean eu-west-1?)`,
  ],
  [{ AWS_ENDPOINT_URL: 'nonsense' }, '', `AWS_ENDPOINT_URL is "nonsense", ${NO_ADDRESS} (to check`],
  [
    { AWS_ENDPOINT_URL_LIGHTSAIL: 'localhost:4566' },
    '',
    `AWS_ENDPOINT_URL_LIGHTSAIL is "localhost:4566", ${NO_ADDRESS} (did you mean http://localhost:4566?)`,
  ],
  [
    { AWS_ENDPOINT_URL: '' },
    'region = us-east-1\nendpoint_url = ftp://here\n',
    `endpoint_url of the profile default is "ftp://here", ${NO_ADDRESS} (to check`,
  ],
];

describe('a region or an endpoint of the environment that cannot be used', () => {
  const work = mkdtempSync(join(tmpdir(), 'settings-'));
  const program = commandLineProgram();
  let emulator: Emulator;

  beforeAll(async () => {
    emulator = await startEmulator({ account: smallAccount() });
  });
  afterAll(async () => {
    await emulator.close();
    rmSync(work, { recursive: true, force: true });
  });

  const cli = (args: readonly string[], env: Record<string, string>, profile: string): Promise<ChildRun> => {
    writeFileSync(join(work, 'config'), `[default]\n${KEYS}${profile}`);
    return runChild(program, work, args, {
      AWS_CONFIG_FILE: join(work, 'config'),
      AWS_ENDPOINT_URL: emulator.url,
      ...env,
    });
  };

  test.each(BAD)('ends report with a sentence and exit code 2, and fails doctor: %j %j', async (env, profile, says) => {
    const report = await cli(['report'], env, profile);
    expect({ code: report.code, out: report.out }).toEqual({ code: 2, out: '' });
    expect(report.err).toContain(`error: ${says}`);
    expect(report.err).toContain(CHECK);
    const doctor = await cli(['doctor'], env, profile);
    expect(doctor.code).toBe(1);
    expect(doctor.out).toContain(`FAILED   connection: ${says.split(', which')[0]}`);
  });
});

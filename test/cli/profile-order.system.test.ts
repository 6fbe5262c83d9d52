import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findCaller } from '../../cli/aws';
import { chooseProfile } from '../../cli/credentials';
import { itWith } from '../support/optional';

const KEYS = { AWS_ACCESS_KEY_ID: 'AKIAENVI', AWS_SECRET_ACCESS_KEY: 'secret' };
const NAMES = ['AWS_PROFILE', 'AWS_DEFAULT_PROFILE', ...Object.keys(KEYS), 'AWS_CONFIG_FILE', 'AWS_ENDPOINT_URL'];

interface Order {
  readonly name: string;
  readonly given?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly settings: string | null;
  /** The end of the access key that counts. */
  readonly key: 'ENVI' | 'PROD' | 'OTHR' | 'DFLT';
  /** The profile that printed commands repeat. */
  readonly repeated?: string;
}

const ORDERS: readonly Order[] = [
  { name: 'nothing', env: {}, settings: null, key: 'DFLT' },
  { name: 'AWS_PROFILE', env: { AWS_PROFILE: 'prod' }, settings: 'prod', key: 'PROD', repeated: 'prod' },
  {
    name: 'AWS_DEFAULT_PROFILE and AWS_PROFILE',
    env: { AWS_DEFAULT_PROFILE: 'prod', AWS_PROFILE: 'other' },
    settings: 'prod',
    key: 'PROD',
    repeated: 'prod',
  },
  { name: 'AWS_PROFILE and keys', env: { AWS_PROFILE: 'prod', ...KEYS }, settings: 'prod', key: 'ENVI' },
  {
    name: 'AWS_DEFAULT_PROFILE and keys',
    env: { AWS_DEFAULT_PROFILE: 'prod', ...KEYS },
    settings: 'prod',
    key: 'ENVI',
  },
  {
    name: '--profile, AWS_PROFILE and keys',
    given: 'other',
    env: { AWS_PROFILE: 'prod', ...KEYS },
    settings: 'other',
    key: 'OTHR',
    repeated: 'other',
  },
  {
    name: 'AWS_PROFILE and an empty key',
    env: { AWS_PROFILE: 'prod', ...KEYS, AWS_ACCESS_KEY_ID: '' },
    settings: 'prod',
    key: 'PROD',
    repeated: 'prod',
  },
];

describe('a run with', () => {
  const work = mkdtempSync(join(tmpdir(), 'profile-order-'));
  const file = join(work, 'config');
  const before = NAMES.map((name) => [name, process.env[name]] as const);
  const setEnv = (env: Readonly<Record<string, string>>): void => {
    for (const name of NAMES) delete process.env[name];
    Object.assign(process.env, { AWS_CONFIG_FILE: file, ...env });
  };
  beforeAll(() => {
    const sections = [
      ['default', 'AKIADFLT'],
      ['profile prod', 'AKIAPROD'],
      ['profile other', 'AKIAOTHR'],
    ].map(([name, key]) => `[${name}]\naws_access_key_id = ${key}\naws_secret_access_key = secret\n`);
    writeFileSync(file, sections.join('\n'));
  });
  afterAll(() => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    rmSync(work, { recursive: true, force: true });
  });

  it.each(ORDERS)(
    '$name uses one profile for its settings, and its printed commands use the same keys',
    async (order) => {
      setEnv(order.env);
      expect(chooseProfile(order.given, process.env).settings).toBe(order.settings);
      const { credentials, told } = await findCaller(order.given, process.env);
      expect((await credentials()).accessKeyId).toBe(`AKIA${order.key}`);
      expect(told.profile).toBe(order.repeated);
      setEnv(order.env);
      expect((await (await findCaller(told.profile, process.env)).credentials()).accessKeyId).toBe(`AKIA${order.key}`);
    },
  );

  for (const { name, given, env, key } of ORDERS)
    itWith('aws', `${name} uses the keys that the AWS CLI uses`, async () => {
      setEnv(env);
      const options = given === undefined ? [] : ['--profile', given];
      const listed = execFileSync('aws', ['configure', 'list', ...options], { env: process.env, encoding: 'utf8' });
      expect(/access_key\W+(\w+)/.exec(listed)?.[1]).toBe(key);
    });
});

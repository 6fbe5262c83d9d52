import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ACCESS_FAULTS, type AccessContext, accessFault } from '../../cli/access-faults';
import type { FaultInput } from '../../emulator/fault';
import { type Emulator, startEmulator } from '../../emulator/server';
import { rows, smallAccount } from '../aws/reading';
import { commandLineProgram } from '../support/built-programs';
import { type ChildRun, runChild } from '../support/child-process';
import { withoutNotice } from '../support/endpoint-notice';

const KEYS = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
const CONFIG = `
[profile keys]
region = us-east-1
aws_access_key_id = test
aws_secret_access_key = test
[profile empty]
region = us-east-1
[profile failing]
credential_process = sh -c 'echo "vault: please sign in" >&2; echo called >> calls.txt; exit 3' --token hidden
[profile garbage]
credential_process = echo nonsense
[profile sso]
sso_session = corporate
sso_account_id = 123456789012
sso_role_name = Reader
region = us-east-1
[profile old-sso]
sso_start_url = https://example.com/start
sso_region = us-east-1
sso_account_id = 123456789012
sso_role_name = Reader
[profile role]
role_arn = arn:aws:iam::123456789012:role/Reader
source_profile = sso
[profile nowhere]
role_arn = arn:aws:iam::123456789012:role/Reader
source_profile = absent
[profile mfa]
role_arn = arn:aws:iam::123456789012:role/Reader
source_profile = keys
mfa_serial = arn:aws:iam::123456789012:mfa/me
[profile login]
login_session = arn:aws:iam::123456789012:user/me
region = us-east-1
[sso-session corporate]
sso_start_url = https://example.com/start
sso_region = us-east-1
sso_registration_scopes = sso:account:access
`;

const everywhere = (code: string, message?: string): readonly FaultInput[] =>
  (['lightsail', 'sts'] as const).map((service) => ({
    fault: 'error',
    service,
    code,
    status: 403,
    ...(message !== undefined && { message }),
  }));

interface Case {
  readonly name: string;
  readonly code: string;
  /** The whole sentence, remedy included. */
  readonly says: RegExp;
  readonly profile?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly faults?: readonly FaultInput[];
  readonly expiredSession?: boolean;
}

const SKEW = 'Signature expired: 20261130T080000Z is now earlier than 20261130T081500Z (20261130T082000Z - 5 min.)';

const CASES: readonly Case[] = [
  {
    name: 'there are no credentials',
    code: 'credentials.missing',
    env: {},
    says: /no AWS credentials were found; set AWS_PROFILE, pass --profile NAME, or sign in with "aws login"/,
  },
  {
    name: 'the profile is unknown',
    code: 'credentials.unknown-profile',
    profile: 'kees',
    says: /have no profile kees, expected one of: .*\bkeys\b.*; correct the name, or make the profile: aws configure --profile kees /,
  },
  {
    name: 'AWS_PROFILE is unknown',
    code: 'credentials.unknown-profile',
    env: { ...KEYS, AWS_PROFILE: 'kees' },
    says: /have no profile kees/,
  },
  {
    name: 'the profile has no credentials',
    code: 'credentials.missing',
    profile: 'empty',
    says: /profile empty has no credentials; /,
  },
  {
    name: 'the credential_process fails',
    code: 'credentials.process',
    profile: 'failing',
    says: /the credential_process of profile failing failed: vault: please sign in; run its command in a terminal/,
  },
  {
    name: 'the credential_process prints nonsense',
    code: 'credentials.process',
    profile: 'garbage',
    says: /the credential_process of profile garbage failed: .*invalid JSON/,
  },
  {
    name: 'there is no SSO session',
    code: 'credentials.sso',
    profile: 'sso',
    says: /the SSO session of profile sso has expired, or was never begun; sign in: aws sso login --profile sso /,
  },
  {
    name: 'the SSO session has expired',
    code: 'credentials.sso',
    profile: 'sso',
    expiredSession: true,
    says: /sign in: aws sso login --profile sso /,
  },
  {
    name: 'there is no SSO session of the older form',
    code: 'credentials.sso',
    profile: 'old-sso',
    says: /sign in: aws sso login --profile old-sso /,
  },
  {
    name: 'a role has a source without SSO session',
    code: 'credentials.sso',
    profile: 'role',
    says: /the SSO session of profile role .*; sign in: aws sso login --profile sso /,
  },
  {
    name: 'a role has a source that is absent',
    code: 'credentials.missing',
    profile: 'nowhere',
    says: /profile nowhere has no credentials/,
  },
  {
    name: 'a role asks for a code',
    code: 'credentials.mfa',
    profile: 'mfa',
    says: /multi-factor authentication, which cannot be entered here; /,
  },
  {
    name: 'the sign-in was never begun',
    code: 'credentials.login',
    profile: 'login',
    says: /the sign-in session of profile login has expired, or was never begun; sign in: aws login --profile login /,
  },
  {
    name: 'the session token has expired',
    code: 'credentials.expired',
    faults: everywhere('ExpiredTokenException'),
    says: /the session token of these credentials has expired; sign in again/,
  },
  {
    name: 'the session token has expired, as STS says it',
    code: 'credentials.expired',
    faults: everywhere('ExpiredToken'),
    says: /has expired; /,
  },
  {
    name: 'the keys are unknown',
    code: 'credentials.invalid',
    faults: everywhere('UnrecognizedClientException'),
    says: /AWS does not accept these credentials \(UnrecognizedClientException\); check that the key is active/,
  },
  {
    name: 'the key was deleted',
    code: 'credentials.invalid',
    faults: everywhere('InvalidClientTokenId'),
    says: /\(InvalidClientTokenId\); /,
  },
  {
    name: 'the secret is wrong',
    code: 'credentials.invalid',
    faults: everywhere('SignatureDoesNotMatch', 'The request signature we calculated does not match'),
    says: /\(SignatureDoesNotMatch\); /,
  },
  {
    name: 'the signature is wrong',
    code: 'credentials.invalid',
    faults: everywhere('InvalidSignatureException', 'The request signature we calculated does not match'),
    says: /\(InvalidSignatureException\); /,
  },
  {
    name: 'the clock is wrong',
    code: 'connection.clock',
    faults: everywhere('InvalidSignatureException', SKEW),
    says: /the clock of this machine differs .*Signature expired.*; set the clock/,
  },
  {
    name: 'the clock is wrong, by its own code',
    code: 'connection.clock',
    faults: everywhere('RequestTimeTooSkewed'),
    says: /the clock of this machine differs/,
  },
  {
    name: 'the name of the endpoint cannot be resolved',
    code: 'connection.name',
    env: { ...KEYS, AWS_ENDPOINT_URL: 'http://lightsail.invalid:80' },
    says: /the name lightsail\.invalid cannot be resolved; check the region us-east-1; check the network connection/,
  },
  {
    name: 'the endpoint refuses connections',
    code: 'connection.refused',
    env: { ...KEYS, AWS_ENDPOINT_URL: 'http://127.0.0.1:9' },
    says: /the endpoint refuses the connection \(127\.0\.0\.1:9\); check the network connection and any AWS_ENDPOINT_URL; behind a corporate proxy set HTTPS_PROXY/,
  },
  {
    name: 'the endpoint cuts every connection',
    code: 'connection.lost',
    faults: [{ fault: 'reset' }],
    says: /the endpoint closes the connection \(ECONNRESET\); /,
  },
];

describe('where nothing can be done in AWS', () => {
  const work = mkdtempSync(join(tmpdir(), 'access-'));
  const program = commandLineProgram();
  const cache = join(work, '.aws', 'sso', 'cache');
  let emulator: Emulator;

  beforeAll(async () => {
    mkdirSync(cache, { recursive: true });
    writeFileSync(join(work, '.aws', 'config'), CONFIG);
    writeFileSync(
      join(work, 'retention.yaml'),
      'version: 1\npolicies: { short: { expireAfter: 1d, keep: { last: 1 } } }\ndefault: short\n',
    );
    emulator = await startEmulator({
      account: smallAccount({ 'us-east-1': { diskSnapshots: rows('us-east-1', 'diskSnapshots', 4, 'data') } }),
    });
    expect((await run(['report', '--plan-out', 'plan.json', '--quiet'], KEYS)).code).toBe(0);
  });
  afterAll(async () => {
    await emulator.close();
    rmSync(work, { recursive: true, force: true });
  });
  beforeEach(() => {
    emulator.setFaults([]);
    rmSync(cache, { recursive: true, force: true });
  });

  const run = async (args: readonly string[], env: Readonly<Record<string, string>>): Promise<ChildRun> => {
    const ended = await runChild(program, work, args, {
      AWS_ENDPOINT_URL: emulator.url,
      AWS_REGION: 'us-east-1',
      ...env,
    });
    return { ...ended, err: withoutNotice(ended.err) };
  };

  function prepare({ faults = [], expiredSession = false }: Case): void {
    emulator.setFaults([...faults]);
    if (!expiredSession) return;
    mkdirSync(cache, { recursive: true });
    const name = createHash('sha1').update('corporate').digest('hex');
    writeFileSync(
      join(cache, `${name}.json`),
      JSON.stringify({ accessToken: 'old', expiresAt: '2020-01-01T00:00:00Z' }),
    );
  }

  it.each(CASES)('report ends with 1, one sentence and no report when $name', async (each) => {
    prepare(each);
    const flag = each.profile === undefined ? [] : ['--profile', each.profile];
    const { code, out, err } = await run(
      ['report', '--format', 'json', '--quiet', ...flag],
      each.env ?? (flag.length > 0 ? {} : KEYS),
    );
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(each.says);
    const doctor = ['npx lightsail-retention doctor', ...flag].join(' ');
    expect(err.endsWith(` (to check the whole setup: ${doctor}) [${each.code}]\n`)).toBe(true);
    expect(err.match(/\n/g)).toHaveLength(1);
    expect(err).not.toMatch(/hidden|defect/);
  });

  it('has a case for each entry of the table that a test can bring about', () => {
    const brought = new Set(CASES.map(({ code }) => code));
    const others = ['credentials.unusable', 'connection.unreachable', 'connection.timeout'];
    const ofProxies = /^connection\.(?:proxy-|ca-bundle|certificate|protocol)/;
    const missing = ACCESS_FAULTS.map(({ code }) => code).filter((code) => !brought.has(code) && !ofProxies.test(code));
    expect(missing).toEqual(others);
  });

  const COMMANDS: readonly (readonly string[])[] = [
    ['explain', 'snapshot-1', '--quiet'],
    ['check', '--live', '--quiet'],
    ['apply', 'plan.json', '--local', '--quiet'],
    ['apply', 's3://lightsail-retention/plans/one.json', '--local', '--quiet'],
  ];

  it.each(COMMANDS)('%s %s ends with 1 and the sentence too', async (...words) => {
    const count = JSON.parse(readFileSync(join(work, 'plan.json'), 'utf8')).items.length;
    const args = words[0] === 'apply' ? [...words, '--yes', String(count)] : words;
    const without = await run(args, {});
    expect({ code: without.code, err: without.err }).toEqual({
      code: 1,
      err: expect.stringContaining('[credentials.missing]'),
    });
    emulator.setFaults([
      ...everywhere('ExpiredTokenException'),
      { fault: 'error', service: 's3', code: 'ExpiredToken', status: 400 },
    ]);
    const expired = await run(args, KEYS);
    expect({ code: expired.code, err: expired.err }).toEqual({
      code: 1,
      err: expect.stringContaining('[credentials.expired]'),
    });
    expect(emulator.requests.count('DeleteDiskSnapshot')).toBe(0);
  });

  it('apply --function ends with 1 and the sentence too', async () => {
    emulator.setFaults(everywhere('ExpiredTokenException'));
    const { code, err } = await run(['apply', 'plan.json', '--function', 'delete', '--yes', '3'], {});
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('[credentials.missing]') });
  });

  const OF_DOCTOR = [
    'there are no credentials',
    'the credential_process fails',
    'there is no SSO session',
    'the key was deleted',
    'the clock is wrong',
  ];

  it.each(CASES.filter(({ name }) => [...OF_DOCTOR, 'the name of the endpoint cannot be resolved'].includes(name)))(
    'doctor says the same, as its last check, when $name',
    async (each) => {
      prepare(each);
      const flag = each.profile === undefined ? [] : ['--profile', each.profile];
      const { code, out } = await run(['doctor', ...flag], each.env ?? (flag.length > 0 ? {} : KEYS));
      expect(code).toBe(1);
      const [, check = '', received = '', remedy = ''] =
        /^FAILED {3}(\w+): (.*)\n +-> (.*)\n\nreports would not/m.exec(out) ?? [];
      expect(['credentials', 'connection']).toContain(check);
      expect(`${received}; ${remedy} `).toMatch(each.says);
    },
  );

  it('runs a failing credential_process once', async () => {
    rmSync(join(work, 'calls.txt'), { force: true });
    await run(['report', '--profile', 'failing'], {});
    expect(readFileSync(join(work, 'calls.txt'), 'utf8')).toBe('called\n');
  });

  it('reports what it can where one region alone fails so, with exit code 3', async () => {
    emulator.setFaults([{ fault: 'error', code: 'ExpiredTokenException', regions: 'eu-central-1', status: 403 }]);
    const { code, out, err } = await run(['report', '--format', 'json', '--quiet'], KEYS);
    expect(code).toBe(3);
    expect(JSON.parse(out).totals.snapshots).toBeGreaterThan(4);
    expect(err).toContain('[inventory.incomplete]');
  });

  it('reports as ever where STS alone fails so', async () => {
    emulator.setFaults(everywhere('ExpiredTokenException').filter(({ service }) => service === 'sts'));
    expect(await run(['report', '--format', 'json', '--quiet'], KEYS)).toMatchObject({ code: 0, err: '' });
  });

  it('makes a report that says so where every read is denied: that is no matter of credentials', async () => {
    emulator.setFaults([{ fault: 'error', code: 'AccessDeniedException', operations: '*', status: 403 }]);
    const { code, out } = await run(['report', '--format', 'json', '--quiet'], KEYS);
    expect({ code, complete: JSON.parse(out).complete }).toEqual({ code: 3, complete: false });
  });
});

describe('the fault behind an error', () => {
  const context: AccessContext = {
    profile: 'prod',
    signInProfile: 'prod',
    told: { profile: 'prod' },
    region: 'eu-north-1',
    proxy: 'HTTPS_PROXY (http://proxy.example.com:3128)',
    caBundle: '/etc/ca.pem',
  };
  const error = (code: string, message: string, cause?: unknown): Error =>
    Object.assign(new Error(message, { cause }), { code });

  it.each<[string, Error, RegExp]>([
    [
      'connection.unreachable',
      error('EHOSTUNREACH', 'connect EHOSTUNREACH 10.0.0.1:443'),
      /cannot be reached \(EHOSTUNREACH\) \(10\.0\.0\.1:443\).*proxy of HTTPS_PROXY/,
    ],
    [
      'connection.timeout',
      Object.assign(new Error('no answer'), { name: 'TimeoutError' }),
      /does not answer, or the proxy of HTTPS_PROXY/,
    ],
    [
      'connection.name',
      error('EAI_AGAIN', 'getaddrinfo EAI_AGAIN lightsail.eu-north-1.amazonaws.com'),
      /lightsail\.eu-north-1\.amazonaws\.com .*eu-north-1/,
    ],
    [
      'connection.certificate',
      error('SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate in certificate chain'),
      /add the certificate of your private CA to \/etc\/ca\.pem/,
    ],
    ['connection.certificate', error('CERT_HAS_EXPIRED', 'certificate has expired'), /check the clock/],
    [
      'connection.certificate',
      error('ERR_TLS_CERT_ALTNAME_INVALID', "Hostname/IP does not match certificate's altnames"),
      /check AWS_ENDPOINT_URL and the proxy/,
    ],
    [
      'credentials.unusable',
      Object.assign(new Error('Unsupported credential source in profile prod'), { name: 'CredentialsProviderError' }),
      /Unsupported credential source.*aws configure list --profile prod/,
    ],
    [
      'credentials.expired',
      error('store.s3', 'cannot read', Object.assign(new Error('expired'), { name: 'ExpiredToken' })),
      /has expired/,
    ],
  ])('is %s for %s', (code, given, says) => {
    const fault = accessFault(given, context);
    expect(fault?.code).toBe(code);
    expect(`${fault?.cause}; ${fault?.remedy}`).toMatch(says);
  });

  it('is about the region where it is misspelt and its name cannot be resolved', () => {
    const given = error('ENOTFOUND', 'getaddrinfo ENOTFOUND lightsail.eu-centrl-1.amazonaws.com');
    const fault = accessFault(given, { ...context, region: 'eu-centrl-1' });
    expect(fault?.code).toBe('connection.region');
    expect(fault?.cause).toBe(
      'the region eu-centrl-1 is not known (did you mean eu-central-1?), and the name lightsail.eu-centrl-1.amazonaws.com cannot be resolved',
    );
    expect(accessFault(given, { ...context, region: 'zz-nowhere-7' })?.code).toBe('connection.name');
  });

  it.each([
    error('AccessDeniedException', 'no'),
    error('ThrottlingException', 'slow'),
    error('inventory.endless', 'x'),
    null,
  ])('is none for %s', (given) => {
    expect(accessFault(given, context)).toBeNull();
  });
});

import { GetInstanceSnapshotsCommand, LightsailClient } from '@aws-sdk/client-lightsail';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { sampleAccount } from '../../emulator/sample-account';
import { memberNamed, SAMPLE_ROLE, sampleOrganization } from '../../emulator/sample-organization';
import { type Emulator, startEmulator } from '../../emulator/server';
import { makeJsonCalls } from '../../lambda/aws/json-call';
import { listAccounts } from '../../lambda/aws/list-accounts';

const NOW = Date.UTC(2026, 10, 23, 8);
const KEYS = { accessKeyId: 'test', secretAccessKey: 'test' };
const ORGANIZATION = sampleOrganization(NOW);
const BAKERY = memberNamed(ORGANIZATION, 'client-bakery');

describe('an emulated organization', () => {
  let emulator: Emulator;
  beforeEach(async () => {
    emulator = await startEmulator({ account: { account: sampleAccount(NOW), organization: ORGANIZATION } });
  });
  afterEach(() => emulator.close());

  const stsWith = (credentials: object = KEYS) =>
    new STSClient({
      region: 'us-east-1',
      endpoint: emulator.url,
      credentials: credentials as typeof KEYS,
      maxAttempts: 1,
    });

  async function assume(account: string, more: object = {}, credentials: object = KEYS) {
    const { Credentials } = await stsWith(credentials).send(
      new AssumeRoleCommand({
        RoleArn: `arn:aws:iam::${account}:role/${SAMPLE_ROLE.name}`,
        RoleSessionName: 'test',
        ExternalId: SAMPLE_ROLE.externalId,
        ...more,
      }),
    );
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
    return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
  }

  async function snapshotsOf(credentials: object): Promise<readonly (string | undefined)[]> {
    const client = new LightsailClient({
      region: 'eu-central-1',
      endpoint: emulator.url,
      credentials: credentials as typeof KEYS,
      maxAttempts: 1,
    });
    const { instanceSnapshots } = await client.send(new GetInstanceSnapshotsCommand({}));
    return (instanceSnapshots ?? []).map(({ arn }) => arn?.split(':')[4]);
  }

  const list = (credentials: object = KEYS) => {
    const call = makeJsonCalls(stsWith(credentials), {
      endpoint: emulator.url,
      region: 'us-east-1',
      signingName: 'organizations',
      target: 'AWSOrganizationsV20161128',
    });
    return listAccounts((token) => call('ListAccounts', token === null ? {} : { NextToken: token }), {
      deadline: null,
      clock: Date.now,
    });
  };

  it('chooses the account by the assumed credentials', async () => {
    const session = await assume(BAKERY);
    expect((await stsWith(session).send(new GetCallerIdentityCommand({}))).Account).toBe(BAKERY);
    expect([...new Set(await snapshotsOf(session))]).toEqual([BAKERY]);
    expect([...new Set(await snapshotsOf(KEYS))]).toEqual(['123456789012']);
  });

  test.each([
    ['no account has that number', '999999999999', {}, /on resource: \S+$/],
    ['the account has no role', memberNamed(ORGANIZATION, 'client-kennel'), {}, /on resource: \S+$/],
    ['the role has another name', BAKERY, { RoleArn: `arn:aws:iam::${BAKERY}:role/Other` }, /on resource: \S+$/],
    ['the account is suspended', memberNamed(ORGANIZATION, 'legacy-mail'), {}, /on resource: \S+$/],
    ['the external id is another', BAKERY, { ExternalId: 'other' }, /role trust policy/],
    ['there is no external id', BAKERY, { ExternalId: undefined }, /role trust policy/],
    ['the account has another external id', memberNamed(ORGANIZATION, 'client-tailor'), {}, /role trust policy/],
  ])('refuses a role where %s', async (_, account, more, message) => {
    await expect(assume(account, more)).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringMatching(message),
    });
  });

  it('refuses a role to a principal that its trust does not name', async () => {
    const session = await assume(BAKERY);
    await expect(assume(memberNamed(ORGANIZATION, 'client-gym'), {}, session)).rejects.toMatchObject({
      name: 'AccessDenied',
    });
  });

  it('refuses a session that has ended, and one that it never gave', async () => {
    const session = await assume(BAKERY, { DurationSeconds: 900 });
    emulator.clockOffset = 901_000;
    await expect(snapshotsOf(session)).rejects.toMatchObject({ name: 'ExpiredTokenException' });
    await expect(snapshotsOf({ ...session, accessKeyId: 'ASIAEMULATED00000000' })).rejects.toMatchObject({
      name: 'UnrecognizedClientException',
    });
  });

  it('lists its accounts on pages of 20, with states and OU paths', async () => {
    const accounts = await list();
    expect(accounts).toHaveLength(40);
    expect(emulator.requests.count('ListAccounts')).toBe(2);
    expect(accounts.find(({ name }) => name === 'legacy-mail')).toMatchObject({
      state: 'SUSPENDED',
      ou: 'o-a1b2c3d4e5/r-ab12/ou-ab12-clients1/ou-ab12-legacy11/',
    });
  });

  it('lists its accounts to the management account alone', async () => {
    await expect(list(await assume(BAKERY))).rejects.toMatchObject({ code: 'organization.denied' });
  });

  it('gives empty pages with a token, and loses no account by them', async () => {
    const scenario = { account: sampleAccount(NOW), organization: { ...ORGANIZATION, emptyPages: 3 } };
    await emulator.close();
    emulator = await startEmulator({ account: scenario });
    const accounts = await list();
    expect(new Set(accounts.map(({ id }) => id)).size).toBe(40);
    expect(emulator.requests.count('ListAccounts')).toBe(5);
  });

  it('strikes one account alone where a fault names it', async () => {
    emulator.setFaults([{ fault: 'deny', accounts: BAKERY, operations: 'Get*Snapshots' }]);
    await expect(snapshotsOf(await assume(BAKERY))).rejects.toMatchObject({ name: 'AccessDeniedException' });
    expect(await snapshotsOf(await assume(memberNamed(ORGANIZATION, 'client-bookshop')))).not.toEqual([]);
  });
});

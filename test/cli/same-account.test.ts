import { CredentialsFailure, ofAccount } from '../../cli/same-account';
import { isCredentialFailure } from '../../lambda/aws/aws-errors';

const keys = (accessKeyId: string, accountId?: string) => ({
  accessKeyId,
  secretAccessKey: 'secret',
  ...(accountId === undefined ? {} : { accountId }),
});

describe('credentials that must stay of one account', () => {
  const accounts: Record<string, string | null> = {
    ONE: '111111111111',
    NEW: '111111111111',
    OTHER: '222222222222',
    UNKNOWN: null,
  };
  let current = keys('ONE');
  let asked: string[] = [];
  const guarded = (account: string | null = '111111111111') =>
    ofAccount(
      async () => current,
      () => account,
      keys('ONE'),
      async ({ accessKeyId }) => {
        asked.push(accessKeyId);
        return accounts[accessKeyId] ?? null;
      },
    );
  beforeEach(() => {
    current = keys('ONE');
    asked = [];
  });

  it('are handed over while they are, and new keys are looked up once', async () => {
    const credentials = guarded();
    expect(await credentials()).toMatchObject({ accessKeyId: 'ONE' });
    current = keys('NEW');
    await Promise.all([credentials(), credentials(), credentials()]);
    expect(await credentials()).toMatchObject({ accessKeyId: 'NEW' });
    expect(asked).toEqual(['NEW']);
  });

  it.each([
    ['of another account', keys('OTHER'), ['OTHER']],
    ['of another account, as they say themselves', keys('NEW', '222222222222'), []],
    ['of an account that STS does not confirm', keys('UNKNOWN'), ['UNKNOWN']],
    ['of another account and claim to be of the first', keys('OTHER', '111111111111'), ['OTHER']],
    ['not confirmed by STS and claim to be of the first', keys('UNKNOWN', '111111111111'), ['UNKNOWN']],
  ])('fail as those of the caller when the new ones are %s', async (_, next, looked) => {
    const credentials = guarded();
    await credentials();
    current = next;
    const failure = await credentials().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(CredentialsFailure);
    expect(isCredentialFailure(failure)).toBe(true);
    expect(asked).toEqual(looked);
  });

  it('fail when their key changes while no account is known to compare with, whatever they claim', async () => {
    const credentials = guarded(null);
    expect(await credentials()).toMatchObject({ accessKeyId: 'ONE' });
    for (const next of [keys('NEW'), keys('OTHER', '111111111111')]) {
      current = next;
      await expect(credentials()).rejects.toBeInstanceOf(CredentialsFailure);
    }
    current = keys('ONE');
    expect(await credentials()).toMatchObject({ accessKeyId: 'ONE' });
    expect(asked).toEqual([]);
  });

  it('are compared with the account that is known by then', async () => {
    let account: string | null = null;
    const credentials = ofAccount(
      async () => current,
      () => account,
      keys('ONE'),
      async ({ accessKeyId }) => accounts[accessKeyId] ?? null,
    );
    await credentials();
    account = '111111111111';
    current = keys('NEW');
    expect(await credentials()).toMatchObject({ accessKeyId: 'NEW' });
    current = keys('OTHER');
    await expect(credentials()).rejects.toBeInstanceOf(CredentialsFailure);
  });
});

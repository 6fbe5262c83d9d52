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
      account,
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
    ['of an account that nobody tells', keys('UNKNOWN'), ['UNKNOWN']],
  ])('fail as those of the caller when the new ones are %s', async (_, next, looked) => {
    const credentials = guarded();
    await credentials();
    current = next;
    const failure = await credentials().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(CredentialsFailure);
    expect(isCredentialFailure(failure)).toBe(true);
    expect(asked).toEqual(looked);
  });

  it('are as they come where no account is known to compare with', async () => {
    const credentials = guarded(null);
    current = keys('OTHER');
    expect(await credentials()).toMatchObject({ accessKeyId: 'OTHER' });
    expect(asked).toEqual([]);
  });
});

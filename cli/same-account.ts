import type { Credentials } from './credentials';

/** A failure of the caller's credentials, by the name that is known for it. */
export class CredentialsFailure extends Error {
  override readonly name = 'CredentialsProviderError';
}

type FoundKey = Awaited<ReturnType<Credentials>>;

/**
 * Returns the same credentials for as long as they are of one account: in another, the same names mean other snapshots,
 * or none. The access key of `first` is pinned. Any other key is used only when STS (`findAccount`) confirms that it is
 * of the account that `accountNow` returns, whatever account the credentials claim. Where that account is not known
 * (null), no other key is used.
 */
export function ofAccount(
  credentials: Credentials,
  accountNow: () => string | null,
  first: FoundKey,
  findAccount: (found: FoundKey) => Promise<string | null>,
): Credentials {
  const check = async (found: FoundKey): Promise<void> => {
    const account = accountNow();
    if (account === null)
      throw new CredentialsFailure(
        'the credentials have another access key than at the start, and the account of the first key is not known',
      );
    const { accountId: claimed } = found;
    const actual = claimed === undefined || claimed === account ? await findAccount(found) : claimed;
    if (actual === account) return;
    throw new CredentialsFailure(
      `the new credentials are of ${actual ?? 'an account that STS does not confirm'}, and the plan is for ${account}`,
    );
  };
  const checked = new Map<string, Promise<void>>([[first.accessKeyId, Promise.resolve()]]);
  return async (...given) => {
    const found = await credentials(...given);
    const known = checked.get(found.accessKeyId) ?? check(found);
    checked.set(found.accessKeyId, known);
    await known;
    return found;
  };
}

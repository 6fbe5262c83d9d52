import type { Credentials } from './credentials';

/** A failure of the caller's credentials, by the name that is known for it. */
export class CredentialsFailure extends Error {
  override readonly name = 'CredentialsProviderError';
}

type Found = Awaited<ReturnType<Credentials>>;

/**
 * The same credentials for as long as they are of `account`. A provider that is asked again can answer for another account, where the same names
 * mean other snapshots, or none: new keys are looked up before their first use. `first`: the keys of which `account` is known; null: nothing is
 * known to compare with.
 */
export function ofAccount(
  credentials: Credentials,
  account: string | null,
  first: Found,
  findAccount: (found: Found) => Promise<string | null>,
): Credentials {
  if (account === null) return credentials;
  const check = async (found: Found): Promise<void> => {
    const now = found.accountId ?? (await findAccount(found));
    if (now === account) return;
    throw new CredentialsFailure(
      `the new credentials are of ${now ?? 'an account that could not be found out'}, and the plan is for ${account}`,
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

import { splitGlobs } from '../core/policy/account-globs';
import type { AccountGlobs } from '../core/policy/config';
import type { MemberAccount } from '../core/policy/policy';
import { compareText } from '../core/util/compare-text';
import { RetentionError } from '../core/util/errors';

/** An account as Organizations lists it. `state` is `ACTIVE` for one that can be read; null: not named. */
export interface ListedAccount extends MemberAccount {
  readonly state: string | null;
}

/** Accounts by what is to be done with them, each in order of their ids. */
export interface AccountSelection {
  /** To be read. */
  readonly selected: readonly MemberAccount[];
  /** Wanted, and not to be read: suspended, closed, or not joined yet. */
  readonly notActive: readonly ListedAccount[];
  readonly excluded: readonly MemberAccount[];
  /** A sentence for each pattern that matches no account. */
  readonly warnings: readonly string[];
}

/** The account, as rules and reports know it. */
const memberOf = ({ id, name, ou }: MemberAccount): MemberAccount => ({ id, name, ou });

/** Throws `organization.no-accounts` where nothing is to be read. */
export function requireSelected(
  { selected, notActive, excluded }: AccountSelection,
  { include, exclude }: AccountGlobs,
): void {
  if (selected.length + notActive.length > 0) return;
  throw new RetentionError(
    'organization.no-accounts',
    `organization.accounts selects none of ${excluded.length} accounts: include ${JSON.stringify(include)}, ` +
      `exclude ${JSON.stringify(exclude)}; correct the configuration`,
  );
}

/** Selects accounts. `matches` is whether a text matches a glob. */
export function selectAccounts(
  listed: readonly ListedAccount[],
  { include, exclude }: AccountGlobs,
  matches: (glob: string, text: string) => boolean,
): AccountSelection {
  const used = new Set<string>();
  const isMatched = (globs: readonly string[], { id, name, ou }: ListedAccount): boolean => {
    const { ous, others } = splitGlobs(globs);
    const found = [
      ...others.filter((glob) => matches(glob, id) || (name !== null && matches(glob, name))),
      ...ous.filter((glob) => ou !== null && matches(glob, ou)).map((glob) => `ou:${glob}`),
    ];
    for (const glob of found) used.add(glob);
    return found.length > 0;
  };
  const byId = [...new Map(listed.map((account) => [account.id, account])).values()];
  const evaluated = byId
    .sort((a, b) => compareText(a.id, b.id))
    .map((account) => ({ account, included: isMatched(include, account), excluded: isMatched(exclude, account) }));
  const wanted = evaluated.filter(({ included, excluded }) => included && !excluded).map(({ account }) => account);
  const isActive = ({ state }: ListedAccount): boolean => state === null || state === 'ACTIVE';
  const unmatched = (list: 'include' | 'exclude', globs: readonly string[]) =>
    globs
      .filter((glob) => !used.has(glob))
      .map((glob) => `organization.accounts.${list}: "${glob}" matches none of ${byId.length} accounts`);
  return {
    selected: wanted.filter(isActive).map(memberOf),
    notActive: wanted.filter((account) => !isActive(account)),
    excluded: evaluated
      .filter(({ included, excluded }) => !included || excluded)
      .map(({ account }) => memberOf(account)),
    warnings: [...unmatched('include', include), ...unmatched('exclude', exclude)],
  };
}

/** Unites what several configurations select: an account is excluded where each of them excludes it. */
export function uniteSelections(selections: readonly AccountSelection[]): AccountSelection {
  const all = <T extends MemberAccount>(listOf: (selection: AccountSelection) => readonly T[]): readonly T[] =>
    [...new Map(selections.flatMap(listOf).map((account) => [account.id, account])).values()].sort((a, b) =>
      compareText(a.id, b.id),
    );
  const selected = all((selection) => selection.selected);
  const notActive = all((selection) => selection.notActive);
  const wanted = new Set([...selected, ...notActive].map(({ id }) => id));
  return {
    selected,
    notActive,
    excluded: all((selection) => selection.excluded).filter(({ id }) => !wanted.has(id)),
    warnings: [...new Set(selections.flatMap(({ warnings }) => warnings))],
  };
}

/** Whether a configuration reads an account. */
export const selectsAccount = (
  globs: AccountGlobs,
  account: MemberAccount,
  matches: (glob: string, text: string) => boolean,
): boolean => selectAccounts([{ ...account, state: null }], globs, matches).selected.length > 0;

/** Where the number of the account is in a role's ARN. */
const ACCOUNT_MARK = '{account}';

const ROLE_PATTERN = /^arn:aws(?:-[a-z]+)*:iam::\{account\}:role\/(?:[\x21-\x7e]{1,510}\/)?[\w+=,.@-]{1,64}$/;

/** Whether a text is the ARN of a role with `{account}` in the place of the account's number. */
export const isRolePattern = (text: string): boolean => ROLE_PATTERN.test(text);

/** The ARN of the role in one account. `{account}` may also be part of its path or name. */
export const roleIn = (pattern: string, account: string): string => pattern.replaceAll(ACCOUNT_MARK, account);

import { AssumeRoleCommand, type STSClient } from '@aws-sdk/client-sts';
import { memoize } from '@smithy/core/config';
import { RetentionError } from '../core/util/errors';
import { oneLine } from '../core/util/safe-text';
import { errorFacts, isAccessDenied } from './aws-errors';

/** How the role of an account is assumed. */
export interface RoleRequest {
  readonly roleArn: string;
  /** Null: the role's trust asks for none. */
  readonly externalId: string | null;
  /** The name of the session in the member's CloudTrail. */
  readonly sessionName: string;
}

/** Credentials of a role, until `expiration`. */
export interface RoleSession {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration?: Date;
}

/** Credentials that end within this time (ms) are fetched again. */
const RENEW_BEFORE_END = 5 * 60_000;

/** Which side refused to assume a role, as far as STS tells. */
type RefusingSide = 'trust' | 'caller' | 'control-policy' | 'unknown';

const SIDES: readonly (readonly [RegExp, RefusingSide])[] = [
  [/service control policy|resource control policy/i, 'control-policy'],
  [/role trust policy|resource-based policy/i, 'trust'],
  [/identity-based policy|permissions boundary|session policy/i, 'caller'],
];

const SIDE_TEXT: Readonly<Record<RefusingSide, string>> = {
  trust: "the role's trust policy refused: compare its external id, principal and organization with this caller's",
  caller: "the caller's own policy does not allow sts:AssumeRole on this role",
  'control-policy': 'a control policy of the organization denied it',
  unknown:
    'STS does not say which side refused: the role may be absent or not trust this caller, or the caller may lack sts:AssumeRole',
};

const sideOf = (message: string): RefusingSide => SIDES.find(([pattern]) => pattern.test(message))?.[1] ?? 'unknown';

/** What a failed AssumeRole means for the account. */
export interface RoleFault {
  readonly status: 'no-role' | 'failed';
  readonly error: { readonly code: string; readonly message: string };
}

/** Tells a role that cannot be assumed from a call that failed. */
export function roleFault(error: unknown, roleArn: string): RoleFault {
  const { code, message } = errorFacts(error);
  const status = isAccessDenied(error) ? 'no-role' : 'failed';
  const why =
    status === 'no-role'
      ? `${SIDE_TEXT[sideOf(message)]}${message.includes(roleArn) ? '' : `; role ${roleArn}`} (${oneLine(message)})`
      : `role ${roleArn} could not be assumed: ${oneLine(message)}`;
  return { status, error: { code, message: why } };
}

/**
 * Credentials of a role. They are fetched when they are first used, and again before they end. Rejects with the error
 * of STS.
 */
export function roleCredentials(
  sts: STSClient,
  { roleArn, externalId, sessionName }: RoleRequest,
): () => Promise<RoleSession> {
  const fetchSession = async (): Promise<RoleSession> => {
    const { Credentials } = await sts.send(
      new AssumeRoleCommand({
        RoleArn: roleArn,
        RoleSessionName: sessionName,
        ...(externalId === null ? {} : { ExternalId: externalId }),
      }),
    );
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Credentials ?? {};
    if (AccessKeyId === undefined || SecretAccessKey === undefined || SessionToken === undefined)
      throw new RetentionError('organization.no-session', `STS answered without credentials for ${roleArn}; try again`);
    return {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
      ...(Expiration === undefined ? {} : { expiration: Expiration }),
    };
  };
  return memoize(
    fetchSession,
    ({ expiration }) => expiration !== undefined && expiration.getTime() - Date.now() < RENEW_BEFORE_END,
    ({ expiration }) => expiration !== undefined,
  );
}

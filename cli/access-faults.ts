import { errorFacts } from '../lambda/aws/aws-errors';
import { closest } from '../lambda/config/closest';
import { commandText, option, ownCommand } from '../lambda/core/report/command-line';
import type { CodeIn } from '../lambda/core/util/error-codes';
import { RetentionError } from '../lambda/core/util/errors';
import { REGION_NAMES } from '../lambda/render/region-names';

/** What the sentences name: how this run signs in and connects. */
export interface AccessContext {
  /** The profile that gives the credentials; null: none is named. */
  readonly profile: string | null;
  /** The profile whose sign-in is used: that profile, or the one at the end of its `source_profile`s. */
  readonly signInProfile: string | null;
  /** What printed commands repeat. */
  readonly told: { readonly profile?: string | undefined };
  /** The region that is asked first. */
  readonly region: string;
  /** A proxy for HTTPS endpoints, for a person to read; null: none. */
  readonly proxy: string | null;
  /** The file of trusted certificates; null: those that Node.js trusts. */
  readonly caBundle: string | null;
}

type AccessCode = `credentials.${CodeIn<'credentials'>}` | `connection.${CodeIn<'connection'>}`;

/** The cause why no call to AWS can succeed from this machine, and its remedy. */
export interface AccessFault {
  readonly code: AccessCode;
  readonly cause: string;
  readonly remedy: string;
}

/** Codes of faults that may lie with one service or one moment, and not with this machine or its credentials. */
const NETWORK: ReadonlySet<string> = new Set(
  ['protocol', 'name', 'refused', 'unreachable', 'timeout', 'lost'].map((what) => `connection.${what}`),
);

/** Whether no call from here can succeed before a person changes something on this machine. */
export const isLocal = ({ code }: AccessFault): boolean => !NETWORK.has(code);

/** What is known of an error. */
interface Facts {
  readonly code: string;
  readonly message: string;
}

interface Entry {
  readonly code: AccessCode;
  readonly matches: (facts: Facts) => boolean;
  readonly cause: (facts: Facts, context: AccessContext) => string;
  readonly remedy: (facts: Facts, context: AccessContext) => string;
}

const isOneOf = (...codes: readonly string[]) => {
  const known = new Set(codes);
  return ({ code }: Facts): boolean => known.has(code.replace(/Exception$/, ''));
};
const inProvider =
  (text: RegExp) =>
  ({ code, message }: Facts): boolean =>
    ['CredentialsProviderError', 'TokenProviderError'].includes(code) && text.test(message);

const SKEW = /signature (?:expired|not yet current)|is now earlier than|is later than/i;
/** A command of the AWS CLI for a profile. */
const aws = (words: string, profile: string | null): string =>
  commandText(['aws', ...words.split(' '), ...option('--profile', profile ?? undefined)]);
const owner = ({ profile }: AccessContext): string => (profile === null ? 'the default profile' : `profile ${profile}`);
/** The host in `getaddrinfo ENOTFOUND lightsail.eu-north-9.amazonaws.com`. */
const hostIn = (message: string): string => /\b(?:ENOTFOUND|EAI_AGAIN) (\S+)/.exec(message)?.[1] ?? 'the endpoint';
const addressIn = (message: string): string => {
  const found = /\b(?:ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT) (\S+)/.exec(message)?.[1];
  return found === undefined ? '' : ` (${found})`;
};
const network = (context: AccessContext): string =>
  context.proxy === null
    ? 'check the network connection and any AWS_ENDPOINT_URL; behind a corporate proxy set HTTPS_PROXY'
    : `check the network connection, any AWS_ENDPOINT_URL and the proxy of ${context.proxy}`;

/** A region whose name is near, where the region is none that is known here. */
function suggestedRegion({ region }: AccessContext): string {
  const meant = REGION_NAMES.includes(region) ? null : closest(region, REGION_NAMES);
  return meant === null ? '' : ` (did you mean ${meant}?)`;
}

/** Each cause, its sentence and its remedy. The first entry that matches counts. */
export const ACCESS_FAULTS: readonly Entry[] = [
  {
    code: 'credentials.unknown-profile',
    matches: isOneOf('credentials.unknown-profile'),
    cause: ({ message }) => message,
    remedy: (_, { profile }) => `correct the name, or make the profile: ${aws('configure', profile)}`,
  },
  {
    code: 'credentials.process',
    matches: inProvider(/credential_process|^Command failed/i),
    cause: ({ message }, context) => `the credential_process of ${owner(context)} failed: ${message}`,
    remedy: () => 'run its command in a terminal, correct it, then try again',
  },
  {
    code: 'credentials.sso',
    matches: inProvider(/\bSSO\b|token is expired|^UnauthorizedException/i),
    cause: (_, context) => `the SSO session of ${owner(context)} has expired, or was never begun`,
    remedy: (_, { signInProfile }) => `sign in: ${aws('sso login', signInProfile)}`,
  },
  {
    code: 'credentials.login',
    matches: inProvider(/aws login|reauthenticate|re-authenticate|login\/cache|^Token (?:refresh|validation)/i),
    cause: (_, context) => `the sign-in session of ${owner(context)} has expired, or was never begun`,
    remedy: (_, { signInProfile }) => `sign in: ${aws('login', signInProfile)}`,
  },
  {
    code: 'credentials.mfa',
    matches: inProvider(/multi-factor|MFA/),
    cause: (_, context) =>
      `${owner(context)} asks for a code of multi-factor authentication, which cannot be entered here`,
    remedy: (_, { profile }) =>
      `export a session first: eval "$(${aws('configure export-credentials --format env', profile)})", ` +
      `then leave out --profile`,
  },
  {
    code: 'credentials.missing',
    matches: inProvider(
      /from any providers|Could not resolve credentials using profile|Unable to find environment variable/i,
    ),
    cause: (_, { profile }) =>
      profile === null ? 'no AWS credentials were found' : `profile ${profile} has no credentials`,
    remedy: () => 'set AWS_PROFILE, pass --profile NAME, or sign in with "aws login" or "aws sso login"',
  },
  {
    code: 'credentials.unusable',
    matches: inProvider(/^/),
    cause: ({ message }, context) => `the credentials of ${owner(context)} cannot be used: ${message}`,
    remedy: (_, { profile }) =>
      `correct the profile in ~/.aws/config; this shows its settings: ${aws('configure list', profile)}`,
  },
  {
    code: 'connection.clock',
    matches: ({ code, message }) =>
      isOneOf('RequestTimeTooSkewed', 'RequestInTheFuture')({ code, message }) ||
      (isOneOf('InvalidSignature', 'SignatureDoesNotMatch', 'AuthFailure')({ code, message }) && SKEW.test(message)),
    cause: ({ message }) =>
      `the clock of this machine differs from the clock of AWS by more than five minutes: ${message}`,
    remedy: () => 'set the clock, for example by NTP, then try again',
  },
  {
    code: 'credentials.expired',
    matches: isOneOf('ExpiredToken', 'RequestExpired', 'TokenRefreshRequired'),
    cause: () => 'the session token of these credentials has expired',
    remedy: (_, { signInProfile }) =>
      `sign in again, or renew the token: ${aws('sso login', signInProfile)}, ` +
      `${aws('login', signInProfile)}, or new AWS_* variables`,
  },
  {
    code: 'credentials.invalid',
    matches: isOneOf(
      ...[
        'UnrecognizedClient',
        'InvalidClientTokenId',
        'InvalidAccessKeyId',
        'SignatureDoesNotMatch',
        'InvalidSignature',
        'AuthFailure',
      ],
      ...['IncompleteSignature', 'MissingAuthenticationToken', 'InvalidToken', 'NotAuthorized', 'Unauthenticated'],
    ),
    cause: ({ code }) => `AWS does not accept these credentials (${code})`,
    remedy: (_, { profile }) =>
      `check that the key is active, complete and of this account${profile === null ? '' : ` in profile ${profile}`}, or sign in again`,
  },
  {
    code: 'connection.ca-bundle',
    matches: isOneOf('connection.ca-bundle'),
    cause: ({ message }) => message.split('; ')[0] ?? message,
    remedy: () => 'correct AWS_CA_BUNDLE, or ca_bundle in the profile, to a PEM file with certificates',
  },
  {
    code: 'connection.proxy-authentication',
    matches: ({ code, message }) => code === 'connection.proxy-authentication' || /\(HTTP 407\)/.test(message),
    cause: ({ message }) => message,
    remedy: () => 'put both into the address of the proxy: http://USER:PASSWORD@HOST:PORT',
  },
  {
    code: 'connection.proxy-refused',
    matches: isOneOf('connection.proxy-refused'),
    cause: ({ message }) => message,
    remedy: () => 'ask who runs the proxy to allow *.amazonaws.com, or name the host in NO_PROXY',
  },
  {
    code: 'connection.proxy-unreachable',
    matches: isOneOf('connection.proxy-unreachable'),
    cause: ({ message }) => message,
    remedy: () => 'correct the address of the proxy, or name the hosts of AWS in NO_PROXY',
  },
  {
    code: 'connection.proxy-invalid',
    matches: isOneOf('connection.proxy-invalid'),
    cause: ({ message }) => message,
    remedy: () => 'correct it to an address such as http://proxy.example.com:3128',
  },
  {
    code: 'connection.certificate',
    matches: ({ code }) =>
      /^(?:CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|ERR_TLS_CERT|INVALID_CA|HOSTNAME_MISMATCH)/.test(code),
    cause: ({ code, message }) => `the certificate of the endpoint is not trusted: ${message} (${code})`,
    remedy: ({ code }, { caBundle }) => certificateRemedy(code, caBundle),
  },
  {
    code: 'connection.protocol',
    matches: ({ code, message }) =>
      code === 'EPROTO' || /^ERR_SSL_|^ERR_TLS_/.test(code) || /wrong version number/.test(message),
    cause: ({ code }) => `the endpoint does not answer with TLS (${code})`,
    remedy: () => 'check AWS_ENDPOINT_URL: an endpoint without TLS begins with http://',
  },
  {
    code: 'connection.name',
    matches: isOneOf('ENOTFOUND', 'EAI_AGAIN'),
    cause: ({ message }) => `the name ${hostIn(message)} cannot be resolved`,
    remedy: (_, context) => `check the region ${context.region}; ${network(context)}`,
  },
  {
    code: 'connection.refused',
    matches: isOneOf('ECONNREFUSED'),
    cause: ({ message }) => `the endpoint refuses the connection${addressIn(message)}`,
    remedy: (_, context) => network(context),
  },
  {
    code: 'connection.unreachable',
    matches: isOneOf('EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN', 'EADDRNOTAVAIL'),
    cause: ({ code, message }) => `the endpoint cannot be reached (${code})${addressIn(message)}`,
    remedy: (_, context) => network(context),
  },
  {
    code: 'connection.timeout',
    matches: isOneOf('ETIMEDOUT', 'TimeoutError', 'ERR_SOCKET_CONNECTION_TIMEOUT'),
    cause: (_, { proxy }) =>
      `the endpoint does not answer${proxy === null ? '' : `, or the proxy of ${proxy} does not`}`,
    remedy: (_, context) => network(context),
  },
  {
    code: 'connection.lost',
    matches: isOneOf('ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'),
    cause: ({ code }) => `the endpoint closes the connection (${code})`,
    remedy: (_, context) => network(context),
  },
];

function certificateRemedy(code: string, caBundle: string | null): string {
  if (code === 'CERT_NOT_YET_VALID' || code === 'CERT_HAS_EXPIRED')
    return 'check the clock of this machine, and the endpoint';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code === 'HOSTNAME_MISMATCH')
    return 'check AWS_ENDPOINT_URL and the proxy';
  return caBundle === null
    ? 'set AWS_CA_BUNDLE to a PEM file with the certificate of your private CA'
    : `add the certificate of your private CA to ${caBundle}, which AWS_CA_BUNDLE or ca_bundle names`;
}

/**
 * The first line of an error that means something: a failed command is not shown, because its arguments can be secret.
 */
function meaningOf(message: string): string {
  const [first = '', ...others] = message.split('\n').map((line) => line.trim());
  if (!/^Command failed/i.test(first)) return first;
  return others.find((line) => line !== '') ?? 'its command ended with an error';
}

const MAX_FAULT_DEPTH = 5;

/**
 * The fault behind an error of a client, or behind what a report says of one; null: the error says nothing about
 * access.
 */
export function accessFault(error: unknown, context: AccessContext): AccessFault | null {
  let current = error;
  for (let depth = 0; depth < MAX_FAULT_DEPTH && current; depth += 1) {
    const fault = accessFaultOf(current, context);
    if (fault !== null) return fault;
    current = (current as { readonly cause?: unknown }).cause;
  }
  return null;
}

/** The fault behind an error that fetching credentials ended with. */
export function credentialsFault(error: unknown, context: AccessContext): AccessFault {
  const { code, message } = errorFacts(error);
  const unusable = { code: 'CredentialsProviderError', message: `${message} (${code})` };
  return (
    accessFault(error, context) ??
    accessFaultOf(unusable, context) ?? { code: 'credentials.unusable', cause: message, remedy: 'sign in again' }
  );
}

/** Faults of a network in which a region that does not exist can show. */
const OF_NO_REGION: ReadonlySet<string> = new Set(
  ['name', 'refused', 'unreachable', 'timeout', 'lost', 'proxy-refused'].map((what) => `connection.${what}`),
);

/** A fault of the network, or that of a misspelt region where that is the likely cause. */
function orRegion(fault: AccessFault, context: AccessContext): AccessFault {
  const meant = suggestedRegion(context);
  if (meant === '' || !OF_NO_REGION.has(fault.code)) return fault;
  return {
    code: 'connection.region',
    cause: `the region ${context.region} is not known${meant}, and ${fault.cause}`,
    remedy: `correct AWS_REGION or the region of the profile; if it is right, ${network(context)}`,
  };
}

function accessFaultOf(error: unknown, context: AccessContext): AccessFault | null {
  const { code, message } = errorFacts(error);
  const raw = error instanceof Error ? error.message : message;
  const facts = { code, message };
  const entry = ACCESS_FAULTS.find(({ matches }) => matches(facts));
  if (entry === undefined) return null;
  const given = { code, message: meaningOf(raw) };
  const fault = { code: entry.code, cause: entry.cause(given, context), remedy: entry.remedy(given, context) };
  return orRegion(fault, context);
}

/** Ends a command that cannot do anything in AWS, with exit code 1. */
export class AccessError extends RetentionError {
  constructor(
    readonly access: AccessFault,
    { told }: Pick<AccessContext, 'told'>,
  ) {
    const { code, cause, remedy } = access;
    super(code, `${cause}; ${remedy} (to check the whole setup: ${ownCommand(['doctor'], told)})`);
  }
}

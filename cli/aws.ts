import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { loadSharedConfigFiles } from '@smithy/core/config';
import { BRIEF } from '../lambda/aws/http-limits';
import { REGION } from '../lambda/core/snapshot/region';
import { oneLine } from '../lambda/core/util/safe-text';
import { wrap } from '../lambda/render/terminal';
import { type AccessContext, AccessError, accessFault, credentialsFault, isLocal } from './access-faults';
import { type Connection, makeConnection } from './connection';
import {
  type Credentials,
  chooseProfile,
  makeCredentials,
  type ProfileSettings,
  type Profiles,
  profileToRepeat,
  readProfiles,
  signInProfile,
} from './credentials';
import {
  badEndpoint,
  configuredEndpoint,
  type EndpointSettings,
  endpointNotice,
  isHttpAddress,
  shownEndpoint,
} from './endpoints';
import { regionMeantBy } from './meant-region';
import { type ProxySettings, proxyName, readProxySettings } from './proxy-settings';
import type { Terminal } from './terminal';

/** Who is calling, and from where: what every command that touches an account needs. */
export interface Caller {
  readonly credentials: Credentials;
  /** The first region to ask: AWS_REGION, the profile's, or us-east-1. */
  readonly region: string;
  /** What printed commands repeat: the profile that gives the credentials, also where the environment names it. */
  readonly told: { readonly profile?: string | undefined };
  /**
   * Whether S3 is asked at an endpoint that the environment or the profile names: there a bucket is part of the path,
   * not of the host.
   */
  readonly forcePathStyle: boolean;
  /** The endpoint of Organizations that a setting names; null: AWS's own. */
  readonly organizations: string | null;
  /** Says where AWS is called instead of its own endpoints; null where that is nowhere. */
  readonly endpointNotice: string | null;
  /** Proxies and trusted certificates of every client. */
  readonly connection: Connection;
  /** What sentences about access name. */
  readonly access: AccessContext;
}

function connectionOf(proxies: ProxySettings, caBundle: string | null, access: AccessContext): Connection {
  try {
    return makeConnection(proxies, caBundle);
  } catch (error) {
    const fault = accessFault(error, access);
    throw fault === null ? error : new AccessError(fault, access);
  }
}

/** The first region to ask, and the setting that names it. */
interface FirstRegion {
  readonly setting: string;
  readonly region: string;
}

/** Returns the region of the environment, of the profile, or us-east-1. */
function firstRegionOf(env: NodeJS.ProcessEnv, profile: string, settings: ProfileSettings | undefined): FirstRegion {
  const candidates = [
    { setting: 'AWS_REGION', region: env.AWS_REGION },
    { setting: 'AWS_DEFAULT_REGION', region: env.AWS_DEFAULT_REGION },
    { setting: `the region of the profile ${profile}`, region: settings?.region },
  ];
  for (const { setting, region } of candidates) if (region) return { setting, region };
  return { setting: 'the default', region: 'us-east-1' };
}

const quoted = (text: string): string => `"${oneLine(text)}"`;
const suggestion = (meant: string | null): string => (meant === null ? '' : ` (did you mean ${meant}?)`);

/** Throws `connection.region` for a first region that is no name of one. */
function checkRegion({ setting, region }: FirstRegion, access: AccessContext): void {
  if (REGION.test(region)) return;
  throw new AccessError(
    {
      code: 'connection.region',
      cause: `${oneLine(setting)} is ${quoted(region)}, which is no name of a region`,
      remedy: `set it to one region such as eu-central-1${suggestion(regionMeantBy(region))}`,
    },
    access,
  );
}

/** Throws `connection.endpoint` for an endpoint that no client can call. */
function checkEndpoints(endpoints: EndpointSettings, access: AccessContext): void {
  const bad = badEndpoint(endpoints);
  if (bad === null) return;
  const withScheme = `http://${bad.url}`;
  const meant = /^[\w.-]+:\d+(?:\/|$)/.test(bad.url) && isHttpAddress(withScheme) ? withScheme : null;
  throw new AccessError(
    {
      code: 'connection.endpoint',
      cause: `${oneLine(bad.setting)} is ${quoted(shownEndpoint(bad.url))}, which is no address of an endpoint`,
      remedy: `set it to an address such as http://127.0.0.1:4566, or remove it${suggestion(meant)}`,
    },
    access,
  );
}

/** Returns the file of trusted certificates; null: none is configured. */
const caBundleOf = (env: NodeJS.ProcessEnv, settings: ProfileSettings | undefined): string | null =>
  env.AWS_CA_BUNDLE || settings?.ca_bundle || env.REQUESTS_CA_BUNDLE || null;

/** Returns the profile to sign in to; null: neither a profile that gives the credentials nor a default one exists. */
const signInProfileOf = (profile: string | null, profiles: Profiles): string | null =>
  profile === null && profiles.default === undefined ? null : signInProfile(profile ?? 'default', profiles);

/**
 * Ordinary AWS settings, in the order of the AWS CLI: `--profile`, keys in the environment, AWS_DEFAULT_PROFILE,
 * AWS_PROFILE, defaults. An unknown profile shows when credentials are first used. Throws a `connection.…` error for a
 * region, an endpoint or a file of trusted certificates that cannot be used.
 */
export async function findCaller(profile: string | undefined, env: NodeJS.ProcessEnv): Promise<Caller> {
  const { settings: name, keys: named } = chooseProfile(profile, env);
  const told = { profile: await profileToRepeat(profile, env) };
  // The SDK's clients look up endpoints by AWS_PROFILE alone: a client's own `profile` does not count there.
  if (name !== null) process.env.AWS_PROFILE = name;
  const { profiles } = await readProfiles();
  // A profile that the environment names must exist, also where its keys precede that profile.
  const isUnknown = name !== null && name !== 'default' && profiles[name] === undefined;
  const keys = isUnknown ? name : named;
  const settings = profiles[name ?? 'default'];
  const first = firstRegionOf(env, name ?? 'default', settings);
  const { region } = first;
  const endpoints = { env, profile: name ?? 'default', files: await loadSharedConfigFiles().catch(() => null) };
  const proxies = readProxySettings(env);
  const caBundle = caBundleOf(env, settings);
  const access: AccessContext = {
    profile: keys,
    signInProfile: signInProfileOf(keys, profiles),
    told,
    region,
    proxy: proxies.https === null ? null : proxyName(proxies.https),
    caBundle,
  };
  checkRegion(first, access);
  checkEndpoints(endpoints, access);
  const connection = connectionOf(proxies, caBundle, access);
  return {
    credentials: makeCredentials(access, profiles, connection, env),
    region,
    told,
    forcePathStyle: configuredEndpoint('s3', endpoints) !== null,
    organizations: configuredEndpoint('organizations', endpoints),
    endpointNotice: endpointNotice(endpoints),
    connection,
    access,
  };
}

/** Says on stderr when AWS is called at endpoints that are not its own: what is read there may be another account. */
export function sayEndpoints(
  { endpointNotice: notice }: Pick<Caller, 'endpointNotice'>,
  { err }: Pick<Terminal, 'err'>,
): void {
  if (notice === null) return;
  const line = `warning: ${notice}`;
  err.write(err.isTTY === true && err.columns ? wrap(line, err.columns, '') : `${line}\n`);
}

/**
 * The error that says what is wrong with the credentials or with this machine, where that is what `error` means; else
 * `error` itself.
 */
export function explainAccess(error: unknown, { access }: Pick<Caller, 'access'>): unknown {
  const fault = accessFault(error, access);
  return fault !== null && isLocal(fault) ? new AccessError(fault, access) : error;
}

/** Fetches the credentials, and throws a `credentials.…` error where there are none. */
export async function requireCredentials(caller: Caller): Promise<void> {
  try {
    await caller.credentials();
  } catch (error) {
    throw new AccessError(credentialsFault(error, caller.access), caller.access);
  }
}

/** The account number and the ARN of the caller; null: not known. */
export interface CallerIdentity {
  readonly account: string | null;
  readonly arn: string | null;
}

/** Returns the identity of the caller from STS. Never fatal: unknown where STS does not answer within a few seconds. */
export async function findIdentity({ credentials, region, connection }: Caller): Promise<CallerIdentity> {
  const client = new STSClient({ credentials, region, maxAttempts: 2, requestHandler: connection.withLimits(BRIEF) });
  try {
    const { Account, Arn } = await client.send(new GetCallerIdentityCommand({}));
    return { account: Account ?? null, arn: Arn ?? null };
  } catch {
    return { account: null, arn: null };
  } finally {
    client.destroy();
  }
}

/** Returns the account number of the caller from STS; null: not known. The ARNs of resources have it too. */
export const findCallerAccount = async (caller: Caller): Promise<string | null> => (await findIdentity(caller)).account;

import { fromEnv, fromIni, fromNodeProviderChain } from '@aws-sdk/credential-providers';
import { loadSharedConfigFiles, memoize } from '@smithy/core/config';
import { PATIENT } from '../lambda/aws/http-limits';
import { RetentionError } from '../lambda/core/util/errors';
import type { AccessContext } from './access-faults';
import type { Connection } from './connection';

export type Credentials = ReturnType<typeof fromNodeProviderChain>;

/** The settings of one profile, by name. */
export type ProfileSettings = Readonly<Record<string, string | undefined>>;
/** The sections of the files, by name. */
export type Profiles = Readonly<Record<string, ProfileSettings>>;

const noCredentials = (): void => undefined;
/**
 * Without it the SDK warns of keys in the environment beside a profile, also where `--profile` says which of them is
 * meant.
 */
const SILENT = {
  trace: noCredentials,
  debug: noCredentials,
  info: noCredentials,
  warn: noCredentials,
  error: noCredentials,
};

/**
 * Settings of a profile that say where its credentials come from: when that fails, nothing else is tried, as in the AWS
 * CLI.
 */
const SOURCES = [
  'credential_process',
  'sso_session',
  'sso_start_url',
  'login_session',
  'role_arn',
  'web_identity_token_file',
] as const;

const MAX_SOURCE_PROFILES = 10;
/** Credentials that end within this time (ms) are fetched again. */
const RENEW_BEFORE = 5 * 60_000;

/** The profiles of both files; the credentials file comes first. */
export async function readProfiles(): Promise<{ readonly profiles: Profiles; readonly services: Profiles }> {
  const { configFile, credentialsFile } = await loadSharedConfigFiles().catch(
    () => ({ configFile: {}, credentialsFile: {} }) as const,
  );
  const sections: Record<string, ProfileSettings> = {};
  for (const [name, settings] of [
    ...Object.entries(configFile as Profiles),
    ...Object.entries(credentialsFile as Profiles),
  ])
    sections[name] = { ...sections[name], ...settings };
  return { profiles: sections, services: configFile as Profiles };
}

/** The profile whose sign-in counts in the end. */
export function signInProfile(profile: string, profiles: Profiles): string {
  let name = profile;
  for (let step = 0; step < MAX_SOURCE_PROFILES; step += 1) {
    const next = profiles[name]?.source_profile;
    if (next === undefined || next === name) return name;
    name = next;
  }
  return name;
}

/** Which profile counts, in the order of the AWS CLI. */
export interface ChosenProfile {
  /** The profile whose settings count: that of `--profile`, AWS_DEFAULT_PROFILE or AWS_PROFILE; null: none is named. */
  readonly settings: string | null;
  /**
   * The profile that gives the credentials: keys in the environment precede a profile that the environment names. Null:
   * none is named.
   */
  readonly keys: string | null;
}

const hasEnvironmentKeys = (env: NodeJS.ProcessEnv): boolean =>
  Boolean(env.AWS_ACCESS_KEY_ID && env.AWS_SECRET_ACCESS_KEY);

/**
 * Chooses the profile as the AWS CLI does, so that the `aws` commands that are printed act on the same account as the
 * run.
 */
export function chooseProfile(given: string | undefined, env: NodeJS.ProcessEnv): ChosenProfile {
  const settings = given ?? (env.AWS_DEFAULT_PROFILE || env.AWS_PROFILE || null);
  return { settings, keys: given === undefined && hasEnvironmentKeys(env) ? null : settings };
}

/**
 * The profile that printed commands repeat: the one that gives the credentials. Undefined: none is named, or it is not
 * in the files.
 */
export async function profileToRepeat(given: string | undefined, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const { keys } = chooseProfile(given, env);
  if (given !== undefined || keys === null) return given;
  return (await readProfiles()).profiles[keys] === undefined ? undefined : keys;
}

/** Sections of the config file that are no profiles. */
const isProfile = (name: string): boolean => !/^(?:sso-session|services)\./.test(name);

function unknownProfile(profile: string, profiles: Profiles): RetentionError {
  const known = Object.keys(profiles).filter(isProfile).sort();
  const expected =
    known.length === 0
      ? 'expected a profile of these files, and they have none'
      : `expected one of: ${known.slice(0, 20).join(', ')}`;
  return new RetentionError(
    'credentials.unknown-profile',
    `~/.aws/config and ~/.aws/credentials have no profile ${profile}, ${expected}`,
  );
}

/**
 * Credentials of the environment, of a profile, or of the machine. They are fetched when they are first used; an
 * unknown profile shows then.
 */
export function makeCredentials(
  { profile, region }: Pick<AccessContext, 'profile' | 'region'>,
  profiles: Profiles,
  connection: Connection,
  env: NodeJS.ProcessEnv,
): Credentials {
  if (profile !== null && profile !== 'default' && profiles[profile] === undefined)
    return () => Promise.reject(unknownProfile(profile, profiles));
  if (profile === null && hasEnvironmentKeys(env)) return fromEnv();
  const requestHandler = connection.withLimits(PATIENT);
  const options = {
    ...(profile === null ? {} : { profile, logger: SILENT }),
    clientConfig: { requestHandler },
    parentClientConfig: { region, requestHandler },
  };
  const settings = profiles[profile ?? 'default'];
  if (!SOURCES.some((source) => settings?.[source] !== undefined)) return fromNodeProviderChain(options);
  return memoize(
    fromIni(options),
    ({ expiration }) => expiration !== undefined && expiration.getTime() - Date.now() < RENEW_BEFORE,
    ({ expiration }) => expiration !== undefined,
  );
}

import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import { loadSharedConfigFiles } from '@smithy/core/config';
import { BRIEF, withLimits } from '../lambda/aws/http-limits';

/** Who is calling, and from where: what every command that touches an account needs. */
export interface Caller {
  readonly credentials: ReturnType<typeof fromNodeProviderChain>;
  /** The first region to ask: AWS_REGION, the profile's, or us-east-1. */
  readonly region: string;
  /** What the run was told, and its commands repeat; what the environment says stays there. */
  readonly told: { readonly profile?: string | undefined };
  /** Whether S3 is asked at an endpoint that the environment or the profile names: there a bucket is part of the path, not of the host. */
  readonly forcePathStyle: boolean;
}

const nothing = (): void => undefined;
/** Without it the SDK warns of keys in the environment beside a profile, also where `--profile` says which of them is meant. */
const SILENT = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };

/** Ordinary AWS settings: environment, profile, defaults. `--profile` is AWS_PROFILE. An unknown profile shows when credentials are first used. */
export async function findCaller(profile: string | undefined, env: NodeJS.ProcessEnv): Promise<Caller> {
  // The SDK's clients look up endpoints by AWS_PROFILE alone: a client's own `profile` does not count there.
  if (profile !== undefined) process.env.AWS_PROFILE = profile;
  const name = profile ?? env.AWS_PROFILE ?? 'default';
  const credentials = fromNodeProviderChain(profile === undefined ? {} : { profile, logger: SILENT });
  const files = await loadSharedConfigFiles().catch(() => null);
  const settings = files?.configFile[name];
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION || settings?.region || files?.credentialsFile[name]?.region || 'us-east-1';
  const ofServices = files?.configFile[`services.${settings?.services}`]?.['s3.endpoint_url'];
  const endpoint = env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL || ofServices || settings?.endpoint_url;
  return { credentials, region, told: { profile }, forcePathStyle: Boolean(endpoint) };
}

/** The account number from STS, or null where STS does not answer within a few seconds: never fatal, the ARNs tell it too. */
export async function findAccount({ credentials, region }: Caller): Promise<string | null> {
  const client = new STSClient({
    credentials,
    region,
    maxAttempts: 2,
    requestHandler: withLimits(BRIEF),
  });
  try {
    return (await client.send(new GetCallerIdentityCommand({}))).Account ?? null;
  } catch {
    return null;
  } finally {
    client.destroy();
  }
}

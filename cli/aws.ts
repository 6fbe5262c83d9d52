import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import { loadSharedConfigFiles } from '@smithy/core/config';

/** Who is calling, and from where: what every command that touches an account needs. */
export interface Caller {
  readonly credentials: ReturnType<typeof fromNodeProviderChain>;
  /** The first region to ask: AWS_REGION, the profile's, or us-east-1. */
  readonly region: string;
}

/** Ordinary AWS settings: environment, profile, defaults. An unknown profile shows when credentials are first used. */
export async function findCaller(profile: string | undefined, env: NodeJS.ProcessEnv): Promise<Caller> {
  const name = profile ?? env.AWS_PROFILE ?? 'default';
  const credentials = fromNodeProviderChain(profile === undefined ? {} : { profile });
  const fromEnv = env.AWS_REGION || env.AWS_DEFAULT_REGION;
  if (fromEnv) return { credentials, region: fromEnv };
  const files = await loadSharedConfigFiles().catch(() => null);
  return { credentials, region: files?.configFile[name]?.region ?? files?.credentialsFile[name]?.region ?? 'us-east-1' };
}

/** The account number from STS, or null where STS does not answer within a few seconds: never fatal, the ARNs tell it too. */
export async function findAccount({ credentials, region }: Caller): Promise<string | null> {
  const client = new STSClient({
    credentials,
    region,
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 4_000 },
  });
  try {
    return (await client.send(new GetCallerIdentityCommand({}))).Account ?? null;
  } catch {
    return null;
  } finally {
    client.destroy();
  }
}

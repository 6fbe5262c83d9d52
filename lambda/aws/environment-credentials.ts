import { fromEnv } from '@aws-sdk/credential-provider-env';

/**
 * Stands in for `@aws-sdk/credential-provider-node` in the bundles of functions: Lambda hands credentials over in the
 * environment and in no other way, and the rest of the chain (profiles, SSO, instance metadata) would be a sixth of the
 * bundle and of its load time.
 */
export const defaultProvider = (): ReturnType<typeof fromEnv> => fromEnv();

import type { loadSharedConfigFiles } from '@smithy/core/config';
import { oneLine } from '../lambda/core/util/safe-text';

/** Services that the command line calls, the ones of signing in included, as the SDK spells them in settings. */
const SERVICES = [
  'lightsail',
  'sts',
  's3',
  'sns',
  'lambda',
  'cloudformation',
  'scheduler',
  'sqs',
  'eventbridge',
  'cost_explorer',
  'organizations',
  'cloudwatch',
  'sso',
  'sso_oidc',
  'signin',
] as const;
type Service = (typeof SERVICES)[number];

type Files = Awaited<ReturnType<typeof loadSharedConfigFiles>>;

/** An endpoint that replaces AWS's own, and which setting says so. */
interface ConfiguredEndpoint {
  readonly url: string;
  readonly setting: string;
}

/** The settings of one run: its environment, and what the shared files say of its profile. */
export interface EndpointSettings {
  readonly env: NodeJS.ProcessEnv;
  readonly profile: string;
  readonly files: Files | null;
}

const profileOf = ({ profile, files }: EndpointSettings): Readonly<Record<string, string | undefined>> => ({
  ...files?.credentialsFile[profile],
  ...files?.configFile[profile],
});

/** Whether settings of endpoints are to be ignored, as the SDK does it. */
function isIgnored(settings: EndpointSettings): boolean {
  const { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: inEnvironment } = settings.env;
  return (inEnvironment ?? profileOf(settings).ignore_configured_endpoint_urls) === 'true';
}

/** The endpoint of one service, found in the order in which the SDK looks for it; null: AWS's own. */
function endpointOf(service: Service, settings: EndpointSettings): ConfiguredEndpoint | null {
  const { env, profile, files } = settings;
  const { services, endpoint_url: ofProfile } = profileOf(settings);
  const candidates: readonly (readonly [setting: string, url: string | undefined])[] = [
    ...[`AWS_ENDPOINT_URL_${service.toUpperCase()}`, 'AWS_ENDPOINT_URL'].map((name) => [name, env[name]] as const),
    [`services section ${services}`, files?.configFile[`services.${services}`]?.[`${service}.endpoint_url`]],
    [`endpoint_url of the profile ${profile}`, ofProfile],
  ];
  for (const [setting, url] of candidates) if (url) return { setting, url };
  return null;
}

/** Whether a text is the address of an HTTP server. */
export const isHttpAddress = (url: string): boolean => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);

/** An address without what signs in there. */
export function shownEndpoint(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null) return oneLine(url);
  parsed.username = '';
  parsed.password = '';
  return oneLine(parsed.href.replace(/\/$/, ''));
}

/** The first endpoint in force that is no address of an HTTP server; null: there is none. */
export function badEndpoint(settings: EndpointSettings): ConfiguredEndpoint | null {
  if (isIgnored(settings)) return null;
  const found = SERVICES.flatMap((service) => endpointOf(service, settings) ?? []);
  return found.find(({ url }) => !isHttpAddress(url)) ?? null;
}

/** The address that a setting names for a service; null: it is AWS's own. */
export const configuredEndpoint = (service: Service, settings: EndpointSettings): string | null =>
  isIgnored(settings) ? null : (endpointOf(service, settings)?.url ?? null);

/** One line that says where AWS is called instead of its own endpoints; null where that is nowhere. */
export function endpointNotice(settings: EndpointSettings): string | null {
  if (isIgnored(settings)) return null;
  const found = SERVICES.flatMap((service) => endpointOf(service, settings) ?? []);
  const places = new Set(found.map(({ setting, url }) => `${shownEndpoint(url)} (${oneLine(setting)})`));
  if (places.size === 0) return null;
  return `calls to AWS go to another endpoint: ${[...places].join(', ')}; AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true ignores that`;
}

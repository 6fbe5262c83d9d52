/** A proxy as the environment names it. */
export interface ProxyVariable {
  /** The variable that names it. */
  readonly variable: string;
  /** Its value; a value without a scheme has `http://` before it. */
  readonly url: string;
}

/** The proxies that the environment names, by the scheme of the endpoint, and the hosts that are reached directly. */
export interface ProxySettings {
  readonly http: ProxyVariable | null;
  readonly https: ProxyVariable | null;
  /** The value of `NO_PROXY`; null where it is not set. */
  readonly exceptions: string | null;
}

const ENDING = /_proxy$/i;

const withScheme = (value: string): string => {
  if (/^https?:/.test(value) || /^[a-z][a-z0-9+.-]*:\/\//i.test(value)) return value;
  return value.startsWith('//') ? `http:${value}` : `http://${value}`;
};

/**
 * Reads `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` as the AWS CLI does: names in lower case come first, also where they
 * are empty, and `HTTP_PROXY` in capitals does not count in a CGI script.
 */
export function readProxySettings(env: Readonly<Record<string, string | undefined>>): ProxySettings {
  const found = new Map<string, ProxyVariable>();
  const names = Object.keys(env).filter((name) => ENDING.test(name));
  for (const variable of names) {
    const value = env[variable];
    if (value) found.set(variable.replace(ENDING, '').toLowerCase(), { variable, url: value });
  }
  if (env.REQUEST_METHOD !== undefined) found.delete('http');
  for (const variable of names.filter((name) => name.endsWith('_proxy'))) {
    const [scheme, value] = [variable.replace(ENDING, '').toLowerCase(), env[variable]];
    if (value) found.set(scheme, { variable, url: value });
    else found.delete(scheme);
  }
  const proxy = (scheme: string): ProxyVariable | null => {
    const named = found.get(scheme);
    return named === undefined ? null : { ...named, url: withScheme(named.url) };
  };
  return { http: proxy('http'), https: proxy('https'), exceptions: found.get('no')?.url ?? null };
}

/** Whether `NO_PROXY` names this host: itself, with its port, by a suffix of its name, or as `*` for every host. */
function isException(exceptions: string, host: string, port: number): boolean {
  if (exceptions === '*') return true;
  const [bare, whole] = [host.toLowerCase(), `${host.toLowerCase()}:${port}`];
  return exceptions
    .split(',')
    .map((name) => name.trim().replace(/^\.+/, '').toLowerCase())
    .some((name) => name !== '' && [bare, whole].some((each) => each === name || each.endsWith(`.${name}`)));
}

/** The proxy for an endpoint; null: it is reached directly. */
export function proxyFor(
  settings: ProxySettings,
  scheme: 'http' | 'https',
  host: string,
  port: number,
): ProxyVariable | null {
  const proxy = settings[scheme];
  if (proxy === null || (settings.exceptions !== null && isException(settings.exceptions, host, port))) return null;
  return proxy;
}

/** A proxy for a person to read: its address without the password. */
export function proxyName({ variable, url }: ProxyVariable): string {
  if (!URL.canParse(url)) return variable;
  const { protocol, host } = new URL(url);
  return `${variable} (${protocol}//${host})`;
}

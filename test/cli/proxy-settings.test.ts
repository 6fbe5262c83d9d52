import { spawnSync } from 'node:child_process';
import { proxyFor, proxyName, readProxySettings } from '../../cli/proxy-settings';
import { isInstalled, itWith } from '../support/optional';

type Env = Readonly<Record<string, string>>;

const PROXY = 'http://proxy.example.com:3128';

/** The proxy for an endpoint; null: none. */
function chosen(env: Env, url: string): string | null {
  const { protocol, hostname, port } = new URL(url);
  const scheme = protocol === 'https:' ? 'https' : 'http';
  return (
    proxyFor(readProxySettings(env), scheme, hostname, Number(port || (scheme === 'https' ? 443 : 80)))?.url ?? null
  );
}

const AWS = 'https://lightsail.eu-central-1.amazonaws.com/';

/** Environment, endpoint, and the proxy that the AWS CLI takes. */
const CASES: readonly (readonly [Env, string, string | null])[] = [
  [{}, AWS, null],
  [{ HTTPS_PROXY: PROXY }, AWS, PROXY],
  [{ https_proxy: PROXY }, AWS, PROXY],
  [{ HTTPS_PROXY: 'http://upper:1', https_proxy: 'http://lower:2' }, AWS, 'http://lower:2'],
  [{ HTTPS_PROXY: PROXY, https_proxy: '' }, AWS, null],
  [{ HTTPS_PROXY: '' }, AWS, null],
  [{ HTTP_PROXY: PROXY }, AWS, null],
  [{ HTTP_PROXY: PROXY }, 'http://127.0.0.1:4566/', PROXY],
  [{ HTTP_PROXY: PROXY, REQUEST_METHOD: 'GET' }, 'http://127.0.0.1:4566/', null],
  [{ http_proxy: PROXY, REQUEST_METHOD: 'GET' }, 'http://127.0.0.1:4566/', PROXY],
  [{ ALL_PROXY: PROXY }, AWS, null],
  [{ HTTPS_PROXY: 'proxy.example.com:3128' }, AWS, PROXY],
  [{ HTTPS_PROXY: '//proxy.example.com:3128' }, AWS, PROXY],
  [{ HTTPS_PROXY: PROXY, NO_PROXY: '*' }, AWS, null],
  [{ HTTPS_PROXY: PROXY, NO_PROXY: '*,other' }, AWS, PROXY],
  [{ HTTPS_PROXY: PROXY, NO_PROXY: 'amazonaws.com' }, AWS, null],
  [{ HTTPS_PROXY: PROXY, NO_PROXY: '.amazonaws.com' }, AWS, null],
  [{ HTTPS_PROXY: PROXY, NO_PROXY: 'other.example.com, .AmazonAWS.com ' }, AWS, null],
  [{ HTTPS_PROXY: PROXY, NO_PROXY: '*.amazonaws.com' }, AWS, PROXY],
  [{ HTTPS_PROXY: PROXY, NO_PROXY: 'naws.com' }, AWS, PROXY],
  [{ HTTPS_PROXY: PROXY, NO_PROXY: 'other.com', no_proxy: 'amazonaws.com' }, AWS, null],
  [{ HTTPS_PROXY: PROXY, NO_PROXY: 'amazonaws.com', no_proxy: '' }, AWS, PROXY],
  [{ HTTPS_PROXY: PROXY, NO_PROXY: 'localhost:8443' }, 'https://localhost:8443/', null],
  [{ HTTPS_PROXY: PROXY, NO_PROXY: 'localhost:8444' }, 'https://localhost:8443/', PROXY],
  [{ HTTPS_PROXY: PROXY, NO_PROXY: 'localhost' }, 'https://localhost:8443/', null],
  [{ HTTPS_PROXY: PROXY }, 'https://localhost:8443/', PROXY],
  [{ HTTPS_PROXY: PROXY, NO_PROXY: '127.0.0.0/8' }, 'https://127.0.0.1:8443/', PROXY],
  [{ HTTPS_PROXY: PROXY, NO_PROXY: ',' }, AWS, PROXY],
];

describe('the proxy of an endpoint', () => {
  it.each(CASES)('is, with the environment %j and the endpoint %s, %s', (env, url, expected) => {
    expect(chosen(env, url)).toBe(expected);
  });

  itWith(
    'aws',
    'is the one that the AWS CLI takes',
    async () => {
      const script = [
        'import json, os, sys',
        'from botocore.httpsession import ProxyConfiguration',
        'from botocore.utils import get_environ_proxies',
        'answers = []',
        'for env, url, _ in json.load(sys.stdin):',
        '    os.environ.clear(); os.environ.update(env)',
        '    answers.append(ProxyConfiguration(get_environ_proxies(url)).proxy_url_for(url))',
        'print(json.dumps(answers))',
      ].join('\n');
      const { stdout, status } = spawnSync('python3', ['-c', script], {
        input: JSON.stringify(CASES),
        encoding: 'utf8',
      });
      // The AWS CLI may have a Python of its own.
      if (status !== 0) process.stderr.write('SKIPPED: the comparison with botocore needs it in python3\n');
      else expect(JSON.parse(stdout)).toEqual(CASES.map(([, , expected]) => expected));
      expect(isInstalled('aws')).toBe(true);
    },
    60_000,
  );

  it.each([
    [{ HTTPS_PROXY: 'http://me:secret@proxy.example.com:3128' }, 'HTTPS_PROXY (http://proxy.example.com:3128)'],
    [{ https_proxy: 'http://me:se@cr#et' }, 'https_proxy'],
  ])('is named without its password: %j', (env, name) => {
    const { https } = readProxySettings(env);
    const given = https === null ? '' : proxyName(https);
    expect(given).toContain(name);
    expect(given).not.toMatch(/se@|secret/);
  });
});

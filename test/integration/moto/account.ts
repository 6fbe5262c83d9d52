import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** Whether moto's server can be started here. */
export const MOTO = spawnSync('python3', ['-c', 'import boto3, flask, moto.server'], { stdio: 'ignore' }).status === 0;

const ROOT = join(__dirname, '..', '..', '..');
const STARTS_WITHIN_TRIES = 480;

/** An AWS account in memory, for the CDK and for SDK clients: everything but Lightsail. */
export interface MotoAccount {
  readonly url: string;
  /** Settings of SDK clients. */
  readonly client: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { accessKeyId: string; secretAccessKey: string };
  };
  /** Runs `cdk` against it. Throws with its output when it fails. */
  cdk(...args: readonly string[]): string;
  close(): Promise<void>;
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

async function answers(url: string, server: ChildProcess): Promise<boolean> {
  for (let i = 0; i < STARTS_WITHIN_TRIES && server.exitCode === null; i += 1) {
    if ((await fetch(`${url}/moto-api/data.json`).catch(() => null))?.ok) return true;
    await pause(250);
  }
  return false;
}

/** Starts moto's server with the corrections of `server.py`. */
export async function startMoto(): Promise<MotoAccount> {
  const port = await freePort();
  // The CDK's own client refuses the address and takes the name.
  const url = `http://localhost:${port}`;
  const server = spawn('python3', [join(__dirname, 'server.py'), String(port)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  server.stderr.on('data', (data) => {
    // Without the requests that were answered.
    log = `${log}${String(data).replaceAll(/^.*HTTP\/1\.1" [23]\d\d -\n/gm, '')}`.slice(-10_000);
  });
  if (!(await answers(url, server))) throw new Error(`moto did not start:\n${log}`);
  const env = {
    PATH: `${join(ROOT, 'node_modules', '.bin')}:${process.env.PATH ?? ''}`,
    HOME: process.env.HOME ?? '',
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    CDK_VALIDATION: 'false',
    CI: '1',
    NO_COLOR: '1',
  };
  return {
    url,
    client: { endpoint: url, region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } },
    cdk(...args) {
      const cdk = join(ROOT, 'node_modules', 'aws-cdk', 'bin', 'cdk');
      const done = spawnSync(process.execPath, [cdk, ...args, '--no-notices'], {
        cwd: ROOT,
        env,
        encoding: 'utf8',
        timeout: 180_000,
      });
      if (done.status !== 0) throw new Error(`cdk ${args[0]} failed:\n${done.stdout}\n${done.stderr}\n${log}`);
      return done.stdout + done.stderr;
    },
    close: () =>
      new Promise((resolve) => {
        server.once('exit', () => resolve());
        server.kill('SIGKILL');
      }),
  };
}

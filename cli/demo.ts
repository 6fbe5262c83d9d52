import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { sampleAccount } from '../emulator/sample-account';
import { startEmulator } from '../emulator/server';
import { brokenConfig } from '../lambda/config/config-errors';
import { readConfigFile } from '../lambda/config/read-config-file';
import { RetentionError } from '../lambda/core/util/errors';
import { buildEnv } from '../lambda/runtime/env';
import { stageFunction } from '../lambda/runtime/stage-function';
import { EXIT, type ExitCode } from './exit-codes';
import { unwritable, writeOutputFile } from './output-file';
import { runBundle } from './run-bundle';
import { type Terminal, wrapped } from './terminal';

const DEMO_TOPIC = 'arn:aws:sns:eu-central-1:123456789012:lightsail-retention';
const DEMO_BUCKET = 'lightsail-retention-demo';

/** Makes a folder below the current one, before anything else is done, or says in one sentence why it cannot. */
function makeFolder(name: string): string {
  const folder = resolve(name);
  try {
    mkdirSync(folder, { recursive: true });
    return folder;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw unwritable(`cannot make the folder ${name}: ${why}; run this where you may write`, cause);
  }
}

/** Returns the name of the file that a stored object is written to; undefined: it is not written. */
function outputName(key: string): string | undefined {
  if (key.startsWith('plans/')) return 'plan.json';
  return key.startsWith('reports/') ? key.split('/')[2] : undefined;
}

/** The built package: this file is bundled into `dist/`. */
const PACKAGE = join(__dirname, '..');

/**
 * `demo`: the main job on the embedded sample account. The bundle that `cdk deploy` uploads runs against the emulator
 * over HTTP; the e-mail that SNS received is printed, and the files that S3 received are written under `out/`.
 */
export async function demo({ out, err }: Terminal): Promise<ExitCode> {
  const folderOut = makeFolder('out');
  const now = Date.now();
  const configuration = readConfigFile(join(PACKAGE, 'examples', 'agency.yaml'));
  if (!configuration.ok) throw brokenConfig(configuration.errors, 'agency.yaml');
  const emulator = await startEmulator({
    account: sampleAccount(now),
    topics: [{ arn: DEMO_TOPIC, subscriptions: [{ protocol: 'email', endpoint: 'you@example.com' }] }],
    buckets: [DEMO_BUCKET],
  });
  const folder = mkdtempSync(join(tmpdir(), 'lightsail-retention-'));
  try {
    stageFunction(
      join(PACKAGE, 'dist', 'lambda', 'report'),
      { origin: configuration.config.origin, config: configuration.written },
      folder,
    );
    err.write(`embedded Lightsail on ${emulator.url}; running the bundled report function against it\n`);
    const logs: string[] = [];
    const run = await runBundle({
      folder,
      event: { scheduledTime: new Date(now).toISOString() },
      env: {
        ...buildEnv({ topicArn: DEMO_TOPIC, bucket: DEMO_BUCKET }),
        AWS_REGION: 'eu-central-1',
        AWS_ENDPOINT_URL: emulator.url,
        AWS_ACCESS_KEY_ID: 'demo',
        AWS_SECRET_ACCESS_KEY: 'demo',
      },
      timeout: 120_000,
      log: (text) => logs.push(text),
    });
    if (!run.ok) {
      err.write(logs.join(''));
      throw new RetentionError('demo.failed', `the bundled report function failed: ${run.error}`);
    }
    for (const mail of emulator.published) out.write(wrapped(`Subject: ${mail.subject}\n\n${mail.message}\n`, out));
    const written: string[] = [];
    for (const [key, object] of emulator.objects.get(DEMO_BUCKET) ?? []) {
      const name = outputName(key);
      if (name === undefined || name === 'state.json') continue;
      await writeOutputFile(join(folderOut, name), [object.body.toString()]);
      written.push(join('out', name));
    }
    err.write(`wrote ${written.join(', ')}\nopen ${join('out', 'report.html')} in a browser\n`);
    return EXIT.done;
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await emulator.close();
  }
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runBundle } from '../cli/run-bundle';
import { sampleAccount } from '../emulator/sample-account';
import { startEmulator } from '../emulator/server';
import { brokenConfig } from '../lambda/config/config-errors';
import { readConfigFile } from '../lambda/config/read-config-file';
import { RetentionError } from '../lambda/core/util/errors';
import { buildEnv } from '../lambda/runtime/env';
import { writeConfiguration } from '../lambda/runtime/stage-function';
import { bundleHandlers } from './bundle';

/** The Monday at eight of every example. */
export const NOW = Date.UTC(2026, 10, 23, 8);

const SAMPLE_TOPIC = 'arn:aws:sns:eu-central-1:123456789012:lightsail-retention';
const SAMPLE_BUCKET = 'lightsail-retention-demo';

/** Stops the clock of a process at NOW before its own code runs, so that the same sources say the same on any day. */
const CLOCK = `const Real = Date;
globalThis.Date = class extends Real {
  constructor(...parts) { super(...(parts.length === 0 ? [${NOW}] : parts)); }
  static now() { return ${NOW}; }
};`;

/** What a run leaves for a person: the e-mail, and the page. */
export interface SampleRun {
  readonly subject: string;
  readonly message: string;
  readonly page: string;
}

/**
 * What `npm start` does, at NOW: the bundled report function against the embedded sample account. Throws where it
 * fails.
 */
export async function sampleRun(): Promise<SampleRun> {
  const configuration = readConfigFile(join(__dirname, '..', 'examples', 'agency.yaml'));
  const topics = [{ arn: SAMPLE_TOPIC, subscriptions: [{ protocol: 'email', endpoint: 'you@example.com' }] }];
  const emulator = await startEmulator({
    account: sampleAccount(NOW),
    clock: () => NOW,
    topics,
    buckets: [SAMPLE_BUCKET],
  });
  const work = mkdtempSync(join(tmpdir(), 'sample-run-'));
  const folder = join(work, 'report');
  try {
    if (!configuration.ok) throw brokenConfig(configuration.errors, 'examples/agency.yaml');
    bundleHandlers(work, ['report']);
    writeConfiguration(folder, { origin: configuration.config.origin, config: configuration.written });
    const run = await runBundle({
      folder,
      event: { scheduledTime: new Date(NOW).toISOString() },
      env: {
        ...buildEnv({ topicArn: SAMPLE_TOPIC, bucket: SAMPLE_BUCKET }),
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(CLOCK)}`,
        AWS_REGION: 'eu-central-1',
        AWS_ENDPOINT_URL: emulator.url,
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
      },
      timeout: 120_000,
      log: () => undefined,
    });
    const [mail] = emulator.published;
    const [, page] =
      [...(emulator.objects.get(SAMPLE_BUCKET) ?? [])].find(([key]) => key.endsWith('/report.html')) ?? [];
    if (!run.ok || mail === undefined || page === undefined)
      throw new RetentionError('docs.run', `the sample run made no report: ${run.ok ? 'nothing was sent' : run.error}`);
    return { subject: mail.subject ?? '', message: mail.message, page: page.body.toString() };
  } finally {
    rmSync(work, { recursive: true });
    await emulator.close();
  }
}

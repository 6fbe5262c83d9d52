import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DurableLambdaHandler } from '@aws/durable-execution-sdk-js';
import { runBundle } from '../../cli/run-bundle';
import { sampleAccount } from '../../emulator/sample-account';
import { startEmulator } from '../../emulator/server';
import { buildEnv } from '../../lambda/runtime/env';
import { stageFunction } from '../../lambda/runtime/stage-function';
import { DELETION_WRITES_ONCE, WRITE_ONCE } from '../../lambda/storage/keys';
import { immortal, runExecution } from '../handlers/durable-engine';
import { pointSdkTo } from '../support/aws-env';
import { bundleOf } from '../support/built-programs';
import { CLOCK } from '../support/clock-ahead';
import { type RunOutput, runCli } from '../support/terminal';

const HOUR = 3_600_000;
const TOPIC = 'arn:aws:sns:eu-central-1:123456789012:reports';
export const BUCKET = 'reports';
/** JSON is YAML: the functions and the command line read the same text. */
const CONFIG = {
  version: 1,
  policies: { short: { keep: { last: 2 } }, long: { keep: { last: 20 } } },
  rules: [{ match: { kind: 'instance' }, policy: 'long' }],
  default: 'short',
  caps: { maxDeletions: 1_000, maxShare: 1 },
  deletion: { grace: '1d' },
};
/** A plan as `report --plan-out` writes it. */
interface WrittenPlan {
  readonly id: string;
  readonly digest: string;
  readonly items: readonly { readonly arn: string; readonly name: string; readonly source: string }[];
}

/** The sample account with a deployment of the real bundles, and a folder of local results. */
export interface RecordedAccount {
  readonly work: string;
  readonly cli: (...args: readonly string[]) => Promise<RunOutput>;
  /** Runs the report function, so many hours ago. */
  readonly report: (hoursAgo: number) => Promise<void>;
  /** Makes a plan of one kind of snapshot on the command line. */
  readonly plan: (
    kind: string,
  ) => Promise<{ readonly file: string; readonly text: string; readonly plan: WrittenPlan }>;
  /** Runs the deletion function. */
  readonly deletion: (event: object, name: string) => ReturnType<typeof runExecution>;
  /** The objects of the bucket by key. */
  readonly bucket: () => ReadonlyMap<string, Buffer>;
  readonly store: (key: string, text: string) => void;
  /** The bodies of the e-mails, in order. */
  readonly mails: () => readonly string[];
  readonly close: () => Promise<void>;
}

/** Starts the emulator with the sample account, and builds both functions. */
export async function startRecordedAccount(): Promise<RecordedAccount> {
  const work = mkdtempSync(join(tmpdir(), 'recorded-'));
  for (const name of ['report', 'delete'] as const)
    stageFunction(bundleOf(name), { origin: 'retention.yaml', config: CONFIG }, join(work, name));
  const config = join(work, 'retention.yaml');
  writeFileSync(config, JSON.stringify(CONFIG));
  writeFileSync(join(work, 'clock.cjs'), CLOCK);
  const emulator = await startEmulator({
    account: sampleAccount(Date.now()),
    topics: [{ arn: TOPIC, subscriptions: [{ protocol: 'email', endpoint: 'ops@example.com' }] }],
    buckets: [BUCKET],
    writeOnce: [...WRITE_ONCE, ...DELETION_WRITES_ONCE],
  });
  const lambda = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ FunctionVersion: '1' }));
  });
  await new Promise<void>((resolve) => lambda.listen(0, '127.0.0.1', resolve));
  const restore = pointSdkTo(emulator.url);
  const deletionArn = 'arn:aws:lambda:eu-central-1:123456789012:function:lightsail-deletion:live';
  const settings = { topicArn: TOPIC, bucket: BUCKET, deletionMode: 'automatic', keptDays: '400' };
  const environment = { ...buildEnv({ ...settings, deletionFunction: deletionArn }) };
  Object.assign(process.env, buildEnv(settings), {
    AWS_ENDPOINT_URL_LAMBDA: `http://127.0.0.1:${(lambda.address() as AddressInfo).port}`,
    POWERTOOLS_METRICS_DISABLED: 'true',
  });
  const objects = () => emulator.objects.get(BUCKET) ?? new Map();
  const cli = (...args: readonly string[]) => runCli([...args, '--config', config], process.env);
  return {
    work,
    cli,
    async report(hoursAgo) {
      const ahead = -hoursAgo * HOUR;
      emulator.clockOffset = ahead;
      const logs: string[] = [];
      const answer = await runBundle({
        folder: join(work, 'report'),
        event: { scheduledTime: new Date(Date.now() + ahead).toISOString() },
        env: {
          ...environment,
          NODE_OPTIONS: `--require ${join(work, 'clock.cjs')}`,
          CLOCK_AHEAD: String(ahead),
          AWS_REGION: 'eu-central-1',
          AWS_ENDPOINT_URL: emulator.url,
          AWS_ACCESS_KEY_ID: 'test',
          AWS_SECRET_ACCESS_KEY: 'test',
        },
        timeout: 120_000,
        log: (text) => logs.push(text),
      });
      emulator.clockOffset = 0;
      if (!answer.ok) throw new Error(`the report failed: ${answer.error}\n${logs.join('')}`);
    },
    async plan(kind) {
      const file = join(work, `${kind}.json`);
      const made = await cli('report', '--kind', kind, '--plan-out', file, '--quiet');
      if (made.code !== 0) throw new Error(`no plan was made: ${made.err}`);
      const text = readFileSync(file, 'utf8');
      return { file, text, plan: JSON.parse(text) };
    },
    async deletion(event, name) {
      const written = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
      const { handler } = require(join(work, 'delete', 'index.js')) as { readonly handler: DurableLambdaHandler };
      try {
        return await runExecution(() => handler, event, immortal, { name });
      } finally {
        written.mockRestore();
      }
    },
    bucket: () => new Map([...objects()].map(([key, { body }]) => [key, body])),
    store(key, text) {
      const object = { body: Buffer.from(text), contentType: 'application/json', metadata: {}, etag: `"${key}"` };
      emulator.objects.get(BUCKET)?.set(key, { ...object, lastModified: Date.now() });
    },
    mails: () => emulator.published.map(({ message }) => message),
    async close() {
      delete process.env.AWS_ENDPOINT_URL_LAMBDA;
      restore();
      await emulator.close();
      lambda.closeAllConnections();
      lambda.close();
      rmSync(work, { recursive: true, force: true });
    },
  };
}

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeLightsailClients } from '../lambda/aws/lightsail-client';
import { makeReadInventory } from '../lambda/aws/lightsail-inventory';
import { KINDS } from '../lambda/core/snapshot/snapshot';
import { snapshotKinds } from '../lambda/kinds/registry';
import { walkBySdk } from './bare-client';
import { runChildProcess, runNode } from './child';
import { type Cost, inTurns, measure, printRatios, spreadOf } from './harness';
import { type BenchEndpoint, serve } from './serve';

const SNAPSHOTS = 20_000;
const SERVED = { snapshots: SNAPSHOTS, pageSize: 50, latency: 10 };
const TITLE = `${SNAPSHOTS} snapshots of 200 sources in 16 regions, 50 a page, each answer 10 ms late`;

/** A policy for every snapshot, and no call for each source. */
export const BENCH_CONFIG = `version: 1
policies: { standard: { keep: { last: 3, daily: 7, weekly: 4, monthly: 12, yearly: 2 } } }
default: standard
report: { automaticSnapshots: false }
`;

/** The command line as `npm run build` made it. */
export const COMMAND_LINE = join(__dirname, 'lightsail-retention.cjs');

/** What makes any AWS client ask an endpoint. */
export const benchSettings = (endpoint: BenchEndpoint): Readonly<Record<string, string>> => ({
  AWS_ENDPOINT_URL: endpoint.url,
  AWS_ACCESS_KEY_ID: 'bench',
  AWS_SECRET_ACCESS_KEY: 'bench',
  AWS_REGION: 'us-east-1',
});

async function readInventory(url: string): Promise<void> {
  const credentials = { accessKeyId: 'bench', secretAccessKey: 'bench' };
  const clients = makeLightsailClients({ config: { endpoint: url, credentials } });
  const read = makeReadInventory({
    clients,
    kinds: snapshotKinds,
    firstRegion: 'us-east-1',
    account: null,
    clock: Date.now,
  });
  const inventory = await read({
    regions: 'all',
    kinds: KINDS,
    automaticSnapshots: false,
    deadline: null,
    previouslyRead: new Set(),
  });
  if (!inventory.complete || inventory.snapshots.length !== SNAPSHOTS)
    throw new Error(`the bench read ${inventory.snapshots.length} of ${SNAPSHOTS} snapshots`);
}

/** The inventory against the bare client of the SDK, both in this process. */
export async function benchListing(out: NodeJS.WritableStream): Promise<void> {
  const endpoint = await serve(SERVED);
  const measured = await measure({ sdk: () => walkBySdk(endpoint.url), inventory: () => readInventory(endpoint.url) });
  endpoint.close();
  printRatios(
    `listing: ${TITLE}`,
    [
      {
        what: 'inventory',
        measured: measured.inventory,
        against: 'bare SDK client',
        base: measured.sdk,
        target: { atMost: 1.15 },
      },
    ],
    out,
  );
}

/** `aws lightsail get-instance-snapshots` over the regions in turn; null where there is no AWS CLI. */
async function costOfAwsCli(endpoint: BenchEndpoint): Promise<Cost | null> {
  const env = { ...benchSettings(endpoint), AWS_PAGER: '', AWS_MAX_ATTEMPTS: '2' };
  try {
    await runChildProcess('aws', ['--version'], env);
  } catch {
    return null;
  }
  const script = `for region in ${endpoint.regions.join(' ')}; do aws --region $region --endpoint-url ${endpoint.url} lightsail get-instance-snapshots >/dev/null || exit 1; done; times >&2`;
  const start = performance.now();
  const output = await runChildProcess('sh', ['-c', script], env);
  const wall = performance.now() - start;
  const times = [...(output.trim().split('\n').at(-1) ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
  return {
    wall,
    cpu: times.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1_000, 0),
  };
}

/** The whole command, process start included, against a process that does nothing but HTTP, and against the AWS CLI. */
export async function benchCommand(out: NodeJS.WritableStream): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const config = join(folder, 'retention.yaml');
  writeFileSync(config, BENCH_CONFIG);
  const endpoint = await serve(SERVED);
  const report = ['report', '--quiet', '--config', config, '--format', 'json', '--output', join(folder, 'report.json')];
  const measured = await inTurns({
    http: () => runNode([__filename, 'bare-http', endpoint.url]),
    report: () => runNode([COMMAND_LINE, ...report], benchSettings(endpoint)),
  });
  const cli: Cost[] = [];
  for (let round = 0; round < 2; round += 1) {
    const cost = await costOfAwsCli(endpoint);
    if (cost !== null) cli.push(cost);
  }
  endpoint.close();
  rmSync(folder, { recursive: true, force: true });
  const what = 'report --format json';
  const byCli = { wall: spreadOf(cli.map(({ wall }) => wall)), cpu: spreadOf(cli.map(({ cpu }) => cpu)) };
  printRatios(
    `the whole command: ${TITLE}`,
    [
      { what, measured: measured.report, against: 'bare HTTP process', base: measured.http, target: { atMost: 4 } },
      ...(cli.length === 0
        ? []
        : [
            {
              what,
              measured: measured.report,
              against: 'AWS CLI, regions in turn',
              base: byCli,
              target: { atLeast: 15 },
            },
          ]),
    ],
    out,
  );
  if (cli.length === 0) out.write('  there is no AWS CLI here to compare with\n');
}

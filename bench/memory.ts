import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runBundle } from '../cli/run-bundle';
import { buildEnv } from '../lambda/runtime/env';
import { stageFunction } from '../lambda/runtime/stage-function';
import { type ChildRun, probed, runNode } from './child';
import { BENCH_CONFIG, benchSettings, COMMAND_LINE } from './listing';
import { BENCH_BUCKET, BENCH_TOPIC, type BenchEndpoint, serve } from './serve';

/** What a report over the largest account may take. */
const LIMIT_MB = 256;
const SIZES = [10_000, 50_000, 200_000];

/** The function's configuration: what `CONFIG` says, as it is bundled. */
const BUNDLED = {
  version: 1,
  policies: { standard: { keep: { last: 3, daily: 7, weekly: 4, monthly: 12, yearly: 2 } } },
  default: 'standard',
  report: { automaticSnapshots: false },
};

async function runFunction(endpoint: BenchEndpoint, folder: string): Promise<ChildRun> {
  stageFunction(join(__dirname, 'lambda', 'report'), { origin: 'retention.yaml', config: BUNDLED }, folder);
  const env = { ...benchSettings(endpoint), ...buildEnv({ topicArn: BENCH_TOPIC, bucket: BENCH_BUCKET }) };
  return probed(async (probe) => {
    const answer = await runBundle({
      folder,
      event: {},
      env: { ...env, ...probe },
      timeout: 900_000,
      log: () => undefined,
    });
    if (!answer.ok) throw new Error(`the bundled function failed: ${answer.error}`);
  });
}

/**
 * The whole job in a process of its own, for accounts of different sizes: the command line, and the function, once
 * without and once with a report before it.
 */
export async function benchMemory(out: NodeJS.WritableStream): Promise<void> {
  out.write(`\nmemory: the whole job, all its files written, at most ${LIMIT_MB} MB resident\n`);
  for (const snapshots of SIZES) {
    const folder = mkdtempSync(join(tmpdir(), 'bench-'));
    const config = join(folder, 'retention.yaml');
    writeFileSync(config, BENCH_CONFIG);
    const endpoint = await serve({ snapshots, pageSize: 50, latency: 0 });
    const files = ['--output', join(folder, 'report.json'), '--plan-out', join(folder, 'plan.json')];
    const runs = {
      'command line': await runNode(
        [COMMAND_LINE, 'report', '--quiet', '--config', config, '--format', 'json', ...files],
        benchSettings(endpoint),
      ),
      'function, first report': await runFunction(endpoint, join(folder, 'function')),
      'function, next report': await runFunction(endpoint, join(folder, 'function')),
    };
    endpoint.close();
    rmSync(folder, { recursive: true, force: true });
    for (const [what, { peakMb, wall, cpu }] of Object.entries(runs)) {
      const verdict = peakMb <= LIMIT_MB ? 'met' : 'MISSED';
      const times = `${(wall / 1_000).toFixed(1)} s, CPU ${(cpu / 1_000).toFixed(1)} s, ${((cpu * 1_000) / snapshots).toFixed(0)} µs each`;
      out.write(`  ${snapshots} snapshots, ${what}: ${peakMb.toFixed(0)} MB (${verdict}); ${times}\n`);
    }
  }
}

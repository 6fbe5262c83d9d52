import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { runNode } from './child';
import { inTurns, printRatios } from './harness';

const MAX_BUNDLE_BYTES = 640_000;

/** What any function needs that asks Lightsail, sends to SNS, and logs. */
const MINIMUM = `
import { LightsailClient, GetInstanceSnapshotsCommand } from '@aws-sdk/client-lightsail';
import { SNSClient, PublishCommand } from '@aws-sdk/client-sns';
import { Logger } from '@aws-lambda-powertools/logger';
export const handler = async () => [LightsailClient, GetInstanceSnapshotsCommand, SNSClient, PublishCommand, Logger];`;

/** The function's bundle against one of the clients and the logger alone: bytes, and the time that loading it takes. */
export async function benchBundle(out: NodeJS.WritableStream): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const minimum = join(folder, 'index.js');
  buildSync({
    stdin: { contents: MINIMUM, resolveDir: process.cwd() },
    outfile: minimum,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    mainFields: ['module', 'main'],
    logLevel: 'silent',
  });
  const report = join(__dirname, 'lambda', 'report', 'index.js');
  const [bytes, least] = [statSync(report).size, statSync(minimum).size];
  out.write(
    `\nthe report function's bundle\n  ${bytes} bytes (clients and logger alone: ${least}), target ≤ ${MAX_BUNDLE_BYTES}: ${bytes <= MAX_BUNDLE_BYTES ? 'met' : 'MISSED'}\n`,
  );
  const load = (file: string) => () => runNode(['-e', `require(${JSON.stringify(file)})`]);
  const measured = await inTurns(
    { nothing: () => runNode(['-e', '0']), minimum: load(minimum), report: load(report) },
    15,
  );
  rmSync(folder, { recursive: true, force: true });
  const less = measured.nothing;
  const without = (of: typeof less): typeof less => ({
    wall: { ...of.wall, median: of.wall.median - less.wall.median },
    cpu: { ...of.cpu, median: of.cpu.median - less.cpu.median },
  });
  printRatios(
    'loading it (medians less those of an empty process)',
    [
      {
        what: 'report function',
        measured: without(measured.report),
        against: 'Lightsail and SNS clients and logger',
        base: without(measured.minimum),
        target: { atMost: 1.7 },
      },
    ],
    out,
  );
}

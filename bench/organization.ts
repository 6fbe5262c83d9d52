import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SAMPLE_ROLE } from '../emulator/sample-organization';
import { runNode } from './child';
import { BENCH_CONFIG, benchSettings, COMMAND_LINE } from './listing';
import { serve } from './serve';

const ACCOUNTS = 300;
const SERVED_ACCOUNT = { snapshots: 60, pageSize: 50, latency: 50 };
/** What a report over all of them may take. */
const LIMIT_SECONDS = 90;
const LIMIT_ORGANIZATION_MB = 512;

const verdictOf = (value: number, limit: number): string => `at most ${limit}: ${value <= limit ? 'met' : 'MISSED'}`;

/** The report on an organization from the command line, in a process of its own. */
export async function benchOrganization(out: NodeJS.WritableStream): Promise<void> {
  const { snapshots, latency } = SERVED_ACCOUNT;
  out.write(
    `\norganization: ${ACCOUNTS} accounts of ${snapshots} snapshots in 16 regions, each answer ${latency} ms late\n`,
  );
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const config = join(folder, 'retention.yaml');
  writeFileSync(config, BENCH_CONFIG);
  const endpoint = await serve({ ...SERVED_ACCOUNT, accounts: ACCOUNTS });
  const output = join(folder, 'roll-up.json');
  const roles = [
    '--role-arn',
    `arn:aws:iam::{account}:role/${SAMPLE_ROLE.name}`,
    '--external-id',
    SAMPLE_ROLE.externalId,
  ];
  const report = ['report', '--quiet', '--config', config, '--account', 'all', ...roles];
  const { wall, cpu, peakMb } = await runNode(
    [COMMAND_LINE, ...report, '--format', 'json', '--output', output],
    benchSettings(endpoint),
  );
  endpoint.close();
  const { totals, accounts } = JSON.parse(readFileSync(output, 'utf8'));
  rmSync(folder, { recursive: true, force: true });
  if (accounts.length !== ACCOUNTS || totals.snapshots !== ACCOUNTS * snapshots)
    throw new Error(`the bench read ${totals.snapshots} snapshots of ${accounts.length} accounts`);
  const seconds = wall / 1_000;
  out.write(`  ${seconds.toFixed(1)} s (${verdictOf(seconds, LIMIT_SECONDS)}), CPU ${(cpu / 1_000).toFixed(1)} s\n`);
  out.write(`  ${peakMb.toFixed(0)} MB (${verdictOf(peakMb, LIMIT_ORGANIZATION_MB)})\n`);
}

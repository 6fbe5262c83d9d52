import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cost } from './harness';

/** What a process of its own took, from its start to its end. `peakMb`: the most memory that was resident. */
export interface ChildRun extends Cost {
  readonly peakMb: number;
}

/**
 * Loaded into the measured process: writes at its end what the system says of it. `VmHWM` starts again with each
 * program, `maxRSS` does not.
 */
const PROBE = `process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const { readFileSync, writeFileSync } = require('node:fs');
  let peakKb = maxRSS;
  try { peakKb = Number(/VmHWM:\\s*(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]); } catch {}
  writeFileSync(process.env.BENCH_PROBE, JSON.stringify({ cpu: (userCPUTime + systemCPUTime) / 1000, peakMb: peakKb / 1024 }));
});`;

/** Runs `start` with settings that make the Node process it starts tell what it took. */
export async function probed(start: (env: Readonly<Record<string, string>>) => Promise<unknown>): Promise<ChildRun> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const [probe, result] = [join(folder, 'probe.cjs'), join(folder, 'result.json')];
  writeFileSync(probe, PROBE);
  try {
    const begin = performance.now();
    await start({ NODE_OPTIONS: `--require ${probe}`, BENCH_PROBE: result });
    const wall = performance.now() - begin;
    return { wall, ...(JSON.parse(readFileSync(result, 'utf8')) as Pick<ChildRun, 'cpu' | 'peakMb'>) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a program to its end; gives what it wrote to stderr. Rejects when it fails. */
export function runChildProcess(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let output = '';
    child.stderr?.on('data', (data: Buffer) => {
      output = `${output}${data}`.slice(-2_000);
    });
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve(output) : reject(new Error(`${command} ${args.join(' ')} ended with ${code}: ${output}`)),
    );
  });
}

/** Runs Node with some arguments and measures it. */
export const runNode = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<ChildRun> =>
  probed((settings) => runChildProcess(process.execPath, args, { ...env, ...settings }));

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandLineProgram } from '../support/built-programs';

export interface Ran {
  code: number | null;
  out: string;
  err: string;
}
/** The command line as a process of its own, in a folder of its own. */
export function makeFolder(config = DEFAULT_CONFIG): string {
  const folder = mkdtempSync(join(tmpdir(), 'adversarial-'));
  writeFileSync(join(folder, 'retention.yaml'), config);
  mkdirSync(join(folder, '.aws'));
  return folder;
}
export const DEFAULT_CONFIG = `version: 1
kinds: [instance]
policies: { short: { expireAfter: 7d, keep: { last: 1 } } }
default: short
caps: { maxDeletions: 1000, maxShare: 1 }
`;
export function start(
  folder: string,
  url: string,
  args: readonly string[],
  env: Record<string, string> = {},
): { child: ChildProcess; done: Promise<Ran>; given: Ran } {
  const child = spawn(process.execPath, [commandLineProgram(), ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH ?? '',
      HOME: folder,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_ENDPOINT_URL: url,
      AWS_REGION: 'us-east-1',
      ...(env.AWS_PROFILE === undefined ? { AWS_ACCESS_KEY_ID: 'keyA', AWS_SECRET_ACCESS_KEY: 'secret' } : {}),
      ...env,
    },
  });
  const given: Ran = { code: null, out: '', err: '' };
  child.stdout?.on('data', (data) => {
    given.out += String(data);
  });
  child.stderr?.on('data', (data) => {
    given.err += String(data);
  });
  const done = new Promise<Ran>((resolve) => child.on('close', (code) => resolve(Object.assign(given, { code }))));
  return { child, done, given };
}
export const run = (
  folder: string,
  url: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Ran> => start(folder, url, args, env).done;

export async function planIn(
  folder: string,
  url: string,
  env: Record<string, string> = {},
): Promise<{ id: string; count: number }> {
  const ran = await run(folder, url, ['report', '--quiet', '--plan-out', 'plan.json'], env);
  if (!existsSync(join(folder, 'plan.json'))) throw new Error(`no plan: ${ran.code} ${ran.err}${ran.out}`);
  const plan = JSON.parse(readFileSync(join(folder, 'plan.json'), 'utf8'));
  return { id: plan.id, count: plan.items.length };
}
export function resultOf(folder: string): {
  status: string;
  items: { name: string; arn: string; outcome: string; text: string; mayStillBeDeleted?: true }[];
} | null {
  const results = join(folder, 'results');
  if (!existsSync(results)) return null;
  const file = readdirSync(results).find((name) => name.endsWith('.json') && !name.startsWith('.'));
  return file === undefined ? null : JSON.parse(readFileSync(join(results, file), 'utf8'));
}
export const clean = (folder: string): void => rmSync(folder, { recursive: true, force: true });

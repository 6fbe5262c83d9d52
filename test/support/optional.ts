import { spawnSync } from 'node:child_process';

const found = new Map<string, boolean>();

/** Whether a program tells its version (a shim on the PATH may lead nowhere). Asked once for each program. */
export function isInstalled(program: string, version = '--version'): boolean {
  const known = found.get(program) ?? spawnSync(program, [version], { stdio: 'ignore', timeout: 30_000 }).status === 0;
  found.set(program, known);
  return known;
}

/**
 * A test that needs a program. Where it is not installed the test is skipped: its name says so, and so does a line on
 * stderr.
 */
export function itWith(
  program: string,
  name: string,
  run: () => Promise<void>,
  timeout?: number,
  version?: string,
): void {
  if (isInstalled(program, version)) {
    it(name, run, timeout);
    return;
  }
  process.stderr.write(`SKIPPED: "${name}" needs ${program}, which is not installed here\n`);
  // Skipped loudly, and only where the program is missing.
  it.skip(`SKIPPED, ${program} is not installed: ${name}`, run);
}

/**
 * A suite that needs something. Where it is not here the suite is skipped: its name says so, and so does a line on
 * stderr.
 */
export function describeWith(here: boolean, needs: string, name: string, suite: () => void): void {
  if (here) {
    describe(name, suite);
    return;
  }
  process.stderr.write(`SKIPPED: "${name}" needs ${needs}, which is not here\n`);
  // Skipped loudly, and only where something is missing.
  describe.skip(`SKIPPED, ${needs} is not here: ${name}`, suite);
}

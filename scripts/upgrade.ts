import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { RetentionError } from '../lambda/core/util/errors';

/** What holds something that another resource of the same kind would not: reports, subscribers, letters, logs. */
const STATEFUL = [
  'AWS::S3::Bucket',
  'AWS::SNS::Topic',
  'AWS::SNS::Subscription',
  'AWS::SQS::Queue',
  'AWS::Logs::LogGroup',
  'AWS::KMS::Key',
];

/** A resource that does not stay, as `cdk diff` says it. */
const LOST = /^\[[-~]\] (AWS::\S+) .* (?:replace|may be replaced|destroy|orphan)$/;

/**
 * Lines of `cdk diff` by which something is lost that holds history: a resource replaced, destroyed or left behind.
 * Throws `upgrade.no-diff` for a text that is no finished comparison.
 */
export function lostBy(diff: string): readonly string[] {
  if (!/Number of stacks with differences: \d+/.test(diff))
    throw new RetentionError(
      'upgrade.no-diff',
      `cannot tell what an upgrade would lose: cdk diff did not finish\n${diff}`,
    );
  return diff.split('\n').filter((line) => STATEFUL.includes(LOST.exec(line.trimEnd())?.[1] ?? ''));
}

/**
 * Compares the app that is here with the template of an earlier release, as a deployment over it would; gives the whole
 * of `cdk diff`.
 */
export function diffWith(template: string): string {
  if (!existsSync(template)) throw new RetentionError('upgrade.template', `there is no template ${template}`);
  const cdk = join(__dirname, '..', 'node_modules', 'aws-cdk', 'bin', 'cdk');
  const args = [cdk, 'diff', '--no-notices', '-c', 'email=you@example.com', '--template', template];
  const { stdout, stderr, error } = spawnSync(process.execPath, args, {
    cwd: join(__dirname, '..'),
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
  });
  if (error !== undefined) throw error;
  return `${stdout}${stderr}`;
}

function upgradeProject([template = '']: readonly string[]): void {
  try {
    const diff = diffWith(template);
    process.stdout.write(diff);
    const lost = lostBy(diff);
    for (const line of lost) process.stderr.write(`LOST by an upgrade: ${line}\n`);
    process.exitCode = lost.length === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof RetentionError)) throw error;
    process.stderr.write(`error: ${error.message}\n`);
    process.exitCode = 1;
  }
}

if (require.main === module) upgradeProject(process.argv.slice(2));

import { reportFailure, wrapped } from '../../cli/terminal';
import { RetentionError } from '../../lambda/core/util/errors';
import { runCli, terminalOf } from '../support/terminal';

const ARN = 'arn:aws:lightsail:eu-central-1:123456789012:InstanceSnapshot/5f4dcc3b-5aa7-65d6-1d83-27deb882cf99';
const COMMAND = 'npx lightsail-retention explain web-01 --region eu-central-1 --profile production';
const MESSAGE = `two snapshots have this name, and only one of them can be meant:\n  ${ARN} (instance, eu-central-1)\nchoose one; this explains it: ${COMMAND}`;

test('an error is wrapped on a terminal, with ARNs and commands in one piece', () => {
  const { stream, text } = terminalOf(60);
  reportFailure(new RetentionError('explain.ambiguous', MESSAGE), stream, {});
  const lines = text().split('\n');
  expect(lines.filter((line) => line.length > 60)).toEqual([`  ${ARN}`, expect.stringContaining(COMMAND)]);
  expect(lines[0]).toBe('error: two snapshots have this name, and only one of them');
  expect(text().replace(/\s+/g, ' ')).toBe(`error: ${MESSAGE} [explain.ambiguous] `.replace(/\s+/g, ' '));
});

test('wrong options are wrapped on a terminal', async () => {
  const { stream, text } = terminalOf(50);
  const { run } = await import('../../cli/program');
  expect(await run(['report', '--format', 'nothing'], { out: stream, err: stream, env: {} }, '0.0.0')).toBe(2);
  const tooLong = text()
    .split('\n')
    .filter((line) => line.length > 50 && !line.includes('npx '));
  expect(tooLong).toEqual([]);
});

test('nothing is wrapped in a pipe', async () => {
  expect(wrapped(`${'word '.repeat(60)}\n`, { isTTY: false, columns: 40 })).toBe(`${'word '.repeat(60)}\n`);
  const { err } = await runCli(['apply', 'plan.json']);
  expect(err).toMatch(/^error: choose what deletes: [^\n]*\[usage\.apply\]\n/);
});

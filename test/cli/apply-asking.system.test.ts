import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { apply } from '../../cli/apply';
import { reportFailure } from '../../cli/terminal';
import { unwrapped } from '../support/terminal';
import { applyRig, POLICY, type Started } from './apply-rig';

describe('apply, asking for the number', () => {
  const rig = applyRig();
  const { config, plan, startWith, count } = rig;

  describe('asking on a terminal', () => {
    const typing = async (text: string | null, meanwhile: () => void = () => undefined) => {
      const input = Object.assign(new PassThrough(), { isTTY: true });
      const chunks: string[] = [];
      const stream = Object.assign(new PassThrough(), { isTTY: false });
      stream.on('data', (data) => {
        chunks.push(String(data));
        if (!/Type the number of snapshots to delete \(5\)/.test(String(data))) return;
        meanwhile();
        if (text === null) input.end();
        else input.write(text);
      });
      const terminal = { out: stream, err: stream, env: {} } as unknown as Parameters<typeof apply>[2];
      const code = await apply(
        plan(),
        { local: true, config: config() },
        terminal,
        input as unknown as NodeJS.ReadStream,
      ).catch((error: unknown) => reportFailure(error, terminal.err, {}));
      return { code, text: chunks.join('') };
    };

    it('deletes when the count is typed', async () => {
      const { code, text } = await typing('5\n');
      expect(code).toBe(0);
      expect(text.indexOf('will be deleted')).toBeLessThan(text.indexOf('Type the number of snapshots'));
      expect(count()).toBe(6);
    });

    it('decides again, and shows the new candidates, when the question was open for more than ten minutes', async () => {
      const now = jest.spyOn(Date, 'now');
      try {
        const { code, text } = await typing('5\n', () => {
          const late = Date.now() + 11 * 60_000;
          now.mockImplementation(() => late);
          rig.emulator.clockOffset = 11 * 60_000;
          rig.emulator.world.tag('us-east-1', 'web-05', [{ key: 'retention:hold' }]);
        });
        const [before, after] = text.split('Type the number of snapshots').map(unwrapped);
        expect(before).toContain('5 snapshots will be deleted');
        expect(after).toContain('4 snapshots will be deleted');
        expect({ code, left: count() }).toEqual({ code: 0, left: 7 });
      } finally {
        now.mockRestore();
      }
    });

    it('refuses a plan that expired while the question stood', async () => {
      const now = jest.spyOn(Date, 'now');
      try {
        const { code, text } = await typing('5\n', () => {
          const late = Date.now() + 8 * 86_400_000;
          now.mockImplementation(() => late);
        });
        expect({ code, text }).toMatchObject({ code: 4, text: expect.stringContaining('[plan.expired]') });
        expect(count()).toBe(11);
      } finally {
        now.mockRestore();
      }
    });

    it.each<[string, () => void, string, number]>([
      [
        'of which it now keeps all',
        () => writeFileSync(config(), POLICY.replace('last: 3', 'last: 30')),
        'plan.config-changed',
        4,
      ],
      ['that now has an error', () => writeFileSync(config(), 'version: 1\npolicies: 7\n'), 'config.invalid', 2],
      ['that is no longer there', () => rmSync(config()), 'config.invalid', 2],
    ])('deletes nothing after a change of the configuration, %s, while the question was open', async (...args) => {
      const [, change, refused, exitCode] = args;
      const { code, text } = await typing('5\n', change);
      expect({ code, text }).toMatchObject({ code: exitCode, text: expect.stringContaining(`[${refused}]`) });
      expect(rig.emulator.requests.count('DeleteInstanceSnapshot')).toBe(0);
      expect(count()).toBe(11);
    });

    it('warns of the configuration once, not again after the answer', async () => {
      writeFileSync(join(rig.work, 'retention.yml'), POLICY);
      const { code, text } = await typing('5\n');
      expect({ code, warnings: text.match(/warning: retention\.yml is not read/g)?.length }).toEqual({
        code: 0,
        warnings: 1,
      });
    });

    it.each([
      ['another number', '4\n'],
      ['yes', 'yes\n'],
    ])('refuses %s', async (_, typed) => {
      const { code, text } = await typing(typed);
      expect(code).toBe(4);
      expect(text).toContain('[plan.count]');
      expect(count()).toBe(11);
    });

    it.each([
      ['the Enter key', '\n'],
      ['the end of input', null],
    ])('stops without an error at %s', async (_, typed) => {
      const { code, text } = await typing(typed);
      expect(code).toBe(4);
      expect(text).toMatch(/Stopped: no number was given, and nothing was deleted\.\n$/);
      expect(text).not.toContain('error:');
      expect(count()).toBe(11);
    });
  });

  describe('asking without a terminal', () => {
    const QUESTION = 'Type the number of snapshots to delete (5), anything else to stop: \n';
    /** With so much on standard input, which stays open unless it is `ended`. */
    const piped = (text: string, ended: boolean) => {
      const { child, end } = startWith('pipe', 'apply', plan(), '--local', '--quiet');
      child.stdin?.on('error', () => undefined);
      if (ended) child.stdin?.end(text);
      else child.stdin?.write(text);
      return end;
    };

    it.each([
      ['a line', '5\n', true],
      ['a line, and more that nobody reads', '5\n6\n', true],
      ['a line without its end', '5', true],
      ['a line of an input that goes on', '5\r\n', false],
    ])('deletes when the count is piped in as %s', async (_, text, ended) => {
      const { code, err } = await piped(text, ended);
      expect({ code, err }).toMatchObject({ code: 0, err: expect.stringContaining(QUESTION) });
      expect(count()).toBe(6);
    });

    it.each([
      ['another number', '4\n', true],
      ['the count on the second line', '\n5\n', true],
      ['yes', 'yes\n', false],
      ['a line that is too long for any count', 'y'.repeat(2_000), false],
    ])('refuses %s that is piped in', async (_, text, ended) => {
      const { code, err } = await piped(text, ended);
      expect({ code, err }).toMatchObject({
        code: 4,
        err: expect.stringMatching(/\nerror: cannot apply the plan: .* \[plan\.count\]\n$/),
      });
      expect(count()).toBe(11);
    });

    it.each<[string, () => Started['end']]>([
      ['where nothing is piped in', () => piped('', true)],
      ['of /dev/null', () => startWith('ignore', 'apply', plan(), '--local', '--quiet').end],
      [
        'of what cannot be read',
        () => {
          const folder = openSync(rig.work, 'r');
          const { end } = startWith(folder, 'apply', plan(), '--local', '--quiet');
          closeSync(folder);
          return end;
        },
      ],
    ])('refuses to ask %s as wrong usage, and names --yes', async (_, ask) => {
      const { code, err } = await ask();
      expect({ code, err }).toMatchObject({
        code: 2,
        err: expect.stringMatching(/^error: .*--yes 5 .* \[usage\.no-terminal\]\n\(run .* apply --help.*\)\n$/m),
      });
      expect(count()).toBe(11);
    });
  });
});

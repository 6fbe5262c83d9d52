import { execFileSync } from 'node:child_process';
import { runCli } from '../support/terminal';

describe('the completion of bash', () => {
  let script: string;
  beforeAll(async () => {
    script = (await runCli(['completion', 'bash'])).out;
  });

  /** What is offered for the last word of a command line, by the function that is bound to its first word. */
  const offered = (...words: readonly string[]): readonly string[] => {
    const bound = 'f=$(complete -p "$1" | sed "s/.*-F \\([^ ]*\\) .*/\\1/")';
    const line = `COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); "$f"; printf "%s\\n" "\${COMPREPLY[@]}"`;
    const program = `${script}\n${bound}\n${line}\n`;
    const out = execFileSync('bash', ['--norc', '-c', program, 'bash', ...words], { encoding: 'utf8' });
    return out.split('\n').filter((word) => word !== '');
  };

  test.each([[['lightsail-retention']], [['npx', 'lightsail-retention']]])('begins with %j', (program) => {
    expect(offered(...program, 'rep')).toEqual(['report']);
    expect(offered(...program, 'report', '--conf')).toEqual(['--config']);
    expect(offered(...program, 'report', '--format', 'ht')).toEqual(['html']);
  });

  test('offers no words where the name of a file is expected, so that the shell offers files', () => {
    for (const option of ['--config', '--output', '--plan-out'])
      expect(offered('lightsail-retention', 'report', option, '')).toEqual([]);
  });

  test('leaves other programs of npx alone', () => {
    expect(offered('npx', 'other', 'rep')).toEqual([]);
  });
});

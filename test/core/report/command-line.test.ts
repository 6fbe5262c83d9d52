import { execFileSync } from 'node:child_process';
import * as fc from 'fast-check';
import {
  applyLocallyCommand,
  awsCommand,
  commandText,
  option,
  ownCommand,
  quoteWord,
  readingCommand,
} from '../../../lambda/core/report/command-line';
import { isInstalled } from '../../support/optional';
import { runs } from '../../support/runs';

/** The arguments into which a shell splits a command, seen by a function in the place of its first word. */
function split(shell: string, command: string): readonly string[] {
  const script = `show() { for each in "$@"; do printf '%s\\0' "$each"; done; }\nshow ${command}`;
  const out = execFileSync(shell, ['-c', script]).toString();
  return out.split('\0').slice(0, -1);
}

const HOSTILE = [
  'plain.yaml',
  'my policy.yaml',
  "my shop's.yaml",
  '"quoted".yaml',
  '$HOME/$(touch x)/`id`.yaml',
  '~/policy.yaml',
  '-x.yaml',
  '--at',
  '*.yaml',
  'a{b,c}.yaml',
  'back\\slash.yaml',
  'hurrah!.yaml',
  '100%s.yaml',
  'a;b&c|d>e<f#g.yaml',
  '=cmd',
  'two\nlines.yaml',
  'ends\n\n',
  '-\n%s!\\\'"$x\t.yaml',
  '\u001b[2Jred.yaml',
  'right\u202eleft.yaml',
  'c1\u009b.yaml',
  'Grüße/雪.yaml',
  '',
  ' ',
];

const SHELLS = ['sh', 'bash', 'zsh'].filter((shell) => shell === 'sh' || isInstalled(shell));

describe.each(SHELLS)('a command in %s', (shell) => {
  test.each(HOSTILE)('hands over %j as one argument', (word) => {
    expect(split(shell, commandText([word, 'next']))).toEqual([word, 'next']);
  });

  test('hands over any text as it is', () => {
    const word = fc.string({
      unit: fc.oneof(fc.constantFrom(...'\'"\\$`!%-=~*?[](){}<>|;&# \n\t\u0007\u202e'), fc.string({ maxLength: 2 })),
    });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 20 }), (words) => {
        const sendable = words.map((each) => each.replace(/[\0\p{Cs}]/gu, ''));
        expect(split(shell, commandText(sendable))).toEqual(sendable);
      }),
      { numRuns: runs(30, 200) },
    );
  });
});

describe('a word of a command', () => {
  test('stays on one line, and moves no terminal', () => {
    for (const word of HOSTILE.filter((each) => !each.endsWith('\n')))
      expect(quoteWord(word)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  test('is not quoted where nothing in it is special', () => {
    for (const word of [
      'plan.json',
      '/home/me/plan.json',
      'sha256:0a',
      'arn:aws:lambda:x:1:function:f:live',
      'key=retention:hold',
      '--local',
    ])
      expect(quoteWord(word)).toBe(word);
  });
});

describe('the commands of a run', () => {
  const run = {
    config: 'my policy.yaml',
    region: ['eu-west-1', 'us-east-1'],
    kind: ['disk', 'instance'],
    profile: 'prod',
  };

  test('repeat what the run was told, each region and each kind', () => {
    expect(readingCommand(['report', '--plan-out', 'plan.json'], run)).toBe(
      "npx lightsail-retention report --plan-out plan.json --config 'my policy.yaml' --profile prod --region eu-west-1 --region us-east-1 --kind disk --kind instance",
    );
    expect(applyLocallyCommand('out/plan.json', run)).toBe(
      "npx lightsail-retention apply out/plan.json --local --config 'my policy.yaml' --profile prod",
    );
    expect(ownCommand(['check'], run)).toBe("npx lightsail-retention check --config 'my policy.yaml' --profile prod");
    expect(awsCommand(['sns', 'list-topics', '--max-items', '1'], 'eu-west-1', run)).toBe(
      'aws sns list-topics --region eu-west-1 --profile prod --max-items 1',
    );
  });

  test('say nothing that the run was not told', () => {
    expect(readingCommand(['explain', 'web-1'], {})).toBe('npx lightsail-retention explain web-1');
    expect(awsCommand(['sns', 'list-topics'], 'eu-west-1')).toBe('aws sns list-topics --region eu-west-1');
  });

  test.each([
    ['-plan.json', './-plan.json'],
    ['s3://plan.json', './s3://plan.json'],
    ['/tmp/plan.json', '/tmp/plan.json'],
  ])('name the plan %s as the file that it is', (plan, operand) => {
    expect(applyLocallyCommand(plan, {})).toBe(`npx lightsail-retention apply ${operand} --local`);
  });

  test('join a value that looks like an option to its name', () => {
    expect(option('--config', '-x.yaml')).toEqual(['--config=-x.yaml']);
  });
});

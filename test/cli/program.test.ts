import { runCli } from '../support/terminal';

test.each([
  [['report', '--regions', 'x'], 'npx lightsail-retention report --help'],
  [['simulate', '--every', 'x'], 'npx lightsail-retention simulate --help'],
  [['reprot'], 'npx lightsail-retention --help'],
])('the hint after %j names the help that explains it', async (args, command) => {
  const { code, err } = await runCli(args);
  expect(code).toBe(2);
  expect(err).toContain(`(run "${command}" for `);
});

describe('an option that cannot be used', () => {
  /** A command with the arguments that it needs, and its options that take a file or a name. */
  const COMMANDS: readonly (readonly [readonly string[], readonly string[]])[] = [
    [['report'], ['--config', '--profile', '--output', '--plan-out', '--region', '--kind', '--at', '--format']],
    [
      ['explain', 'web'],
      ['--config', '--stack', '--profile', '--region', '--kind', '--at', '--format'],
    ],
    [['history'], ['--stack', '--since', '--config', '--profile', '--format']],
    [['check'], ['--config', '--profile', '--region', '--format']],
    [
      ['compare', 'a', 'b'],
      ['--from', '--profile', '--output', '--region', '--kind', '--at', '--format', '--fail-on'],
    ],
    [['simulate'], ['--config', '--policy', '--output', '--every', '--for', '--at', '--size', '--format']],
    [['playground'], ['--config', '--output']],
    [['init'], ['--profile', '--region', '--kind']],
    [
      ['apply', 'plan.json'],
      ['--config', '--profile', '--function', '--yes', '--digest', '--format'],
    ],
    [['doctor'], ['--config', '--profile', '--stack', '--format']],
    [['emulator'], ['--port', '--scenario']],
    [['demo'], []],
    [['completion', 'bash'], []],
    [['version'], []],
  ];
  const OPTIONS = COMMANDS.flatMap(([args, options]) => options.map((name) => [args[0] ?? '', name, args] as const));

  const refused = async (args: readonly string[], error: string): Promise<void> => {
    const { code, out, err } = await runCli(args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(error);
    expect(err).toMatch(/^error: .*\n(?:\(Did you mean .*\)\n)?\(run "npx lightsail-retention .*\n$/);
    expect(err).toContain(`(run "npx lightsail-retention ${args[0]} --help" for its options)\n`);
  };

  it.each(OPTIONS)('is refused by %s where %s has an empty value, as that of an unset variable', (_, name, args) =>
    refused([...args, name, ''], `error: option '${name} <`),
  );

  it.each(OPTIONS)('is refused by %s where %s has no value', (_, name, args) =>
    refused([...args, name], `error: option '${name} <`),
  );

  it.each(COMMANDS.map(([args]) => [args[0], args] as const))('is refused by %s where it is unknown', (_, args) =>
    refused([...args, '--unheard-of'], "error: unknown option '--unheard-of'"),
  );

  it.each<[string, readonly string[]]>([
    ['usage.apply', ['apply', 'plan.json']],
    ['usage.apply', ['apply', 'plan.json', '--local', '--function', 'f']],
    ['usage.raise-caps', ['report', '--raise-caps']],
    ['usage.at-with-plan-out', ['report', '--at', '2026-01-01T00:00:00Z', '--plan-out', 'p.json']],
    ['usage.same-file', ['report', '--output', 'a', '--plan-out', 'a']],
    ['usage.summary', ['report', '--summary', '--format', 'json']],
    ['usage.needs-live', ['check', '--region', 'us-east-1']],
    ['usage.compare', ['compare', 'a']],
    ['usage.compare', ['compare', 'a', 'b', '--from', 'x', '--kind', 'disk']],
    ['simulate.two-policies', ['simulate', '--policy', 'x', '--keep', 'last=1']],
    ['simulate.policy', ['simulate', '--keep', 'daily']],
    ['simulate.policy', ['simulate', '--expire-after', '']],
  ])('is refused as %s beside the help of its command: %j', (code, args) => refused(args, `[${code}]\n`));

  it('is refused as the name of no snapshot', () =>
    refused(['explain', ''], "error: command-argument value '' is invalid"));
});

test.each([
  [['apply', 'plan.json', '--region', 'us-east-1'], null],
  [['report', '--profiles', 'x'], '(Did you mean --profile?)'],
  [['reports'], '(Did you mean report?)'],
])('suggests only what is near: %j', async (args, suggestion) => {
  const { err } = await runCli(args);
  if (suggestion === null) expect(err).not.toContain('Did you mean');
  else expect(err).toContain(`${suggestion}\n`);
});

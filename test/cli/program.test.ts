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

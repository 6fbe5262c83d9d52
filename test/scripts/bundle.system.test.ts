import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FunctionName, stageFunction } from '../../lambda/runtime/stage-function';
import { bundleHandlers, HANDLERS } from '../../scripts/bundle';

const folder = mkdtempSync(join(tmpdir(), 'bundle-'));
const configuration = { origin: 'it\'s "mine".yaml', config: { version: 1, timezone: 'Europe/Berlin' } };

beforeAll(() => bundleHandlers(join(folder, 'first')));
afterAll(() => rmSync(folder, { recursive: true }));

/**
 * Bytes. The report function starts cold for every report; deletion carries the client of the durable engine as well.
 */
const MAX_BYTES_OF: Readonly<Record<FunctionName, number>> = {
  report: 640_000,
  delete: 860_000,
  view: 400_000,
  approve: 445_000,
  accounts: 640_000,
  organization: 740_000,
};

/** The files of a bundle: code, and the script and the style of the page where it renders pages. */
const filesOf = (name: FunctionName): readonly string[] =>
  !['view', 'approve'].includes(name) ? ['index.js', 'page-assets.js'] : ['index.js'];

/** The code of a bundle, a character for each byte. */
const textOf = (bundle: string): string => readFileSync(join(bundle, 'index.js'), 'latin1');

describe.each([...HANDLERS])('the bundle of %s', (name) => {
  const bundle = (build: string): string => join(folder, build, name);

  test('is one file of code, one with the script and the style of the page if it renders pages, and small enough', () => {
    expect(readdirSync(bundle('first')).sort()).toEqual(filesOf(name));
    expect(statSync(join(bundle('first'), 'index.js')).size).toBeLessThanOrEqual(MAX_BYTES_OF[name]);
  });

  test('has no codec of event streams, which no operation of a function has', () => {
    expect(readFileSync(join(bundle('first'), 'index.js'), 'utf8')).not.toContain(':message-type');
  });

  test('is the same bytes when it is built again, alone and in another folder', () => {
    bundleHandlers(join(folder, 'second'), [name]);
    expect(textOf(bundle('second'))).toBe(textOf(bundle('first')));
  });

  test('loads where nothing is installed, and exports a handler', () => {
    const script = 'process.stdout.write(typeof require(process.argv[1]).handler)';
    const output = execFileSync(process.execPath, ['-e', script, bundle('first')], {
      cwd: folder,
      env: {},
      encoding: 'utf8',
    });
    expect(output).toBe('function');
  });

  test('is staged unchanged, with the configuration beside it as it was given', () => {
    const staged = join(folder, 'staged', name);
    stageFunction(bundle('first'), configuration, staged);
    expect(readdirSync(staged).sort()).toEqual([...filesOf(name), 'retention.json']);
    expect(textOf(staged)).toBe(textOf(bundle('first')));
    expect(JSON.parse(readFileSync(join(staged, 'retention.json'), 'utf8'))).toEqual(configuration);
  });
});

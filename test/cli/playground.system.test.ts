import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PolicyText } from '../../cli/playground/page';
import { build } from '../../scripts/build';

const POLICY = 'version: 1\npolicies: { it: { keep: { daily: 5 } } }\ndefault: it\n';

describe('lightsail-retention playground', () => {
  const built = mkdtempSync(join(tmpdir(), 'playground-built-'));
  const program = join(built, 'dist', 'lightsail-retention.cjs');
  let work: string;
  beforeAll(() => build(join(built, 'dist')));
  beforeEach(() => {
    work = mkdtempSync(join(tmpdir(), 'playground-'));
  });
  afterEach(() => rmSync(work, { recursive: true }));
  afterAll(() => rmSync(built, { recursive: true }));

  const run = (...args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'playground', ...args], {
      cwd: work,
      env: { PATH: process.env.PATH },
      encoding: 'utf8',
    });
    return { code: status, out: stdout, err: stderr };
  };
  const page = (name = 'playground.html'): string => readFileSync(join(work, name), 'utf8');
  const given = (html: string): PolicyText | null =>
    JSON.parse(/<script type="application\/json" id="given">(.*?)<\/script>/s.exec(html)?.[1] ?? 'no data');

  it('writes a page with the examples, where there is no configuration', () => {
    expect(run()).toEqual({ code: 0, out: '', err: 'wrote playground.html; open it in a browser\n' });
    expect(given(page())).toBeNull();
    expect(page()).toContain('"name":"Compliance"');
    expect(page()).toBe(readFileSync(join(built, 'dist', 'playground.html'), 'utf8'));
  });

  it('begins with the retention.yaml of its folder, or with the file that is named', () => {
    writeFileSync(join(work, 'retention.yaml'), POLICY);
    writeFileSync(join(work, 'other.yaml'), `${POLICY}# other\n`);
    expect(run().code).toBe(0);
    expect(given(page())).toEqual({ name: 'retention.yaml', text: POLICY });
    expect(run('--config', 'other.yaml', '--output', 'other.html').code).toBe(0);
    expect(given(page('other.html'))).toEqual({ name: 'other.yaml', text: `${POLICY}# other\n` });
  });

  it('takes a configuration with errors, as text that cannot leave its element', () => {
    const text = 'polices: "</script><script>alert(1)</script> $& $1 <!--"\n';
    writeFileSync(join(work, 'retention.yaml'), text);
    expect(run().code).toBe(0);
    expect(given(page())).toEqual({ name: 'retention.yaml', text });
    expect(page().match(/<script/g)).toHaveLength(3);
  });

  it('replaces a file that is named, and no other', () => {
    writeFileSync(join(work, 'playground.html'), 'mine');
    const { code, err } = run();
    expect({ code, page: page() }).toEqual({ code: 2, page: 'mine' });
    expect(err).toContain('there is a playground.html here already, expected none: replace it with --output');
    expect(err).toContain('[output.exists]');
    expect(run('--output', 'playground.html').code).toBe(0);
    expect(page()).toMatch(/^<!doctype html>/);
  });

  it('names a configuration file that cannot be read', () => {
    const { code, err } = run('--config', 'missing.yaml');
    expect(code).toBe(2);
    expect(err).toContain('missing.yaml: got no such file');
  });

  it('is completed by the shell, with its options', () => {
    const script = execFileSync(process.execPath, [program, 'completion', 'bash'], { encoding: 'utf8' });
    expect(script).toMatch(/playground/);
  });

  it('is refused by name where the page is not in the package', () => {
    rmSync(join(built, 'dist', 'playground.html'));
    const { code, err } = run();
    expect(code).toBe(2);
    expect(err).toMatch(/the page is not in this package: .*\[package\.playground\]/s);
  });
});

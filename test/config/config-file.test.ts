import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { formatConfigProblems } from '../../lambda/config/parse-config';
import { loadConfigFile, readConfigFile } from '../../lambda/config/read-config-file';
import { RetentionError } from '../../lambda/core/util/errors';

const folder = mkdtempSync(join(tmpdir(), 'config-file-'));
const file = join(folder, 'retention.yaml');
afterAll(() => rmSync(folder, { recursive: true }));

function read(content: string | Uint8Array) {
  writeFileSync(file, content);
  return readConfigFile(file);
}

/** The errors of a file, one line each; empty for a valid one. */
function errorsOf(content: string | Uint8Array): string {
  const result = read(content);
  return result.ok ? '' : formatConfigProblems(result.errors, 'f.yaml');
}

const utf16 = (text: string, mark: string) => Buffer.from(mark + text, 'utf16le');

test.each<[string, string | Uint8Array]>([
  ['plain YAML', 'version: 1\n'],
  ['a byte-order mark', '\ufeffversion: 1\n'],
  ['Windows line ends', 'version: 1\r\nkinds: [disk]\r\n'],
  ['JSON', '{"version": 1, "kinds": ["disk"]}'],
  ['JSON indented with tabs', '{\n\t"version": 1,\n\t"kinds": [\n\t\t"disk"\n\t]\n}\n'],
  ['an anchor used twice', 'version: 1\npolicies:\n  a: &keep { keep: { last: 3 } }\n  b: *keep\n'],
  ['markers of one document', '---\nversion: 1\n...\n'],
  ['keys that look like numbers', 'version: 1\npolicies: { 2024: { keep: all } }\n'],
])('reads %s', (_, content) => {
  expect(errorsOf(content)).toBe('');
});

test('the origin is the base name of the file', () => {
  const result = read('version: 1\n');
  expect(result.ok && result.config.origin).toBe('retention.yaml');
});

test('words that other YAML versions read as yes and no stay words', () => {
  expect(errorsOf('version: 1\nreport: { automaticSnapshots: no }\n')).toBe(
    'f.yaml:2:31 report.automaticSnapshots: got "no", expected true or false, without quotes; did you mean false?',
  );
});

test.each<[string, string | Uint8Array, string]>([
  ['an empty file', '', 'f.yaml: got an empty file, expected a map with version: 1'],
  ['a file of comments', '# nothing\n', 'f.yaml: got an empty file, expected a map with version: 1'],
  [
    'an empty document before another',
    '---\n---\nversion: 1\n',
    'f.yaml:2:1: got a second document, expected one document: remove what follows the line ---',
  ],
  [
    'a second document',
    'version: 1\n---\nversion: 1\n',
    'f.yaml:2:1: got a second document, expected one document: remove what follows the line ---',
  ],
  [
    'a key twice',
    'version: 1\nversion: 1\n',
    'f.yaml:2:1: got a key that stands there already, expected each key once',
  ],
  [
    'a tab',
    'version: 1\npolicies:\n\ta: 1\n',
    'f.yaml:3:1: got a tab, expected spaces: YAML is not indented with tabs',
  ],
  [
    'a key that is a list',
    'version: 1\n? [a]\n: 1\n',
    'f.yaml:2:3: got a key that is not text, expected keys that are text',
  ],
  [
    'a tag',
    'version: !!js/function "x"\n',
    'f.yaml:1:10: got a YAML tag (!…), expected plain values: such tags mean nothing here',
  ],
  [
    'an alias without anchor',
    'version: 1\nkinds: *k\n',
    'f.yaml:2:8: got the alias *k without its anchor, expected &k before it; if it is a pattern, quote it: "*k"',
  ],
  [
    'an open quote',
    'version: 1\ntimezone: "UTC\n',
    'f.yaml:3:1: got what is not YAML (Missing closing "quote), expected YAML 1.2: every quote and bracket closed, and a comma between entries in brackets',
  ],
  [
    'two keys on a line',
    'version: 1: 2\n',
    'f.yaml:1:10: got what is not YAML (Nested mappings are not allowed in compact mappings), expected YAML 1.2: quotes around a text with a colon in it',
  ],
  ['text', 'version 1\n', 'f.yaml:1:1: got "version 1", expected a map with version: 1'],
  ['a list', '- version: 1\n', 'f.yaml:1:1: got a list of 1, expected a map with version: 1'],
  [
    'Latin-1',
    Buffer.from('timezone: Köln\n', 'latin1'),
    'f.yaml: got bytes that are not UTF-8, the first at offset 11, expected UTF-8: save the file in that encoding',
  ],
  [
    'UTF-16',
    utf16('version: 1\n', '\ufeff'),
    'f.yaml: got UTF-16 text, expected UTF-8: save the file in that encoding',
  ],
  [
    'UTF-16, the other way round',
    utf16('version: 1\n', '\ufeff').swap16(),
    'f.yaml: got UTF-16 text, expected UTF-8: save the file in that encoding',
  ],
  [
    'UTF-16 without mark',
    utf16('version: 1\n', ''),
    'f.yaml: got a NUL character at offset 1, expected UTF-8 text: this is a binary file, or UTF-16',
  ],
  [
    '10 MB',
    Buffer.alloc(10_000_000, 'version: 1 # '),
    'f.yaml: got more than 1 MB, expected a configuration of at most 1 MB',
  ],
  [
    'lists without end',
    '['.repeat(100_000),
    'f.yaml: got lists or maps nested too deeply, expected a configuration, a few levels deep',
  ],
  [
    'a list that holds itself',
    'version: 1\nkinds: &k [*k]\n',
    'f.yaml:2:12 kinds[0]: got a list of 1, expected one of instance, disk, database',
  ],
  [
    'an alias bomb',
    `a: &a [${'x,'.repeat(9)}x]\nb: &b [${'*a,'.repeat(9)}*a]\nc: &c [${'*b,'.repeat(9)}*b]\nd: &d [${'*c,'.repeat(9)}*c]\ne: [${'*d,'.repeat(9)}*d]\n`,
    'f.yaml: got aliases that repeat what they stand for too often, expected a configuration that is written out',
  ],
])('refuses %s', (_, content, message) => {
  expect(errorsOf(content)).toBe(message);
});

test('refuses everything that is wrong at once, in the order of the file, with line and column', () => {
  const text = [
    'version: 1',
    'polices: {}',
    'policies:',
    '  standard: { keep: { last: 3, daily: -7 } }',
    '  empty:',
    '  copied: &p { expireAfter: 3m }',
    '  pasted: *p',
    'rules:',
    '  - policy: standrad',
    '    match: { tags: { "team:a": true }, sorce: x }',
    '  - policy: standard',
    'default: x',
  ].join('\n');
  const where = errorsOf(text)
    .split('\n')
    .map((line) => line.slice(0, line.indexOf(': got')));
  expect(where).toEqual([
    'f.yaml:2:1 polices',
    'f.yaml:4:39 policies.standard.keep.daily',
    'f.yaml:5:3 policies.empty',
    'f.yaml:6:29 policies.copied.expireAfter',
    'f.yaml:6:29 policies.pasted.expireAfter',
    'f.yaml:9:13 rules[0].policy',
    'f.yaml:10:32 rules[0].match.tags["team:a"]',
    'f.yaml:10:40 rules[0].match.sorce',
    'f.yaml:11:5 rules[1].match',
    'f.yaml:12:10 default',
  ]);
});

test('a file that is wrong throughout is answered briefly', () => {
  const lines = errorsOf(`version: 1\n${Array.from({ length: 20_000 }, (_, i) => `key${i}: 1\n`).join('')}`).split(
    '\n',
  );
  expect(lines).toHaveLength(51);
  expect(lines.at(-1)).toBe('… and 19950 more');
});

test.each([
  ['a directory', folder, 'got a directory, expected a configuration file'],
  ['a missing file', join(folder, 'missing.yaml'), 'got no such file, expected a configuration file'],
  ['a path through a file', join(file, 'x'), 'got no such file, expected a configuration file'],
  ['a device without end', '/dev/zero', 'got a device, expected a configuration file'],
  [
    'a path that is none',
    'a\0b',
    'got a file that cannot be read (ERR_INVALID_ARG_VALUE), expected a configuration file',
  ],
])('refuses %s', (_, path, message) => {
  writeFileSync(file, 'version: 1\n');
  const result = readConfigFile(path);
  expect(result.ok ? '' : formatConfigProblems(result.errors, 'f')).toBe(`f: ${message}`);
});

test('loading names the file as it was given, and warns line by line', () => {
  writeFileSync(file, 'version: 1\npolicies:\n  spare: { keep: all }\n');
  const warnings: string[] = [];
  expect(loadConfigFile(file, (line) => warnings.push(line)).policies.size).toBe(1);
  expect(warnings).toEqual([
    `warning: ${file}:3:10 policies.spare: no rule and no default uses this policy; only the tag retention:policy = spare reaches it`,
  ]);
});

test('refuses to load an invalid configuration', () => {
  writeFileSync(file, 'version: 3\n');
  const load = () => loadConfigFile(file, () => {});
  expect(load).toThrow(RetentionError);
  expect(load).toThrow(
    expect.objectContaining({
      code: 'config.invalid',
      message: expect.stringContaining(`${file}:1:10 version: got 3`),
    }),
  );
});

test('whatever bytes a file holds, reading it answers and never throws', () => {
  const yamlish = fc
    .array(
      fc.constantFrom(
        'version',
        ': ',
        '1',
        '\n',
        '  ',
        '- ',
        '{',
        '}',
        '[',
        ']',
        '&a ',
        '*a',
        '!x',
        '"',
        "'",
        '|',
        '>',
        '#',
        '? ',
        '\t',
        ',',
        '---\n',
        '%YAML 1.1\n',
        '<<',
        'policies',
        '\ufeff',
        'é',
      ),
      {
        maxLength: 40,
      },
    )
    .map((parts) => Buffer.from(parts.join('')));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), yamlish), (bytes) => {
      const result = read(bytes);
      if (!result.ok) expect(result.errors.length).toBeGreaterThan(0);
    }),
    { numRuns: 1_000 },
  );
});

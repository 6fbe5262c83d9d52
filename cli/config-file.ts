import { isUtf8 } from 'node:buffer';
import { closeSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { type Document, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseAllDocuments, type YAMLError } from 'yaml';
import { type ConfigProblem, type ConfigResult, describeWarning, formatConfigProblems, parseConfig } from '../lambda/config';
import type { Config } from '../lambda/core/config';
import { RetentionError } from '../lambda/core/errors';

const MOST_BYTES = 1_000_000;

type Position = { readonly line: number; readonly column: number };
type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly errors: readonly ConfigProblem[] };

const refused = (
  got: string,
  expected: string,
  position?: Position,
): { readonly ok: false; readonly errors: readonly ConfigProblem[] } => ({
  ok: false,
  errors: [{ path: '', keys: [], on: 'value', got, expected, ...position }],
});

const SYSTEM_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EISDIR: 'a directory',
  EACCES: 'a file that may not be read',
  EPERM: 'a file that may not be read',
};

/** At most one byte more than the limit, from anything that can be read. */
function readBytes(path: string): Read<Buffer> {
  const buffer = Buffer.alloc(MOST_BYTES + 1);
  let length = 0;
  try {
    const file = openSync(path, 'r');
    try {
      for (let got = -1; got !== 0 && length < buffer.length; length += got)
        got = readSync(file, buffer, length, buffer.length - length, null);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    return refused(SYSTEM_ERRORS[code] ?? `a file that cannot be read (${code})`, 'a configuration file');
  }
  if (length > MOST_BYTES) return refused('more than 1 MB', 'a configuration of at most 1 MB');
  return { ok: true, value: buffer.subarray(0, length) };
}

/** Where re-encoding the decoded text first differs: the first byte that is not UTF-8. */
function firstBadByte(bytes: Buffer): number {
  const again = Buffer.from(bytes.toString('utf8'));
  return bytes.findIndex((byte, i) => byte !== again[i]);
}

function decode(bytes: Buffer): Read<string> {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    return refused('UTF-16 text', 'UTF-8: save the file in that encoding');
  if (!isUtf8(bytes))
    return refused(`bytes that are not UTF-8, the first at offset ${firstBadByte(bytes)}`, 'UTF-8: save the file in that encoding');
  const text = bytes.toString('utf8').replace(/^\ufeff/, '');
  const zero = text.indexOf('\0');
  if (zero >= 0) return refused(`a NUL character at offset ${zero}`, 'UTF-8 text: this is a binary file, or UTF-16');
  return { ok: true, value: text };
}

/** What the YAML reader says, as got and expected. */
const WORDING: Readonly<Record<string, readonly [got: string, expected: string]>> = {
  DUPLICATE_KEY: ['a key that stands there already', 'each key once'],
  TAB_AS_INDENT: ['a tab', 'spaces: YAML is not indented with tabs'],
  NON_STRING_KEY: ['a key that is not text', 'keys that are text'],
  TAG_RESOLVE_FAILED: ['a YAML tag (!…)', 'plain values: such tags mean nothing here'],
};

const firstLine = (text: string): string => (text.split('\n')[0] ?? '').trim().slice(0, 200);

function fromYaml({ code, message, pos }: YAMLError, lines: LineCounter): ConfigProblem {
  const [got, expected] = WORDING[code] ?? [`what is not YAML (${firstLine(message)})`, 'YAML 1.2'];
  const { line, col } = lines.linePos(pos[0]);
  return { path: '', keys: [], on: 'value', got, expected, line, column: col };
}

/** The place of a problem in the file: of its key or its value, or of the nearest thing above it that is there. */
function locate(
  document: Document,
  problem: Pick<ConfigProblem, 'keys'> & { readonly on?: 'key' | 'value' },
  lines: LineCounter,
): Position {
  let node: unknown = document.contents;
  let place: unknown = node;
  for (const [depth, key] of problem.keys.entries()) {
    const owner: unknown = isAlias(node) ? node.resolve(document) : node;
    const pair = isMap(owner) ? owner.items.find((item) => isScalar(item.key) && String(item.key.value) === key) : undefined;
    node = isSeq(owner) && typeof key === 'number' ? owner.items[key] : pair?.value;
    if (pair !== undefined && depth === problem.keys.length - 1 && (problem.on === 'key' || isEmpty(node))) place = pair.key;
    else if (isNode(node)) place = node;
  }
  const { line, col } = lines.linePos(isNode(place) ? (place.range?.[0] ?? 0) : 0);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

const isEmpty = (node: unknown): boolean => node === null || node === undefined || (isScalar(node) && node.value === null);

const TOO_DEEP = refused('lists or maps nested too deeply', 'a configuration, a few levels deep');

/** One slip often makes several complaints about the same line; the first names it. */
const firstOfEachLine = (problems: readonly ConfigProblem[]): readonly ConfigProblem[] =>
  problems.filter((problem, i) => problems.findIndex((other) => other.line === problem.line) === i);

const inFileOrder = <T extends { readonly line?: number; readonly column?: number }>(items: readonly T[]): readonly T[] =>
  [...items].sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));

function parseYaml(text: string, lines: LineCounter): Read<{ readonly document: Document; readonly value: unknown }> {
  try {
    const documents = parseAllDocuments(text, {
      version: '1.2',
      schema: 'core',
      strict: true,
      uniqueKeys: true,
      stringKeys: true,
      prettyErrors: false,
      logLevel: 'error',
      lineCounter: lines,
    });
    const [document, second] = [...documents];
    if (document === undefined || isEmpty(document.contents)) return refused('an empty file', 'a map with version: 1');
    const faults = [...document.errors, ...document.warnings];
    if (faults.some((fault) => /call stack/i.test(fault.message))) return TOO_DEEP;
    if (faults.length > 0) return { ok: false, errors: inFileOrder(firstOfEachLine(faults.map((fault) => fromYaml(fault, lines)))) };
    if (second !== undefined) {
      const { line, col } = lines.linePos(second.range[0]);
      return refused('a second document', 'one document: remove what follows the line ---', { line, column: col });
    }
    return { ok: true, value: { document, value: document.toJS({ maxAliasCount: 100 }) } };
  } catch (error) {
    if (error instanceof ReferenceError)
      return refused('aliases that repeat more than 100 times, or themselves', 'a configuration that is written out');
    if (error instanceof RangeError) return TOO_DEEP;
    return refused(`YAML that cannot be read (${firstLine(String(error))})`, 'YAML 1.2');
  }
}

/** Validates the text of a configuration; what is wrong, in the YAML or in what it says, comes back with line and column. */
export function readConfigText(text: string, origin: string): ConfigResult {
  const lines = new LineCounter();
  const yaml = parseYaml(text, lines);
  if (!yaml.ok) return yaml;
  const { document, value } = yaml.value;
  const result = parseConfig(value, origin);
  if (!result.ok)
    return { ok: false, errors: inFileOrder(result.errors.map((problem) => ({ ...problem, ...locate(document, problem, lines) }))) };
  return { ...result, warnings: inFileOrder(result.warnings.map((warning) => ({ ...warning, ...locate(document, warning, lines) }))) };
}

/** Reads and validates a configuration file (YAML 1.2, so JSON too). Never throws for what the file is or holds; the origin is its base name. */
export function readConfigFile(path: string): ConfigResult {
  const bytes = readBytes(path);
  if (!bytes.ok) return bytes;
  const text = decode(bytes.value);
  return text.ok ? readConfigText(text.value, basename(path)) : text;
}

/** The configuration of a file; warnings go to `warn`, one line each. Throws a RetentionError that lists everything wrong with it. */
export function loadConfigFile(path: string, warn: (line: string) => void): Config {
  const result = readConfigFile(path);
  if (!result.ok)
    throw new RetentionError('config.invalid', 'operator', `cannot use the configuration\n${formatConfigProblems(result.errors, path)}`);
  for (const warning of result.warnings) warn(`warning: ${describeWarning(warning, path)}`);
  return result.config;
}

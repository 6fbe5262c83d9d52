import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseAllDocuments,
  type Range,
  visit,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import { type ConfigProblem, type ConfigResult, parseConfig } from '../lambda/config';

type Position = { readonly line: number; readonly column: number };
export type Refused = { readonly ok: false; readonly errors: readonly ConfigProblem[] };
export type Read<T> = { readonly ok: true; readonly value: T } | Refused;

/** A file that is refused as a whole. */
export const refused = (got: string, expected: string, position?: Position): Refused => ({
  ok: false,
  errors: [{ path: '', keys: [], on: 'value', got, expected, ...position }],
});

/** What the YAML reader says, as got and expected. */
const WORDING: Readonly<Record<string, readonly [got: string, expected: string]>> = {
  TAB_AS_INDENT: ['a tab', 'spaces: YAML is not indented with tabs'],
  NON_STRING_KEY: ['a key that is not text', 'keys that are text'],
  TAG_RESOLVE_FAILED: ['a YAML tag (!…)', 'plain values: such tags mean nothing here'],
};

const firstLine = (text: string): string => (text.split('\n')[0] ?? '').trim().slice(0, 200);

const positionOf = (node: { readonly range?: Range | null }, lines: LineCounter): Position => {
  const { line, col } = lines.linePos(node.range?.[0] ?? 0);
  return { line: Math.max(1, line), column: Math.max(1, col) };
};

/** Keys that stand twice in one map. The YAML reader's own check compares all pairs, which takes minutes for a large map. */
function duplicateKeys(document: Document, lines: LineCounter): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  visit(document, {
    Map(_, map) {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value))
          problems.push(...refused('a key that stands there already', 'each key once', positionOf(key, lines)).errors);
        seen.add(key.value);
      }
    },
  });
  return problems;
}

/** The first alias that stands for nothing. */
function danglingAlias(document: Document): Alias | null {
  const anchors = new Set<string>();
  let found: Alias | null = null;
  visit(document, (_, node) => {
    if (isAlias(node)) {
      if (anchors.has(node.source)) return undefined;
      found = node;
      return visit.BREAK;
    }
    if (isNode(node) && node.anchor !== undefined) anchors.add(node.anchor);
    return undefined;
  });
  return found;
}

function fromYaml({ code, message, pos }: YAMLError, lines: LineCounter): ConfigProblem {
  const [got, expected] = WORDING[code] ?? [`what is not YAML (${firstLine(message)})`, 'YAML 1.2'];
  const { line, col } = lines.linePos(pos[0]);
  return { path: '', keys: [], on: 'value', got, expected, line, column: col };
}

/** Finds the place of a problem in the file: of its key or its value, or of the nearest thing above it that is there. */
function locator(
  document: Document,
  lines: LineCounter,
): (problem: Pick<ConfigProblem, 'keys'> & { readonly on?: 'key' | 'value' }) => Position {
  const indexes = new Map<YAMLMap, ReadonlyMap<string, Pair>>();
  const pairOf = (map: YAMLMap, key: string): Pair | undefined => {
    const index = indexes.get(map) ?? new Map(map.items.map((pair) => [isScalar(pair.key) ? String(pair.key.value) : '', pair]));
    indexes.set(map, index);
    return index.get(key);
  };
  return ({ keys, on }) => {
    let node: unknown = document.contents;
    let place: unknown = node;
    for (const [depth, key] of keys.entries()) {
      const owner: unknown = isAlias(node) ? node.resolve(document) : node;
      const pair = isMap(owner) ? pairOf(owner, String(key)) : undefined;
      node = isSeq(owner) && typeof key === 'number' ? owner.items[key] : pair?.value;
      if (pair !== undefined && depth === keys.length - 1 && (on === 'key' || isEmpty(node))) place = pair.key;
      else if (isNode(node)) place = node;
    }
    return positionOf(isNode(place) ? place : {}, lines);
  };
}

const isEmpty = (node: unknown): boolean => node === null || node === undefined || (isScalar(node) && node.value === null);

const TOO_DEEP = refused('lists or maps nested too deeply', 'a configuration, a few levels deep');

/** One slip often makes several complaints about the same line; the first names it. */
const firstOfEachLine = (problems: readonly ConfigProblem[]): readonly ConfigProblem[] => [
  ...new Map([...problems].reverse().map((problem) => [problem.line, problem])).values(),
];

const inFileOrder = <T extends { readonly line?: number; readonly column?: number }>(items: readonly T[]): readonly T[] =>
  [...items].sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));

function parseYaml(text: string, lines: LineCounter): Read<{ readonly document: Document; readonly value: unknown }> {
  try {
    const documents = parseAllDocuments(text, {
      version: '1.2',
      schema: 'core',
      strict: true,
      uniqueKeys: false,
      stringKeys: true,
      prettyErrors: false,
      logLevel: 'error',
      lineCounter: lines,
    });
    const [document, second] = [...documents];
    if (document === undefined || (second === undefined && isEmpty(document.contents)))
      return refused('an empty file', 'a map with version: 1');
    const faults = [...document.errors, ...document.warnings];
    if (faults.some((fault) => /call stack/i.test(fault.message))) return TOO_DEEP;
    if (faults.length > 0) return { ok: false, errors: inFileOrder(firstOfEachLine(faults.map((fault) => fromYaml(fault, lines)))) };
    if (second !== undefined) {
      return refused('a second document', 'one document: remove what follows the line ---', positionOf(second, lines));
    }
    const duplicates = duplicateKeys(document, lines);
    if (duplicates.length > 0) return { ok: false, errors: duplicates };
    const dangling = danglingAlias(document);
    if (dangling)
      return refused(`the alias *${dangling.source} without its anchor`, `&${dangling.source} before it`, positionOf(dangling, lines));
    return { ok: true, value: { document, value: document.toJS({ maxAliasCount: 100 }) } };
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    if (name === 'RangeError') return TOO_DEEP;
    if (name === 'ReferenceError')
      return refused('aliases that repeat what they stand for too often', 'a configuration that is written out');
    return refused(`YAML that cannot be read (${firstLine(String(error))})`, 'YAML 1.2');
  }
}

/** Validates the text of a configuration; what is wrong, in the YAML or in what it says, comes back with line and column. */
export function readConfigText(text: string, origin: string): ConfigResult {
  const lines = new LineCounter();
  const yaml = parseYaml(text, lines);
  if (!yaml.ok) return yaml;
  const { document, value } = yaml.value;
  const placeOf = locator(document, lines);
  const result = parseConfig(value, origin);
  if (!result.ok) return { ok: false, errors: inFileOrder(result.errors.map((problem) => ({ ...problem, ...placeOf(problem) }))) };
  return { ...result, warnings: inFileOrder(result.warnings.map((warning) => ({ ...warning, ...placeOf(warning) }))) };
}

import {
  type Document,
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
import { type ConfigProblem, type ConfigResult, parseConfig } from './parse-config';
import { type Aliases, isMergeKey, mergedMaps, readAliases } from './yaml-aliases';
import { lineHint } from './yaml-hints';

type Position = { readonly line: number; readonly column: number };
export type Refused = { readonly ok: false; readonly errors: readonly ConfigProblem[] };
export type Read<T> = { readonly ok: true; readonly value: T } | Refused;

const yamlProblemAt = (got: string, expected: string, position?: Position): ConfigProblem => ({
  path: '',
  keys: [],
  on: 'value',
  got,
  expected,
  ...position,
});

/** A file that is refused as a whole. */
export const refused = (got: string, expected: string, position?: Position): Refused => ({
  ok: false,
  errors: [yamlProblemAt(got, expected, position)],
});

/** What the YAML reader says, as got and expected. */
const WORDING: Readonly<Record<string, readonly [got: string, expected: string]>> = {
  TAB_AS_INDENT: ['a tab', 'spaces: YAML is not indented with tabs'],
  NON_STRING_KEY: ['a key that is not text', 'keys that are text'],
  TAG_RESOLVE_FAILED: ['a YAML tag (!…)', 'plain values: such tags mean nothing here'],
};

/** What to do about an error of the YAML reader, by its words. */
const ADVICE: readonly (readonly [message: RegExp, advice: string])[] = [
  [/cannot start with/, 'quotes around a text that begins with such a sign'],
  [/escape sequence/, 'single quotes around a text with a backslash'],
  [/Nested mappings|Block collections are not allowed/, 'quotes around a text with a colon in it'],
  [/^Missing closing|^Flow|^Missing ,/, 'every quote and bracket closed, and a comma between entries in brackets'],
  [/^Implicit/, 'a colon and a space after each key'],
  [/same column|indent/i, 'entries of one list or map, each with the same indentation'],
];

/**
 * How often aliases may repeat what they stand for: more often in a small file, so that reading any file takes a moment
 * only.
 */
const aliasLimit = ({ length }: string): number => Math.max(100, Math.min(2_000, Math.floor(20_000_000 / length)));

const firstLineOfMessage = (text: string): string => (text.split('\n')[0] ?? '').trim().slice(0, 200);

const positionAt = (offset: number, lines: LineCounter): Position => {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
};

const yamlPosition = (node: { readonly range?: Range | null }, lines: LineCounter): Position =>
  positionAt(node.range?.[0] ?? 0, lines);

/** Merge keys with a value that cannot be merged. */
function wrongMerges(document: Document, { targetOf }: Aliases, lines: LineCounter): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  visit(document, {
    Pair(_, { key, value }, path) {
      if (!isMergeKey(key)) return;
      const maps = mergedMaps(value, targetOf);
      if (maps?.some((map) => path.includes(map)))
        problems.push(
          yamlProblemAt(
            'a merge key (<<) of the map that it is in',
            'another map',
            yamlPosition(isNode(key) ? key : {}, lines),
          ),
        );
      if (maps !== null) return;
      problems.push(
        yamlProblemAt(
          'a merge key (<<) of something else',
          'a map, its alias, or a list of such after <<',
          yamlPosition(isNode(key) ? key : {}, lines),
        ),
      );
    },
  });
  return problems;
}

const givenTwice = (key: unknown, position: Position): ConfigProblem =>
  isMergeKey(key)
    ? yamlProblemAt('a second merge key (<<)', 'one with a list, such as <<: [*a, *b]', position)
    : yamlProblemAt('a key that stands there already', 'each key once', position);

/**
 * Keys that stand twice in one map. The YAML reader's own check compares all pairs, which takes minutes for a large
 * map.
 */
function duplicateKeys(document: Document, lines: LineCounter): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  visit(document, {
    Map(_, map) {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) problems.push(givenTwice(key, yamlPosition(key, lines)));
        seen.add(key.value);
      }
    },
  });
  return problems;
}

/** An unquoted text that begins with `*`, as it stands there. */
const starText = (text: string, at: number): string => /^\*[^\s,\]}]*/.exec(text.slice(at, at + 300))?.[0] ?? '*';

/** What to do about a pattern that YAML reads as an alias. */
const quoteIt = (star: string): string => `if it is a pattern, quote it: "${star}"`;

function fromYaml({ code, message, pos }: YAMLError, text: string, lines: LineCounter): ConfigProblem {
  const at = code === 'BAD_ALIAS' ? text.lastIndexOf('*', pos[0]) : -1;
  if (at >= 0) {
    const star = starText(text, at);
    return {
      ...yamlProblemAt(`an alias without a name (${star})`, 'a value', positionAt(at, lines)),
      hint: quoteIt(star),
    };
  }
  const advice = ADVICE.find(([words]) => words.test(message))?.[1];
  const reason = `what is not YAML (${firstLineOfMessage(message)})`;
  const [got, expected] = WORDING[code] ?? [reason, advice === undefined ? 'YAML 1.2' : `YAML 1.2: ${advice}`];
  return yamlProblemAt(got, expected, positionAt(pos[0], lines));
}

/**
 * Finds the place of a problem in the file: of its key or its value, or of the nearest thing above it that is there.
 */
function locator(
  document: Document,
  { targetOf }: Aliases,
  lines: LineCounter,
): (problem: Pick<ConfigProblem, 'keys'> & { readonly on?: 'key' | 'value' }) => YamlPlace {
  const indexes = new Map<YAMLMap, Map<string, Pair>>();
  /** The entries of a map by key: its own, then those that it merges. */
  const indexOf = (map: YAMLMap): ReadonlyMap<string, Pair> => {
    const known = indexes.get(map);
    if (known !== undefined) return known;
    const index = new Map(map.items.map((pair) => [isScalar(pair.key) ? String(pair.key.value) : '', pair]));
    indexes.set(map, index);
    for (const { key, value } of map.items)
      for (const merged of isMergeKey(key) ? (mergedMaps(value, targetOf) ?? []) : [])
        for (const [name, pair] of indexOf(merged)) if (!index.has(name)) index.set(name, pair);
    return index;
  };
  const pairOf = (map: YAMLMap, key: string): Pair | undefined => indexOf(map).get(key);
  return ({ keys, on }) => {
    let node: unknown = document.contents;
    let place: unknown = node;
    for (const [depth, key] of keys.entries()) {
      const owner = targetOf(node);
      const pair = isMap(owner) ? pairOf(owner, String(key)) : undefined;
      node = isSeq(owner) && typeof key === 'number' ? owner.items[key] : pair?.value;
      if (pair !== undefined && depth === keys.length - 1 && (on === 'key' || isEmptyNode(node))) place = pair.key;
      else if (isNode(node)) place = node;
    }
    return { position: yamlPosition(isNode(place) ? place : {}, lines), node: place };
  };
}

/** Where something is in the file: the node, and its position. */
interface YamlPlace {
  readonly position: Position;
  readonly node: unknown;
}

const isEmptyNode = (node: unknown): boolean =>
  node === null || node === undefined || (isScalar(node) && node.value === null);

const TOO_DEEP = refused('lists or maps nested too deeply', 'a configuration, a few levels deep');

/** One slip often makes several complaints about the same line; the first names it. */
const firstOfEachLine = (problems: readonly ConfigProblem[]): readonly ConfigProblem[] => [
  ...new Map([...problems].reverse().map((problem) => [problem.line, problem])).values(),
];

const inFileOrder = <T extends { readonly line?: number; readonly column?: number }>(
  items: readonly T[],
): readonly T[] => [...items].sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));

function parseYaml(
  text: string,
  lines: LineCounter,
  maxAliases: number,
): Read<{ readonly document: Document; readonly aliases: Aliases; readonly value: unknown }> {
  try {
    const documents = parseAllDocuments(text, {
      version: '1.2',
      schema: 'core',
      strict: true,
      uniqueKeys: false,
      stringKeys: true,
      merge: true,
      prettyErrors: false,
      logLevel: 'error',
      lineCounter: lines,
    });
    const [document, second] = [...documents];
    if (document === undefined || (second === undefined && isEmptyNode(document.contents)))
      return refused('an empty file', 'a map with version: 1');
    const faults = [...document.errors, ...document.warnings];
    if (faults.some((fault) => /call stack/i.test(fault.message))) return TOO_DEEP;
    if (faults.length > 0)
      return { ok: false, errors: inFileOrder(firstOfEachLine(faults.map((fault) => fromYaml(fault, text, lines)))) };
    if (second !== undefined) {
      return refused(
        'a second document',
        'one document: remove what follows the line ---',
        yamlPosition(second, lines),
      );
    }
    const duplicates = duplicateKeys(document, lines);
    if (duplicates.length > 0) return { ok: false, errors: duplicates };
    const aliases = readAliases(document);
    const { dangling } = aliases;
    if (dangling !== null) {
      const star = `*${dangling.source}`;
      const problem = yamlProblemAt(
        `the alias ${star} without its anchor`,
        `&${dangling.source} before it`,
        yamlPosition(dangling, lines),
      );
      return { ok: false, errors: [{ ...problem, hint: quoteIt(star) }] };
    }
    const merges = wrongMerges(document, aliases, lines);
    if (merges.length > 0) return { ok: false, errors: merges };
    return { ok: true, value: { document, aliases, value: document.toJS({ maxAliasCount: maxAliases }) } };
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    if (name === 'RangeError') return TOO_DEEP;
    if (name === 'ReferenceError')
      return refused('aliases that repeat what they stand for too often', 'a configuration that is written out');
    return refused(`YAML that cannot be read (${firstLineOfMessage(String(error))})`, 'YAML 1.2');
  }
}

/**
 * A problem with its place, with what was typed where YAML reads it as a number, and with what is probably wrong with
 * its line.
 */
function located(problem: ConfigProblem, { position, node }: YamlPlace, textLines: readonly string[]): ConfigProblem {
  const typed =
    problem.on === 'value' && isScalar(node) && typeof node.value === 'number' && node.source !== undefined
      ? node.source
      : null;
  const hint = problem.hint ?? lineHint(textLines[position.line - 1] ?? '');
  return {
    ...problem,
    ...position,
    ...(typed !== null && typed !== problem.got && { got: `${typed} (read as ${problem.got})` }),
    ...(typed !== null && problem.wantsText && { suggestion: JSON.stringify(typed) }),
    ...(hint !== null && { hint }),
  };
}

/**
 * Validates the text of a configuration; what is wrong, in the YAML or in what it says, comes back with line and
 * column. `maxAliases` limits how often aliases may repeat what they stand for.
 */
export function readConfigText(text: string, origin: string, maxAliases = aliasLimit(text)): ConfigResult {
  const lines = new LineCounter();
  const textLines = text.split('\n');
  const yaml = parseYaml(text, lines, maxAliases);
  if (!yaml.ok) {
    const errors = yaml.errors.map((problem) => {
      const hint = problem.line === undefined ? null : lineHint(textLines[problem.line - 1] ?? '');
      return hint === null ? problem : { ...problem, hint };
    });
    return { ok: false, errors };
  }
  const { document, aliases, value } = yaml.value;
  const placeOf = locator(document, aliases, lines);
  const result = parseConfig(value, origin);
  if (!result.ok)
    return {
      ok: false,
      errors: inFileOrder(result.errors.map((problem) => located(problem, placeOf(problem), textLines))),
    };
  return {
    ...result,
    warnings: inFileOrder(result.warnings.map((warning) => ({ ...warning, ...placeOf(warning).position }))),
  };
}

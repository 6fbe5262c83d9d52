import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  visit,
  type YAMLMap,
} from 'yaml';

/**
 * The aliases of a document, each looked up once: the reader's own look-up walks through the whole document for each of
 * them.
 */
export interface Aliases {
  /** The first alias that stands for nothing. */
  readonly dangling: Alias | null;
  /** What a node stands for: itself, or what its anchor is on. */
  readonly targetOf: (node: unknown) => unknown;
}

/** Finds what each alias stands for: the last anchor of its name before it. */
export function readAliases(document: Document): Aliases {
  const anchors = new Map<string, Node>();
  const values = new Map<unknown, Node>();
  let dangling: Alias | null = null;
  visit(document, (_, node) => {
    if (isAlias(node)) {
      const anchor = anchors.get(node.source);
      if (anchor === undefined) dangling ??= node;
      else values.set(node, anchor);
    } else if (isNode(node) && node.anchor !== undefined) anchors.set(node.anchor, node);
  });
  return { dangling, targetOf: (node) => values.get(node) ?? node };
}

/**
 * The key of a merge: its value is a map, or a list of maps, whose entries the map has too where it does not have the
 * key itself.
 */
export const isMergeKey = (key: unknown): boolean => isScalar(key) && key.value === '<<' && key.type === 'PLAIN';

/** The maps that a merge key stands for; null where it stands for anything else. */
export function mergedMaps(value: unknown, targetOf: Aliases['targetOf']): readonly YAMLMap[] | null {
  const source = targetOf(value);
  if (isMap(source)) return [source];
  if (!isSeq(source)) return null;
  const maps = source.items.map(targetOf);
  return maps.every(isMap) ? maps : null;
}

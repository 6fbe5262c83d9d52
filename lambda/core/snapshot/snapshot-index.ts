import type { Kind } from './snapshot';

/** The entry of a snapshot in the index of a report. Marks: `e` expiring, `h` held, `k` otherwise kept. */
export type IndexEntry = readonly [region: string, kind: Kind, arn: string, name: string | null, mark: IndexMark];

export type IndexMark = 'e' | 'h' | 'k';

/**
 * Entries of one list with a common ARN prefix. Each line has the mark, the rest of the ARN, and (after a tab) the
 * name. A block is one string, so that the index of a large account needs little memory.
 */
export type IndexBlock = readonly [region: string, kind: Kind, prefix: string, lines: string];

const MAX_BLOCK_LINES = 1_000;

const isMark = (text: string | undefined): text is IndexMark => text === 'e' || text === 'h' || text === 'k';

const encodeLine = (id: string, name: string | null, mark: IndexMark): string =>
  `${mark}${JSON.stringify(id).slice(1, -1)}${name === null ? '' : `\t${JSON.stringify(name).slice(1, -1)}`}`;

const decodeText = (written: string): string => (written.includes('\\') ? String(JSON.parse(`"${written}"`)) : written);

/** Encodes entries as blocks, in their order. */
export function* encodeIndex(snapshots: Iterable<IndexEntry>): Generator<IndexBlock> {
  let [region, kind, prefix]: [string, Kind, string] = ['', 'instance', ''];
  let lines: string[] = [];
  for (const [where, of, arn, name, mark] of snapshots) {
    const cut = arn.lastIndexOf('/') + 1;
    const begins = arn.slice(0, cut);
    const alike = begins === prefix && where === region && of === kind;
    if (lines.length > 0 && (!alike || lines.length === MAX_BLOCK_LINES)) {
      yield [region, kind, prefix, lines.join('\n')];
      lines = [];
    }
    [region, kind, prefix] = [where, of, begins];
    lines.push(encodeLine(arn.slice(cut), name, mark));
  }
  if (lines.length > 0) yield [region, kind, prefix, lines.join('\n')];
}

/** Decodes blocks, one entry at a time. Throws a SyntaxError for an invalid block. */
export function* decodeIndex(blocks: Iterable<IndexBlock>): Generator<IndexEntry> {
  for (const [region, kind, prefix, lines] of blocks) {
    for (let from = 0; from <= lines.length; ) {
      const end = lines.indexOf('\n', from);
      const line = lines.slice(from, end < 0 ? lines.length : end);
      from += line.length + 1;
      const tab = line.indexOf('\t');
      const mark = line[0];
      if (!isMark(mark)) throw new SyntaxError(`a line of the snapshot index begins with ${mark}`);
      const id = decodeText(line.slice(1, tab < 0 ? line.length : tab));
      yield [region, kind, prefix + id, tab < 0 ? null : decodeText(line.slice(tab + 1)), mark];
    }
  }
}

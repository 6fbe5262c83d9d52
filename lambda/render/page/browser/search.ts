import type { PageData } from '../data';
import { readSource, type SnapshotRow } from '../rows';

/** Finds a word, which is in lower case, in the texts of a row. */
export type WordSearch = (word: string) => (row: SnapshotRow) => boolean;

/** Makes the search in the rows of the data. A text that many rows share is searched once for each word. */
export function makeSearch(data: PageData): WordSearch {
  const places = data.sources.map(readSource).map(({ name, kind, place }) => `${name} ${kind} ${place}`);
  return (word) => {
    const has = (text: string): boolean => text.toLowerCase().includes(word);
    const hits = (list: readonly string[]): ((index: number | null) => boolean) => {
      const found = list.map(has);
      return (index) => index !== null && found[index] === true;
    };
    const inSource = hits(places);
    const inDecision = hits(data.words);
    const inPolicy = hits(data.policies);
    const inReason = hits(data.reasons);
    const inPrefix = hits(data.prefixes);
    // A word with one of these characters can begin in one reason and end in the next, or in the parts of an ARN.
    const spans = /[;/]/.test(word);
    return (row) => {
      const parts = data.rows[row.index];
      if (parts === undefined) return false;
      const [name, source, , , , , decision, policy, why, reasons, tags, prefix, id] = parts;
      return (
        inSource(source) ||
        inDecision(decision) ||
        inPolicy(policy) ||
        inPolicy(why) ||
        inPrefix(prefix) ||
        reasons.some(inReason) ||
        has(name) ||
        has(id) ||
        has(tags) ||
        (spans && (has(row.reasons) || has(row.id)))
      );
    };
  };
}

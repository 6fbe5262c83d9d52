import type { ApplyResult } from '../core/plan/outcome';
import { unreadableStored } from '../deletion/outcome-files';
import type { Store } from '../ports/ports';
import { resultFile } from '../storage/keys';
import { APPLY_RESULT, parseStored } from '../storage/schemas';

/** A result without the outcomes of its snapshots, of which there may be many. */
export type ResultHead = Omit<ApplyResult, 'items'>;

/** The line before the first outcome. */
const ITEMS = ' "items": [';

/**
 * Reads the result of a plan up to its outcomes; null: there is none. Throws `result.unreadable` where it is not as it
 * was written.
 */
export async function readResultHead(store: Store, planId: string): Promise<ResultHead | null> {
  const key = resultFile(planId);
  const lines = await store.lines(key);
  if (lines === null) return null;
  const head: string[] = [];
  for await (const line of lines) {
    if (line.startsWith(ITEMS)) break;
    head.push(line);
  }
  const result = parseStored(APPLY_RESULT, `${head.join('\n')}${ITEMS}]}`);
  if (result !== null) return result;
  throw unreadableStored(store, key);
}

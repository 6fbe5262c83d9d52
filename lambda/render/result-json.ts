import type { ApplyResult } from '../core/plan/outcome';
import { jsonText } from '../core/util/safe-text';

/** Renders a result as JSON, in chunks, one snapshot per line: the content of `results/<plan id>.json`. */
export function* renderResultJson({ items, ...head }: ApplyResult): Generator<string> {
  yield `${jsonText(head, 1).slice(0, -2)},\n "items": [`;
  for (const [index, item] of items.entries()) yield `${index === 0 ? '' : ','}\n  ${jsonText(item)}`;
  yield `${items.length === 0 ? '' : '\n '}]\n}\n`;
}

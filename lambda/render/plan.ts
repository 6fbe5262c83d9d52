import type { NewPlan } from '../core/plan/plan';
import { jsonText } from '../core/util/safe-text';

/** A plan as JSON in chunks, one snapshot a line: a large one is never one string. Ends with a newline. */
export function* renderPlanJson({ items, digest, ...head }: NewPlan): Generator<string> {
  yield `${jsonText(head, 1).slice(0, -2)},\n "items": [`;
  let separator = '\n';
  for (const item of items) {
    yield `${separator}  ${jsonText(item)}`;
    separator = ',\n';
  }
  yield `${items.length === 0 ? '' : '\n '}],\n "digest": ${jsonText(digest)}\n}\n`;
}

import type { NewPlan } from '../core/plan';

/** A plan as JSON in chunks, one snapshot a line: a large one is never one string. Ends with a newline. */
export function* renderPlan({ items, digest, ...head }: NewPlan): Generator<string> {
  yield `${JSON.stringify(head, null, 1).slice(0, -2)},\n "items": [`;
  let separator = '\n';
  for (const item of items) {
    yield `${separator}  ${JSON.stringify(item)}`;
    separator = ',\n';
  }
  yield `${items.length === 0 ? '' : '\n '}],\n "digest": ${JSON.stringify(digest)}\n}\n`;
}

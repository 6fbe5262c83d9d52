import { jsonText } from '../core/util/safe-text';
import type { StoredObject } from '../ports/ports';

/** A small JSON object, on one line. */
export const jsonObject = (key: string, value: unknown): StoredObject => ({
  key,
  contentType: 'application/json',
  body: [`${jsonText(value)}\n`],
});

import { jsonText } from '../core/util/safe-text';
import type { StoredObject } from '../ports/ports';

/** A small JSON object, on one line. */
export const jsonObject = (key: string, value: unknown): StoredObject => ({
  key,
  contentType: 'application/json',
  body: [`${jsonText(value)}\n`],
});

/** What is wrong with a record that a crash left empty, and the remedy: there is nothing to restore. */
export const EMPTY_RECORD =
  'is empty, because a crash or a full disk ended its write; move it to another place while no deletion runs';

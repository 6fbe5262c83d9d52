import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { RetentionError } from '../lambda/core/errors';

const CHUNK = 65_536;

/** Small texts joined to larger ones: a report has hundreds of thousands of them. */
export function* batched(chunks: Iterable<string>): Generator<string> {
  let pending = '';
  for (const chunk of chunks) {
    pending += chunk;
    if (pending.length < CHUNK) continue;
    yield pending;
    pending = '';
  }
  if (pending !== '') yield pending;
}

/** Writes a file. Throws `output.unwritable` with one sentence that says why not. */
export async function writeOutputFile(path: string, chunks: Iterable<string>): Promise<void> {
  try {
    await pipeline(Readable.from(batched(chunks)), createWriteStream(path));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RetentionError(
      'output.unwritable',
      'operator',
      `cannot write ${path}: ${why}; choose a file in a folder that exists and that you may write to`,
      { cause },
    );
  }
}

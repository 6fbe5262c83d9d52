import { readFileSync, statSync } from 'node:fs';
import { otherThanFile } from '../lambda/config/regular-file';
import { RetentionError } from '../lambda/core/util/errors';
import { oneLine } from '../lambda/core/util/safe-text';
import { readStoredReport, type StoredInventory } from '../lambda/storage/read-report';

const MAX_BYTES = 512 * 1024 * 1024;

const refuse = (file: string, why: string): RetentionError =>
  new RetentionError(
    'report.unreadable',
    `cannot compare with the report ${oneLine(file)}: ${why}; expected the JSON of a report, as "report --format json --output FILE" writes it`,
  );

function readText(file: string): string {
  try {
    const stats = statSync(file);
    const other = otherThanFile(stats);
    if (other !== null) throw refuse(file, `it is ${other}`);
    if (stats.size > MAX_BYTES) throw refuse(file, `it has ${stats.size} bytes, at most ${MAX_BYTES} are read`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof RetentionError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    throw refuse(file, code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code ?? String(error)})`);
  }
}

/** Reads the account out of a stored report. Throws `report.unreadable` for anything else. */
export function readReportFile(file: string): StoredInventory {
  const text = readText(file);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw refuse(file, 'it is not JSON');
  }
  const read = readStoredReport(json);
  if (!read.ok) throw refuse(file, oneLine(read.why));
  return read.stored;
}

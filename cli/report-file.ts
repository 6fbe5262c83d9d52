import { readFileSync, statSync } from 'node:fs';
import { otherThanFile } from '../lambda/config/regular-file';
import { RetentionError } from '../lambda/core/util/errors';
import { oneLine } from '../lambda/core/util/safe-text';
import { readStoredReport, type StoredInventory } from '../lambda/storage/read-report';

const MAX_REPORT_BYTES = 512 * 1024 * 1024;

const refuseReport = (file: string, why: string): RetentionError =>
  new RetentionError(
    'report.not-json',
    `cannot use the report ${oneLine(file)}: ${why}; expected the JSON of a report, as "report --format json --output FILE" writes it`,
  );

function readReportText(file: string): string {
  try {
    const stats = statSync(file);
    const other = otherThanFile(stats);
    if (other !== null) throw refuseReport(file, `it is ${other}`);
    if (stats.size > MAX_REPORT_BYTES)
      throw refuseReport(file, `it has ${stats.size} bytes, at most ${MAX_REPORT_BYTES} are read`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof RetentionError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    throw refuseReport(
      file,
      code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code ?? String(error)})`,
    );
  }
}

/** Reads the account out of a stored report. Throws `report.not-json` for anything else. */
export function readReportFile(file: string): StoredInventory {
  const text = readReportText(file);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw refuseReport(file, 'it is not JSON');
  }
  const read = readStoredReport(json);
  if (!read.ok) throw refuseReport(file, oneLine(read.why));
  return read.stored;
}

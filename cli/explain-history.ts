import { existsSync } from 'node:fs';
import { type HistoryItem, historyOf } from '../lambda/core/plan/history';
import type { Zone } from '../lambda/core/time/zone';
import { RetentionError } from '../lambda/core/util/errors';
import { jsonText, oneLine } from '../lambda/core/util/safe-text';
import { wrap } from '../lambda/render/terminal';
import type { StoredHistory } from '../lambda/storage/read-history';
import type { ExplainFormat } from './formats';
import { historyJson, readPlace, reportGaps } from './history';
import { DEFAULT_FOLDER, openHistory, type StoreOptions } from './history-store';
import { historyText } from './history-text';
import type { ExplainJson } from './json-shapes';
import { columnsOf, type Terminal, writeOut } from './terminal';

/** The history that `explain` reads. */
export interface RecordedHistory {
  /** For people. */
  readonly where: string;
  readonly history: StoredHistory;
  /** The outcomes of a snapshot or a source, by name or ARN. */
  readonly of: (wanted: string | null) => readonly HistoryItem[];
}

/** Reads the history that the options name, else that of the default folder; null: there is none. */
export async function readRecorded(options: StoreOptions, terminal: Terminal): Promise<RecordedHistory | null> {
  const { store, stack } = options;
  const isNamed = store !== undefined || stack !== undefined;
  if (!isNamed && !existsSync(DEFAULT_FOLDER)) return null;
  try {
    const history = await readPlace(await openHistory(options, terminal));
    const where = oneLine(stack === undefined ? (store ?? DEFAULT_FOLDER) : `the stack ${stack}`);
    const of = (wanted: string | null) => (wanted === null ? [] : historyOf(history.results, { wanted, since: null }));
    return { where, history, of };
  } catch (error) {
    if (isNamed || !(error instanceof RetentionError)) throw error;
    terminal.err.write(
      `warning: the history in ${DEFAULT_FOLDER} was not asked: ${oneLine(error.message)} [${error.code}]\n`,
    );
    return null;
  }
}

/** What every object of `explain --format json` begins with. */
export const explainedAt = (now: number, zone: Zone, complete: boolean) => ({
  schemaVersion: 1 as const,
  evaluatedAt: new Date(now).toISOString(),
  timezone: zone.name,
  complete,
});

interface RecordedQuestion {
  readonly now: number;
  readonly zone: Zone;
  /** Why the account, or a part of it, was not read; null: all of it was. */
  readonly unread: string | null;
  readonly format?: ExplainFormat;
}

/** Prints what the history has of a snapshot or source that was not found in the account. False: nothing. */
export async function explainRecorded(
  recorded: RecordedHistory | null,
  wanted: string,
  { now, zone, unread, format }: RecordedQuestion,
  terminal: Terminal,
): Promise<boolean> {
  const { out, err } = terminal;
  if (recorded === null) return false;
  const entries = recorded.of(wanted);
  reportGaps(recorded.history, terminal);
  if (entries.length === 0) return false;
  const columns = columnsOf(out);
  if (format === 'json') {
    const head = explainedAt(now, zone, unread === null);
    const json: ExplainJson = { ...head, type: 'history', entries: entries.map(historyJson) };
    await writeOut(out, [`${jsonText(json, 1)}\n`]);
  } else {
    const why = unread === null ? 'was not found in the account' : 'was not looked for in the whole account';
    await writeOut(out, [
      wrap(`${oneLine(wanted)} ${why}; the history in ${recorded.where} has it:`, columns, ''),
      '\n',
    ]);
    await writeOut(out, historyText(entries, zone, columns));
  }
  if (unread !== null)
    err.write(wrap(`note: the account was not read, or not completely: ${oneLine(unread)}`, columnsOf(err), ''));
  return true;
}

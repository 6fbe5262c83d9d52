import { existsSync } from 'node:fs';
import { type HistoryItem, historyOf } from '../lambda/core/plan/history';
import type { RunOptions } from '../lambda/core/report/command-line';
import type { Inventory } from '../lambda/core/report/report-model';
import type { Zone } from '../lambda/core/time/zone';
import { RetentionError } from '../lambda/core/util/errors';
import { jsonText, oneLine } from '../lambda/core/util/safe-text';
import { wrap } from '../lambda/render/terminal';
import type { StoredHistory } from '../lambda/storage/read-history';
import { EXIT, type ExitCode } from './exit-codes';
import type { ExplainFormat } from './formats';
import { historyJson, readPlace } from './history';
import { type HistoryRun, writeNotes } from './history-notes';
import { DEFAULT_FOLDER, openHistory, type StoreOptions } from './history-store';
import { historyText } from './history-text';
import type { ExplainJson } from './json-shapes';
import { columnsOf, type Terminal, writeOut } from './terminal';
import { answersOf, answersText } from './unknown-outcomes';

/** The history that `explain` reads. */
export interface RecordedHistory {
  /** For people. */
  readonly where: string;
  readonly history: StoredHistory;
  readonly run: HistoryRun;
  /** The outcomes of a snapshot or a source, by name or ARN. */
  readonly of: (wanted: string | null) => readonly HistoryItem[];
}

/** Reads the history that the options name, else that of the default folder; null: there is none. */
export async function readRecorded(
  options: StoreOptions & Pick<RunOptions, 'config'>,
  now: number,
  terminal: Terminal,
): Promise<RecordedHistory | null> {
  const { store, stack } = options;
  const isNamed = store !== undefined || stack !== undefined;
  if (!isNamed && !existsSync(DEFAULT_FOLDER)) return null;
  try {
    const place = await openHistory(options, terminal);
    const history = await readPlace(place);
    const where = oneLine(stack === undefined ? (store ?? DEFAULT_FOLDER) : `the stack ${stack}`);
    const of = (wanted: string | null) => (wanted === null ? [] : historyOf(history.results, { wanted, since: null }));
    return { where, history, run: { place, run: options, now }, of };
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
  /** What was read of the account; null: nothing. */
  readonly inventory: Inventory | null;
  readonly format?: ExplainFormat;
}

/**
 * Prints what the history has of a snapshot or source that was not found in the account. Returns the exit code; null: it
 * has nothing.
 */
export async function explainRecorded(
  recorded: RecordedHistory | null,
  wanted: string,
  { now, zone, unread, inventory, format }: RecordedQuestion,
  terminal: Terminal,
): Promise<ExitCode | null> {
  const { out, err } = terminal;
  if (recorded === null) return null;
  const entries = recorded.of(wanted);
  const isIncomplete = writeNotes(recorded.history, recorded.run, terminal);
  if (entries.length === 0) return null;
  const unknown = answersOf(entries, inventory, recorded);
  const columns = columnsOf(out);
  if (format === 'json') {
    const head = explainedAt(now, zone, unread === null);
    const json: ExplainJson = { ...head, type: 'history', entries: entries.map(historyJson), unknown };
    await writeOut(out, [`${jsonText(json, 1)}\n`]);
  } else {
    const why = unread === null ? 'was not found in the account' : 'was not looked for in the whole account';
    await writeOut(out, [
      wrap(`${oneLine(wanted)} ${why}; the history in ${recorded.where} has it:`, columns, ''),
      '\n',
    ]);
    await writeOut(out, historyText(entries, zone, columns));
    await writeOut(out, answersText(unknown, columns));
  }
  if (unread !== null)
    err.write(wrap(`note: the account was not read, or not completely: ${oneLine(unread)}`, columnsOf(err), ''));
  return isIncomplete ? EXIT.incomplete : EXIT.done;
}

import { type HistoryItem, historyOf } from '../lambda/core/plan/history';
import { localMinute } from '../lambda/core/time/period';
import type { Zone } from '../lambda/core/time/zone';
import { RetentionError } from '../lambda/core/util/errors';
import { jsonText, oneLine } from '../lambda/core/util/safe-text';
import { readUnfinishedPlan } from '../lambda/deletion/read-unfinished';
import { renderHistoryCsv } from '../lambda/render/history-csv';
import { formatCount } from '../lambda/render/numbers';
import { wrap } from '../lambda/render/terminal';
import { digestOf, sha256Of } from '../lambda/runtime/digest';
import { readHistory, type StoredHistory } from '../lambda/storage/read-history';
import { EXIT, type ExitCode } from './exit-codes';
import type { HistoryFormat } from './formats';
import { type HistoryRun, indexText, placesText, writeNotes } from './history-notes';
import { type HistoryPlace, OWN_NAME, openHistory, type StoreOptions } from './history-store';
import { historyText } from './history-text';
import { checkVerifyOptions, verifyHistory } from './history-verify';
import type { HistoryJson } from './json-shapes';
import { zoneOf } from './load-config';
import { columnsOf, type Terminal, writeOut } from './terminal';

/** Options of `history`. */
export interface HistoryOptions extends StoreOptions {
  /** Epoch milliseconds, by the configured zone and the time of now. */
  readonly since?: (zone: Zone, now: number) => number;
  readonly config?: string;
  readonly format?: HistoryFormat;
  /** Checks the evidence chain instead. */
  readonly verify?: boolean;
  /** `NUMBER:SHA256`. */
  readonly head?: string;
}

const EXPECTED_PLACE = 'expected results of "apply --local" or of the deletion function';

/** Refuses a place that has nothing of a deletion, unless it is that of a deployment. */
async function checkRecorded(place: HistoryPlace, { results, names }: StoredHistory): Promise<void> {
  if (results.length > 0 || names.some((name) => OWN_NAME.test(name)) || (await place.isDeployment())) return;
  const where = oneLine(place.where);
  if (names.length === 0)
    throw new RetentionError('history.empty', `cannot read the history: ${where} is empty; ${EXPECTED_PLACE}`);
  throw new RetentionError(
    'history.foreign',
    `cannot read the history: ${where} has no result of a deletion, but ${placesText(names)}; ${EXPECTED_PLACE}`,
  );
}

/** Reads what is recorded at a place. Throws where the place has nothing that a deletion wrote. */
export async function readPlace(place: HistoryPlace): Promise<StoredHistory> {
  const { store, explain } = place;
  const ports = { store, hashText: sha256Of, digest: digestOf };
  try {
    const history = await readHistory(store, (known) => readUnfinishedPlan(ports, known));
    await checkRecorded(place, history);
    return history;
  } catch (error) {
    throw explain(error);
  }
}

/** An entry as `history --format json` has it. */
export const historyJson = ({ entry }: HistoryItem): HistoryJson[number] => entry;

function* jsonArray(items: readonly HistoryItem[]): Generator<string> {
  yield '[';
  for (const [index, item] of items.entries()) yield `${index === 0 ? '' : ','}\n ${jsonText(historyJson(item))}`;
  yield items.length === 0 ? ']\n' : '\n]\n';
}

/** `history`: what was deleted, when, why, and by whose approval. Only reads. */
export async function history(
  wanted: string | undefined,
  options: HistoryOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const { out } = terminal;
  const { verify = false, since: from, head } = options;
  checkVerifyOptions(verify, { name: wanted, since: from, head });
  const zone = zoneOf(options.config);
  const place = await openHistory(options, terminal);
  if (verify) return verifyHistory(place, options, zone, terminal);
  const recorded = await readPlace(place);
  const now = Date.now();
  const since = options.since?.(zone, now) ?? null;
  const of: HistoryRun = { place, run: options, now };
  const items = historyOf(recorded.results, { wanted: wanted ?? null, since });
  if (options.format === 'json') await writeOut(out, jsonArray(items));
  else if (options.format === 'csv') await writeOut(out, renderHistoryCsv(items.map(({ entry }) => entry)));
  else {
    const ofName = wanted === undefined ? '' : ` of ${oneLine(wanted)}`;
    const within = since === null ? '' : ` since ${localMinute(since, zone)}`;
    const none = wrap(noneText(place, recorded, ofName + within), columnsOf(out), '');
    await writeOut(out, items.length > 0 ? historyText(items, zone, columnsOf(out)) : [none]);
    await writeOut(out, [indexText(recorded, of, columnsOf(out))]);
  }
  return writeNotes(recorded, of, terminal) ? EXIT.incomplete : EXIT.done;
}

/** The text where no entry is wanted. */
function noneText(place: HistoryPlace, { results, gaps }: StoredHistory, wanted: string): string {
  const total = results.reduce((sum, { items }) => sum + items.length, 0);
  const others = total === 0 ? '' : `; it has ${formatCount(total, 'outcome')}`;
  const where = oneLine(place.where);
  if (gaps.length > 0) return `No outcome${wanted} could be read in ${where}; a part of the record is missing.`;
  return `No outcome${wanted} is recorded in ${where}${others}.`;
}

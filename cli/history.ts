import { type HistoryItem, historyOf } from '../lambda/core/plan/history';
import type { ApplyResult } from '../lambda/core/plan/outcome';
import { localMinute } from '../lambda/core/time/period';
import type { Zone } from '../lambda/core/time/zone';
import { RetentionError } from '../lambda/core/util/errors';
import { jsonText, oneLine } from '../lambda/core/util/safe-text';
import { readOutcome } from '../lambda/deletion/outcome-summary';
import { renderHistoryCsv } from '../lambda/render/history-csv';
import { formatCount, formatNumber } from '../lambda/render/numbers';
import { wrap } from '../lambda/render/terminal';
import { readHistory, type StoredHistory } from '../lambda/storage/read-history';
import { EXIT, type ExitCode } from './exit-codes';
import type { HistoryFormat } from './formats';
import { type HistoryPlace, OWN_NAME, openHistory, type StoreOptions } from './history-store';
import { historyText } from './history-text';
import { checkVerifyOptions, verifyHistory } from './history-verify';
import type { HistoryJson } from './json-shapes';
import { zoneOf } from './load-config';
import { columnsOf, type Terminal, writeFailure, writeOut } from './terminal';

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

const MAX_PLACES = 3;

/** The first of many places, and how many more there are. */
function placesText(places: readonly string[]): string {
  const named = places.slice(0, MAX_PLACES).map(oneLine).join(', ');
  const more = places.length - MAX_PLACES;
  return more > 0 ? `${named} and ${formatNumber(more)} more` : named;
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
  const complete = async (result: ApplyResult): Promise<ApplyResult> =>
    (await readOutcome(store, result.plan)) ?? result;
  try {
    const history = await readHistory(store, complete);
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

/** Prints a sentence for each kind of open or lost record. Returns whether something may be missing. */
export function reportGaps({ results, unreadable }: StoredHistory, { err }: Terminal): boolean {
  const open = results.filter(({ status }) => status === 'unfinished');
  const unsettled = open.flatMap((result) => result.unsettled ?? []);
  if (open.length > 0) {
    const plans = placesText(open.map(({ plan }) => plan.id));
    const unknown =
      unsettled.length === 0
        ? ''
        : `; ${formatCount(unsettled.length, 'snapshot')} may be deleted, the outcome is not known: ${placesText(unsettled.map(({ name, arn }) => name ?? arn))}`;
    err.write(wrap(`note: not finished: ${plans}${unknown}`, columnsOf(err), ''));
  }
  if (unreadable.length === 0) return false;
  const are = unreadable.length === 1 ? 'is' : 'are';
  const message = `${formatCount(unreadable.length, 'part')} of the record cannot be read or ${are} missing: ${placesText(unreadable)}; copy the whole place again, or restore them`;
  writeFailure({ code: 'history.incomplete', message }, err);
  return true;
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
  const since = options.since?.(zone, Date.now()) ?? null;
  const items = historyOf(recorded.results, { wanted: wanted ?? null, since });
  if (options.format === 'json') await writeOut(out, jsonArray(items));
  else if (options.format === 'csv') await writeOut(out, renderHistoryCsv(items.map(({ entry }) => entry)));
  else if (items.length > 0) await writeOut(out, historyText(items, zone, columnsOf(out)));
  else {
    const of = wanted === undefined ? '' : ` of ${oneLine(wanted)}`;
    const within = since === null ? '' : ` since ${localMinute(since, zone)}`;
    await writeOut(out, [wrap(noneText(place, recorded, of + within), columnsOf(out), '')]);
  }
  return reportGaps(recorded, terminal) ? EXIT.incomplete : EXIT.done;
}

/** The text where no entry is wanted. */
function noneText(place: HistoryPlace, { results, unreadable }: StoredHistory, wanted: string): string {
  const total = results.reduce((sum, { items }) => sum + items.length, 0);
  const others = total === 0 ? '' : `; it has ${formatCount(total, 'outcome')}`;
  const where = oneLine(place.where);
  if (unreadable.length > 0) return `No outcome${wanted} could be read in ${where}; a part of the record is missing.`;
  return `No outcome${wanted} is recorded in ${where}${others}.`;
}

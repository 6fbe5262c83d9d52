import { monthlyCostCeiling, snapshotGb } from '../../core/policy/cost';
import type { EvaluatedSnapshot, Report } from '../../core/report/report-model';
import { jsonText, oneLine } from '../../core/util/safe-text';
import { expirySummary } from '../expiry-reasons';
import { policyText, reasonsText, snapshotName, sourceName } from '../phrases';
import { regionCity } from '../region-names';
import type { PageData, PageMark, PageRow, PageSource } from './data';

/** Rows that one page carries: more would make a browser slow. */
export const MAX_ROWS = 30_000;

/** The words for a verdict, by status where a snapshot is kept. */
const VERDICT_WORDS: Readonly<Record<EvaluatedSnapshot['status'], string>> = {
  managed: 'kept',
  held: 'held',
  problem: 'kept: problem',
  unfinished: 'kept: not finished',
  future: 'kept: dated in the future',
  'automatic-copy': 'kept: copy of an automatic snapshot',
  unmanaged: 'kept: no policy',
};
export const EXPIRED_WORD = 'past policy';

function pageMark({ verdict, status }: EvaluatedSnapshot): PageMark {
  if (verdict === 'expire') return 'expire';
  return status === 'managed' ? 'keep' : status === 'held' ? 'held' : 'aside';
}

/** What a page has room for, in the order of the report: what is past policy first, then what is set aside, then the rest. */
export function selectShown(items: readonly EvaluatedSnapshot[], most = MAX_ROWS): readonly EvaluatedSnapshot[] {
  if (items.length <= most) return items;
  const rank = ({ verdict, status }: EvaluatedSnapshot): number =>
    verdict === 'expire' ? 0 : status === 'managed' ? 2 : 1;
  const room = [0, 0, 0];
  for (const item of items) room[rank(item)] = (room[rank(item)] ?? 0) + 1;
  let left = most;
  const taken = room.map((amount) => {
    const here = Math.min(amount, left);
    left -= here;
    return here;
  });
  return items.filter((item) => {
    const of = rank(item);
    const open = taken[of] ?? 0;
    taken[of] = open - 1;
    return open > 0;
  });
}

/** JSON that cannot end the element around it. */
const embedded = (value: unknown): string =>
  jsonText(value).replace(/[<>&]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);

/** A list of texts that each stand in it once. */
function textList(): { readonly list: string[]; indexOf(text: string): number } {
  const indexes = new Map<string, number>();
  const list: string[] = [];
  return {
    list,
    indexOf(text) {
      const known = indexes.get(text);
      if (known !== undefined) return known;
      indexes.set(text, list.length);
      return list.push(text) - 1;
    },
  };
}

function sourceOf({ snapshot, sourceExists }: EvaluatedSnapshot): PageSource {
  const { kind, region } = snapshot;
  return [sourceName(snapshot), sourceExists === false ? 1 : 0, kind, oneLine(region), regionCity(region)];
}

const WEEK = 7 * 86_400_000;

/** The offsets of the report's zone at the instants that a page shows; the timeline begins a week before the report at the latest. */
function offsetsOf(items: readonly EvaluatedSnapshot[], { evaluatedAt, zone }: Report): PageData['offsets'] {
  const made = items.flatMap(({ snapshot }) => snapshot.createdAt ?? []);
  const offsets: [number, number][] = [];
  for (const at of [...made, evaluatedAt - WEEK, evaluatedAt].sort((a, b) => a - b)) {
    const offset = zone.offsetAt(at);
    if (offset !== offsets.at(-1)?.[1]) offsets.push([at, offset]);
  }
  return offsets;
}

/** The data of the page (a PageData) as JSON, in chunks. */
export function* embedRows(items: readonly EvaluatedSnapshot[], report: Report): Generator<string> {
  const [words, policies, prefixes, sourceKeys] = [textList(), textList(), textList(), textList()];
  const sources: PageSource[] = [];
  yield `{"now":${report.evaluatedAt},"offsets":${JSON.stringify(offsetsOf(items, report))},"rows":[`;
  for (const [index, item] of items.entries()) {
    const { snapshot, reasons, policy } = item;
    const { account, kind, region, source } = snapshot;
    const of = sourceKeys.indexOf(JSON.stringify([account, region, kind, source?.arn ?? [source?.name]]));
    sources[of] ??= sourceOf(item);
    const arn = snapshot.arn === null ? null : oneLine(snapshot.arn);
    const cut = arn === null ? 0 : arn.lastIndexOf('/') + 1;
    const row: PageRow = [
      snapshotName(snapshot),
      of,
      snapshot.createdAt,
      snapshotGb(snapshot),
      monthlyCostCeiling(snapshot, report.pricing),
      pageMark(item),
      words.indexOf(item.verdict === 'expire' ? EXPIRED_WORD : VERDICT_WORDS[item.status]),
      policies.indexOf(item.verdict === 'expire' ? expirySummary(item) : policyText(policy)),
      reasonsText(reasons),
      [...snapshot.tags].map(([key, value]) => oneLine(value === null ? key : `${key}=${value}`)).join(', '),
      arn === null ? null : prefixes.indexOf(arn.slice(0, cut)),
      arn === null ? '' : arn.slice(cut),
    ];
    yield `${index === 0 ? '\n' : ',\n'}${embedded(row)}`;
  }
  const lists = { sources, words: words.list, policies: policies.list, prefixes: prefixes.list };
  yield `\n],${embedded(lists).slice(1)}`;
}

import { monthlyCostCeiling, snapshotGb } from '../../core/policy/cost';
import type { PolicyUse } from '../../core/policy/policy';
import type { EvaluatedSnapshot, Report } from '../../core/report/report-model';
import { DAY_MS } from '../../core/time/units';
import type { Zone } from '../../core/time/zone';
import { jsonText, oneLine } from '../../core/util/safe-text';
import { policyText, reasonTexts, snapshotName, sourceName } from '../phrases';
import { regionCity } from '../region-names';
import type { PageData, PageMark, PagePolicy, PageRow, PageSource } from './data';
import type { PageContext } from './page-context';
import { isNamedPolicy, whySentence } from './page-words';
import { type RowSource, readRow, readSource, type SnapshotRow } from './rows';

/** Maximum number of rows of a page: more make a browser slow. */
export const MAX_ROWS = 30_000;

/** A state of a snapshot that will never finish. */
const FAILED_STATE = /error|fail/i;

/** The decision about a kept snapshot in words, by status. */
const DECISION_WORDS: Readonly<Record<EvaluatedSnapshot['status'], string>> = {
  managed: 'Kept',
  held: 'Held',
  problem: 'Needs a fix',
  unfinished: 'Kept, not finished',
  future: 'Needs a fix',
  'automatic-copy': 'Kept copy',
  unmanaged: 'Kept, no policy',
};

/** How a snapshot is drawn. */
export function pageMark({ verdict, status, snapshot }: EvaluatedSnapshot): PageMark {
  if (verdict === 'expire') return 'expire';
  if (status === 'held') return 'held';
  if (status === 'automatic-copy') return 'copy';
  const failed = status === 'unfinished' && FAILED_STATE.test(snapshot.state ?? '');
  return status === 'problem' || status === 'future' || failed ? 'fix' : 'keep';
}

function decisionWord(item: EvaluatedSnapshot, due: string): string {
  if (item.verdict === 'expire') return due === '' ? 'Can be deleted' : 'Will be deleted';
  return pageMark(item) === 'fix' ? DECISION_WORDS.problem : DECISION_WORDS[item.status];
}

/** Selects the rows of a page, in the order of the report: first all expired, then excluded, then other snapshots. */
export function selectShown(items: readonly EvaluatedSnapshot[], most = MAX_ROWS): readonly EvaluatedSnapshot[] {
  if (items.length <= most) return items;
  const rank = ({ verdict, status }: EvaluatedSnapshot): number => {
    if (verdict === 'expire') return 0;
    return status === 'managed' ? 2 : 1;
  };
  const amounts = [0, 0, 0];
  for (const item of items) amounts[rank(item)] = (amounts[rank(item)] ?? 0) + 1;
  let left = most;
  const taken = amounts.map((amount) => {
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

/** JSON that cannot close the surrounding element. */
export const embedded = (value: unknown): string =>
  jsonText(value).replace(/[<>&]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);

/** A list of distinct texts. */
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

function pageSourceOf({ snapshot, sourceExists }: EvaluatedSnapshot): PageSource {
  const { kind, region, source } = snapshot;
  const alone = source?.arn == null ? 1 : 0;
  return [sourceName(snapshot), sourceExists === false ? 1 : 0, kind, oneLine(region), regionCity(region), alone];
}

/** A policy as the page evaluates it. */
function pagePolicy({ id, name, policy }: PolicyUse): PagePolicy {
  const { keep, expireAfter, expireOn } = policy;
  const rules = keep === null || keep === 'all' ? { counts: {}, within: {} } : keep;
  const counts = Object.entries(rules.counts).map(
    ([rule, count]) => [rule, Number.isFinite(count) ? count : ('unlimited' as const)] as const,
  );
  const within = Object.entries(rules.within).map(([rule, duration]) => [rule, duration.text] as const);
  return {
    id,
    name,
    named: isNamedPolicy({ id }),
    keepAll: keep === 'all',
    counts: Object.fromEntries(counts),
    within: Object.fromEntries(within),
    expireAfter: expireAfter?.text ?? null,
    expireOn,
  };
}

/** Days before the oldest and after the newest instant of a page that its durations can reach. */
const EARLIER_MS = 3 * DAY_MS;
const LATER_MS = 800 * DAY_MS;
/** The most days that are searched for changes of the clock. */
const MAX_ZONE_MS = 22_000 * DAY_MS;

/** The changes of a zone's offset between two instants, each to the millisecond. */
function zoneOffsets(from: number, to: number, zone: Zone): PageData['offsets'] {
  const offsets: [number, number][] = [[from, zone.offsetAt(from)]];
  for (let day = from; day < to; day += DAY_MS) {
    const [before, after] = [zone.offsetAt(day), zone.offsetAt(day + DAY_MS)];
    if (before === after) continue;
    let [same, changed] = [day, day + DAY_MS];
    while (changed - same > 1) {
      const middle = Math.floor((same + changed) / 2);
      if (zone.offsetAt(middle) === before) same = middle;
      else changed = middle;
    }
    offsets.push([changed, after]);
  }
  return offsets;
}

function offsetsOf(items: readonly EvaluatedSnapshot[], { evaluatedAt, zone }: Report): PageData['offsets'] {
  let first = evaluatedAt;
  for (const { snapshot } of items) first = Math.min(first, snapshot.createdAt ?? first);
  const from = Math.max(first - EARLIER_MS, evaluatedAt - MAX_ZONE_MS);
  return zoneOffsets(from, evaluatedAt + LATER_MS, zone);
}

/** Writes snapshots as rows of a page, and collects the lists that the rows refer to. */
export class RowWriter {
  private readonly words = textList();
  private readonly policies = textList();
  private readonly reasons = textList();
  private readonly prefixes = textList();
  private readonly sourceKeys = textList();
  private readonly useKeys = textList();
  private readonly sources: PageSource[] = [];
  private readonly readSources: RowSource[] = [];
  private readonly uses: PagePolicy[] = [];

  constructor(
    private readonly report: Report,
    private readonly due: ReadonlyMap<string, string>,
  ) {}

  /** The row of a snapshot. */
  row(item: EvaluatedSnapshot): PageRow {
    const { snapshot, reasons, policy, status } = item;
    const { account, kind, region, source } = snapshot;
    const of = this.sourceKeys.indexOf(JSON.stringify([account, region, kind, source?.arn ?? [source?.name]]));
    this.sources[of] ??= pageSourceOf(item);
    const arn = snapshot.arn === null ? null : oneLine(snapshot.arn);
    const cut = arn === null ? 0 : arn.lastIndexOf('/') + 1;
    const due = item.verdict === 'expire' ? (this.due.get(snapshot.arn ?? '') ?? '') : '';
    return [
      snapshotName(snapshot),
      of,
      snapshot.createdAt,
      snapshotGb(snapshot),
      monthlyCostCeiling(snapshot, this.report.pricing),
      pageMark(item),
      this.words.indexOf(decisionWord(item, due)),
      this.policies.indexOf(policyText(policy)),
      this.policies.indexOf(whySentence(item)),
      reasonTexts(reasons).map((text) => this.reasons.indexOf(text)),
      [...snapshot.tags].map(([key, value]) => oneLine(value === null ? key : `${key}=${value}`)).join(', '),
      arn === null ? null : this.prefixes.indexOf(arn.slice(0, cut)),
      arn === null ? '' : arn.slice(cut),
      status === 'managed' && policy !== null ? this.useIndex(policy) : null,
      due,
    ];
  }

  /** The row of a snapshot as the page reads it. */
  read(item: EvaluatedSnapshot, index: number): SnapshotRow {
    const row = this.row(item);
    const source = this.sources[row[1]];
    if (source !== undefined) this.readSources[row[1]] ??= readSource(source);
    return readRow(row, index, { now: this.report.evaluatedAt, ...this.lists() }, this.readSources);
  }

  /** The lists that the rows so far refer to. */
  lists(): Pick<PageData, 'sources' | 'words' | 'policies' | 'reasons' | 'prefixes' | 'uses'> {
    const { sources, words, policies, reasons, prefixes, uses } = this;
    return {
      sources,
      words: words.list,
      policies: policies.list,
      reasons: reasons.list,
      prefixes: prefixes.list,
      uses,
    };
  }

  private useIndex(use: PolicyUse): number {
    const index = this.useKeys.indexOf(use.id);
    this.uses[index] ??= pagePolicy(use);
    return index;
  }
}

/** The data of the page (a PageData) as JSON, in chunks. */
export function* embedRows(
  items: readonly EvaluatedSnapshot[],
  report: Report,
  { due, config }: Pick<PageContext, 'due' | 'config'>,
): Generator<string> {
  const writer = new RowWriter(report, due ?? new Map());
  const isWhole = items.length === report.items.length;
  const floors =
    config === undefined || !isWhole ? null : { minKeep: config.floors.minKeep, minAge: config.floors.minAge.text };
  const head = { now: report.evaluatedAt, offsets: offsetsOf(items, report), floors };
  yield `${JSON.stringify(head).slice(0, -1)},"rows":[`;
  for (const [index, item] of items.entries()) yield `${index === 0 ? '\n' : ',\n'}${embedded(writer.row(item))}`;
  yield `\n],${embedded(writer.lists()).slice(1)}`;
}

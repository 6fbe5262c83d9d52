import type { EvaluatedSnapshot, Report } from '../../core/report/report-model';
import { AGES, ageFilter } from '../charts';
import { formatCount, formatNumber } from '../numbers';
import type { RowWriter } from './embed';
import { pageMark } from './embed';
import { clockOf } from './local-clock';
import { MARK_ORDER } from './marks';
import { rowView } from './row-view';
import { viewHtml } from './view';

/** The columns: sort key (null: none), heading, and the texts of both sort orders. */
const TABLE_COLUMNS: readonly (readonly [key: string | null, label: string, up: string, down: string])[] = [
  ['name', 'Snapshot', 'A to Z', 'Z to A'],
  ['age', 'Created', 'newest first', 'oldest first'],
  ['size', 'Size', 'smallest first', 'largest first'],
  ['cost', 'Up to / month', 'lowest first', 'highest first'],
  ['decision', 'Decision', 'can be deleted first', 'kept first'],
  [null, 'Why', '', ''],
];

const heads = TABLE_COLUMNS.map(([key, label]) => {
  const type = key === 'size' || key === 'cost' ? ' class="r"' : '';
  if (key === null) return `<th role="columnheader" scope="col">${label}</th>`;
  return `<th role="columnheader" scope="col" data-sort="${key}"${type}>${label}</th>`;
}).join('');

const sorts = TABLE_COLUMNS.flatMap(([key, label, up, down]) =>
  key === null
    ? []
    : [`<option value="${key}">${label}, ${up}</option>`, `<option value="-${key}">${label}, ${down}</option>`],
).join('');

const ages = AGES.map((band) => `<option value="${ageFilter(band)}">${band.label}</option>`).join('');

const choice = (key: string, label: string, all: string, options = ''): string =>
  `<div><label for="f-${key}">${label}</label><select name="${key}" id="f-${key}">` +
  `<option value="">${all}</option>${options}</select></div>`;

/** The decisions that the table can be reduced to: value and label. */
const DECISIONS = [
  ['', 'All'],
  ['expire', 'Can be deleted'],
  ['keep', 'Kept'],
  ['held', 'Held'],
  ['fix', 'Needs a fix'],
] as const;

function decisionFilter(items: readonly EvaluatedSnapshot[]): string {
  const counts = new Map<string, number>([['', items.length]]);
  for (const item of items) {
    const mark = pageMark(item);
    const key = mark === 'copy' ? 'keep' : mark;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const labels = DECISIONS.map(
    ([value, label]) =>
      `<label><input type="radio" name="decision" value="${value}"${value === '' ? ' checked' : ''}>${label} ` +
      `<span class="quiet">${formatNumber(counts.get(value) ?? 0)}</span></label>`,
  );
  return `<fieldset class="seg"><legend class="vh">Decision</legend>${labels.join('')}</fieldset>`;
}

const filtersHtml = (items: readonly EvaluatedSnapshot[]): string =>
  `<form id="filters" role="search" aria-label="Filter the snapshots" hidden>
<div class="tools">${decisionFilter(items)}<div class="find"><label class="vh" for="f-text">Search</label>\
<input id="f-text" name="text" type="search" autocomplete="off" spellcheck="false" placeholder="Search name, tag, reason"></div></div>
<div class="tools more">${choice('source', 'Source', 'every source')}${choice('region', 'Region', 'every region')}\
${choice('kind', 'Kind', 'every kind')}${choice('age', 'Age', 'every age', ages)}\
${choice('sort', 'Sorted by', 'can be deleted first', sorts)}<button class="btn" id="clear" type="button">Clear</button></div>
</form>
`;

const pager = (label: string, role = ''): string =>
  `<nav class="pager" aria-label="${label}" hidden><button class="btn" type="button" data-step="-1">Previous</button>` +
  `<span class="where"${role}></span><button class="btn" type="button" data-step="1">Next</button></nav>`;

/** Rows of a page without its script: all of a small account, else the first. */
const MAX_STATIC_ROWS = 300;
const FIRST_STATIC_ROWS = 100;

const staticCount = (rows: number): number => (rows <= MAX_STATIC_ROWS ? rows : FIRST_STATIC_ROWS);

/** The rows in the order of the table: what can be deleted first. */
function staticRows(items: readonly EvaluatedSnapshot[]): readonly (readonly [EvaluatedSnapshot, number])[] {
  const indexed = items.map((item, index) => [item, index] as const);
  return indexed
    .sort(([a, i], [b, j]) => MARK_ORDER[pageMark(b)] - MARK_ORDER[pageMark(a)] || i - j)
    .slice(0, staticCount(items.length));
}

/** The table of all snapshots. Its first rows are in the page; the script draws any part. `place` is HTML. */
export function* tableHtml(
  report: Report,
  shown: readonly EvaluatedSnapshot[],
  place: string,
  writer: RowWriter,
): Generator<string> {
  const { items, zone } = report;
  if (items.length === 0) return;
  const title = `All ${formatCount(items.length, 'snapshot')}`;
  yield `<section id="all" aria-labelledby="h-all"><div class="head"><div><h2 id="h-all">${title}</h2>\
<p>Decided by the policy in force. Days start at midnight in the time zone above.</p></div></div>\n`;
  const hidden = items.length - shown.length;
  if (hidden > 0)
    yield `<p class="warn">This page lists ${formatNumber(shown.length)} of ${formatNumber(items.length)} snapshots, \
those that can be deleted first. The other ${formatNumber(hidden)} are in ${place}; totals and charts count them.</p>\n`;
  const written = staticCount(shown.length);
  const left = items.length - written;
  if (left > 0)
    yield `<noscript><p class="warn">Without JavaScript this table has ${formatNumber(written)} rows. \
The other ${formatNumber(left)} are in ${place}.</p></noscript>\n`;
  yield filtersHtml(shown);
  yield `<div id="snapshots"><div class="over"><p id="summary" class="small quiet" role="status"></p>\
${pager('Pages of the table', ' role="status"')}</div>
<p id="none" class="small" hidden>No snapshot matches these filters. <button class="btn" id="nothing" type="button">Show all</button></p>
<table id="rows" class="all" role="table" aria-labelledby="h-all"><thead role="rowgroup"><tr role="row">${heads}</tr></thead><tbody id="body" role="rowgroup">
`;
  const clock = clockOf(zone);
  for (const [item, index] of staticRows(shown)) yield `${viewHtml(rowView(writer.read(item, index), clock))}\n`;
  yield `</tbody></table>
<p class="printed" hidden>… and <span id="rows-left"></span> more, in ${place}</p>
${pager('Pages of the table, again')}</div></section>
`;
}

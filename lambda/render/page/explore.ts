import { AGES, ageFilter } from '../charts';

/** The columns: sort key (null: none), heading, and the texts of both sort orders. */
const TABLE_COLUMNS: readonly (readonly [key: string | null, label: string, up: string, down: string])[] = [
  ['name', 'Snapshot', 'A to Z', 'Z to A'],
  ['source', 'Source', 'A to Z', 'Z to A'],
  ['region', 'Region', 'A to Z', 'Z to A'],
  ['kind', 'Kind', 'A to Z', 'Z to A'],
  ['age', 'Age', 'newest first', 'oldest first'],
  ['size', 'Size', 'smallest first', 'largest first'],
  ['cost', 'At most per month', 'lowest first', 'highest first'],
  ['verdict', 'Verdict', 'A to Z', 'Z to A'],
  [null, 'Why', '', ''],
];

const heads = TABLE_COLUMNS.map(([key, label]) =>
  key === null
    ? `<th role="columnheader" scope="col">${label}</th>`
    : `<th role="columnheader" scope="col" data-sort="${key}" aria-sort="none" class="${['age', 'size', 'cost'].includes(key) ? 'n' : ''}"><button type="button">${label}</button></th>`,
).join('');

const sorts = TABLE_COLUMNS.flatMap(([key, label, up, down]) =>
  key === null
    ? []
    : [`<option value="${key}">${label}, ${up}</option>`, `<option value="-${key}">${label}, ${down}</option>`],
).join('');

const ages = AGES.map((band) => `<option value="${ageFilter(band)}">${band.label}</option>`).join('');

const choice = (key: string, label: string, all: string, options = ''): string =>
  `<div><label for="f-${key}">${label}</label><select name="${key}" id="f-${key}"><option value="">${all}</option>${options}</select></div>`;

const FILTERS = `<form id="filters" role="search" aria-label="Filter the snapshots">
${choice('source', 'Source', 'every source')}${choice('region', 'Region', 'every region')}${choice('kind', 'Kind', 'every kind')}${choice('verdict', 'Verdict', 'every verdict')}${choice('age', 'Age', 'every age', ages)}<div><label for="f-text">Search</label><input id="f-text" name="text" type="search" autocomplete="off" spellcheck="false" placeholder="name, tag, reason"></div>${choice('sort', 'Sorted by', 'as reported', sorts)}<button id="clear" type="button">Clear</button></form>
<p id="summary" role="status"></p>`;

const LEGEND = `<p class="legend" aria-hidden="true"><span><span class="shape keep"></span>kept</span><span><span class="shape expire"></span>expired</span><span><span class="shape held"></span>held</span><span><span class="shape aside"></span>excluded, kept</span></p>`;

const pager = (label: string, role = ''): string =>
  `<nav class="pager" aria-label="${label}" hidden><button type="button" data-step="-1">Previous</button><span class="where"${role}></span><button type="button" data-step="1">Next</button></nav>`;

/**
 * The part of the page that its script fills: filters, timeline, table. `place` (HTML) is the place of omitted rows.
 */
export const explore = (place: string): string => `<div id="live" hidden>
${FILTERS}
<section id="timeline" class="card"><div class="over"><h3>Timeline</h3><p class="dim"><span id="span"></span>; the nearer, the wider a day is drawn</p>${LEGEND}</div>
<div class="axis" id="axis" aria-hidden="true"></div><div id="lanes"></div><button id="more" type="button" hidden>Show more sources</button>
<p class="printed" hidden>… and <span id="lanes-left"></span> without a timeline here; their snapshots are in ${place}</p></section>
<section id="snapshots"><h3>Snapshots</h3>
${pager('Pages of the table', ' role="status"')}
<p id="none" class="card" hidden>No snapshot matches these filters. <button id="nothing" type="button">Show all</button></p>
<table id="rows" role="table" aria-label="Snapshots"><thead role="rowgroup"><tr role="row">${heads}</tr></thead><tbody id="body" role="rowgroup"></tbody></table>
<p class="printed" hidden>… and <span id="rows-left"></span> more, in ${place}</p>
${pager('Pages of the table, again')}</section>
</div>
`;

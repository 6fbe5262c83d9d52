import type { PolicyComparison } from '../core/report/compare-policies';
import type { Zone } from '../core/time/zone';
import { comparisonText, type TextTable } from './comparison-sections';
import { escapeHtml } from './escape';
import { PAGE_END, pageStart } from './page/page-shell';

function* comparisonTable(id: string, [head = [], ...rows]: TextTable): Generator<string> {
  yield `<table id="${id}"><thead><tr>${head.map((cell) => `<th scope="col">${escapeHtml(cell)}</th>`).join('')}</tr></thead>\n<tbody>\n`;
  for (const row of rows)
    yield `<tr>${row.map((cell, column) => `<td data-label="${escapeHtml(head[column] ?? '')}">${escapeHtml(cell)}</td>`).join('')}</tr>\n`;
  yield '</tbody></table>\n';
}

/** The comparison as a self-contained page without scripts. */
export function* renderComparisonHtml(comparison: PolicyComparison, zone: Zone): Generator<string> {
  const text = comparisonText(comparison, zone);
  yield `${pageStart({ title: text.title })}<main>
<h1>${escapeHtml(text.title)}</h1>
`;
  for (const line of text.about) yield `<p class="dim">${escapeHtml(line)}</p>\n`;
  for (const { title, outcome } of text.parts) yield `<p><strong>${escapeHtml(`${title}: ${outcome}`)}</strong></p>\n`;
  yield '<section class="card">\n<h2>Totals</h2>\n';
  yield* comparisonTable('totals', text.totals);
  yield '</section>\n';
  for (const [index, { title, newlyExpiring, newlyKept }] of text.parts.entries()) {
    const lists = [
      ['Newly expiring', newlyExpiring, `expiring-${index + 1}`],
      ['Newly kept', newlyKept, `kept-${index + 1}`],
    ] as const;
    for (const [name, rows, id] of lists) {
      if (rows.length <= 1) continue;
      yield `<section class="card">\n<h2>${name}: ${escapeHtml(title)}</h2>\n`;
      yield* comparisonTable(id, rows);
      yield '</section>\n';
    }
  }
  yield '<section class="card">\n<h2>Sources</h2>\n';
  yield* comparisonTable('sources', text.sources);
  yield `</section>\n</main>\n${PAGE_END}`;
}

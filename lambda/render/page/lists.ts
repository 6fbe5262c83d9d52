import { escapeHtml } from '../escape';
import { formatNumber } from '../numbers';
import type { Item, Section } from '../report-sections';

/** Items of a list that are shown at first; the others unfold. */
const MAX_OPEN_ITEMS = 5;

function sectionItemHtml({ line, details }: Item): string {
  const more = (details ?? [])
    .filter((detail) => detail !== '')
    .map((detail) => `<br><span class="quiet">${escapeHtml(detail)}</span>`);
  return `<li>${escapeHtml(line)}${more.join('')}</li>`;
}

/** Items in a list for each heading; long lists unfold. */
export function* listsHtml({ items }: Pick<Section, 'items'>): Generator<string> {
  const amounts = new Map<string | undefined, number>();
  for (const { heading } of items()) amounts.set(heading, (amounts.get(heading) ?? 0) + 1);
  let at: { readonly heading: string | undefined; readonly all: number } | null = null;
  let written = 0;
  // A single further item is shown: the summary would be as long.
  const folds = (all: number): boolean => all > MAX_OPEN_ITEMS + 1;
  const end = (): string => {
    if (at === null) return '';
    return folds(at.all) ? '</ul></details>' : '</ul>';
  };
  for (const item of items()) {
    if (at === null || at.heading !== item.heading) {
      yield end();
      at = { heading: item.heading, all: amounts.get(item.heading) ?? 0 };
      written = 0;
      yield `${item.heading === undefined ? '' : `<h4>${escapeHtml(item.heading)}</h4>`}<ul>`;
    }
    if (written === MAX_OPEN_ITEMS && folds(at.all))
      yield `</ul><details><summary>${formatNumber(at.all - MAX_OPEN_ITEMS)} more</summary><ul>`;
    written += 1;
    yield `${sectionItemHtml(item)}\n`;
  }
  yield end();
}

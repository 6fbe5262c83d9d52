import type { Report } from '../../core/report/report-model';
import { type Bar, type Chart, charts } from '../charts';
import { escapeHtml } from '../escape';
import { formatCount, formatDollars, formatNumber } from '../numbers';
import { allSizes, expiringSizes } from '../report-header';
import type { Item, Section } from '../report-sections';
import { ceilingText, gbText, unknownSizeText } from '../totals';
import { EXPIRED_WORD } from './embed';

/** Items of a list that are shown at first; the others unfold. */
const MAX_OPEN_ITEMS = 5;

/** A link to the filters of the page. */
const filterLink = (filter: Readonly<Record<string, string>>): string =>
  `#${escapeHtml(String(new URLSearchParams(filter)))}`;

interface Card {
  readonly term: string;
  readonly value: string;
  readonly note: string;
  readonly type: string;
  readonly link: string | null;
  /** The accessible name of the link. */
  readonly name?: string;
}

/** The link of a card to its rows; empty where it counts none. */
const linked = (amount: number, link: string, name: string): Pick<Card, 'link' | 'name'> =>
  amount === 0 ? { link: null } : { link, name };

const verdictLink = (word: string): string => filterLink({ verdict: word });

function totalCards(report: Report): readonly Card[] {
  const { totals, problems, complete } = report;
  const sizes = allSizes(report);
  const readPart = (text: string): string => (complete ? text : 'in what could be read');
  return [
    {
      term: 'Expired by policy',
      value: formatNumber(totals.expire),
      note: totals.expire === 0 ? readPart('nothing to do') : ceilingText(expiringSizes(report)),
      type: totals.expire === 0 ? '' : 'expire',
      ...linked(totals.expire, verdictLink(EXPIRED_WORD), `${formatNumber(totals.expire)} expired`),
    },
    {
      term: 'Kept',
      value: formatNumber(totals.keep),
      note: `of ${formatCount(totals.snapshots, 'snapshot')}${complete ? '' : ' that could be read'}`,
      type: 'keep',
      link: null,
    },
    {
      term: 'Held',
      value: formatNumber(totals.held),
      note: 'kept by a tag',
      type: 'held',
      ...linked(totals.held, verdictLink('held'), `${formatNumber(totals.held)} held`),
    },
    {
      term: 'No policy',
      value: formatNumber(totals.unmanaged),
      note: totals.unmanaged === 0 ? readPart('all are covered') : 'kept until one covers them',
      type: '',
      ...linked(totals.unmanaged, verdictLink('kept: no policy'), `${formatNumber(totals.unmanaged)} without a policy`),
    },
    {
      term: 'Problems',
      value: formatNumber(problems.length),
      note: problems.length === 0 ? readPart('none') : 'need attention',
      type: problems.length === 0 ? '' : 'expire',
      ...linked(problems.length, '#problems', formatCount(problems.length, 'problem')),
    },
    {
      term: complete ? 'All together' : 'All that was read',
      value: formatDollars(totals.monthlyCostCeiling),
      note: `per month at most, ${gbText(sizes)}${unknownSizeText(sizes)}`,
      type: '',
      link: null,
    },
  ];
}

function cardHtml({ type, term, value, note, link, name }: Card): string {
  const text = escapeHtml(value);
  const body = link === null ? text : `<a href="${link}" aria-label="${escapeHtml(name ?? value)}">${text}</a>`;
  return `<div class="${type}"><dt>${term}</dt><dd>${body}</dd><dd class="dim">${escapeHtml(note)}</dd></div>`;
}

/**
 * The totals of the report as cards; those that can be listed are links. An incomplete report never says that all is
 * well.
 */
export const totalsHtml = (report: Report): string =>
  `<dl class="totals">${totalCards(report).map(cardHtml).join('')}</dl>\n`;

function sectionItemHtml({ line, details }: Item): string {
  const more = (details ?? [])
    .filter((detail) => detail !== '')
    .map((detail) => `<br><span class="dim">${escapeHtml(detail)}</span>`);
  return `<li>${escapeHtml(line)}${more.join('')}</li>`;
}

/** Items in a list for each heading; long lists unfold. */
function* listsHtml({ items }: Section): Generator<string> {
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
      yield `${item.heading === undefined ? '' : `<h3>${escapeHtml(item.heading)}</h3>`}<ul>`;
    }
    if (written === MAX_OPEN_ITEMS && folds(at.all))
      yield `</ul><details><summary>${formatNumber(at.all - MAX_OPEN_ITEMS)} more</summary><ul>`;
    written += 1;
    yield `${sectionItemHtml(item)}\n`;
  }
  yield end();
}

/** A whole section of the report, in chunks; long lists unfold. */
export function* sectionHtml(section: Section, type: 'warn' | 'card', id = ''): Generator<string> {
  const leads = section.lead.map((line) => `<p>${escapeHtml(line)}</p>`).join('');
  yield `<section class="${type}"${id === '' ? '' : ` id="${id}"`}><h2>${escapeHtml(section.title)}</h2>${leads}`;
  if (section.count > 0) yield* listsHtml(section);
  yield '</section>\n';
}

function barHtml({ label, keep, expire, value, expiring: past, filter }: Bar, longest: number): string {
  const part = (amount: number): string => ((100 * amount) / longest).toFixed(2);
  const name = `<bdi>${escapeHtml(label)}</bdi>`;
  const outlined = expire > 0 ? `<rect class="x" x="${part(keep)}" width="${part(expire)}" height="10"/>` : '';
  const of = past === '' ? '' : `<span class="dim">${escapeHtml(past)}</span>`;
  const heading = filter === null ? name : `<a href="${filterLink(filter)}">${name}</a>`;
  const bars = `<rect class="k" width="${part(keep)}" height="10"/>${outlined}`;
  const drawing = `<svg viewBox="0 0 100 10" preserveAspectRatio="none">${bars}</svg>`;
  const amount = `${escapeHtml(value)}${of}`;
  return `<tr><th scope="row">${heading}</th><td>${amount}</td><td aria-hidden="true">${drawing}</td></tr>`;
}

function chartHtml({ title, bars }: Chart): string {
  const longest = Math.max(...bars.map(({ keep, expire }) => keep + expire), 1e-9);
  const rows = bars.map((bar) => barHtml(bar, longest)).join('\n');
  return `<div class="chart card"><table><caption>${escapeHtml(title)}</caption><tbody>${rows}</tbody></table></div>\n`;
}

/** The charts, each a table whose bars repeat its cells. */
export const chartsHtml = (report: Report): string =>
  charts(report)
    .filter(({ bars }) => bars.length > 0)
    .map(chartHtml)
    .join('');

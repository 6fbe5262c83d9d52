import type { Report } from '../../core/report/report-model';
import { type Bar, type Chart, charts } from '../charts';
import { escapeHtml } from '../escape';
import { formatCount, formatDollars, formatNumber } from '../numbers';
import { allSizes, expiringSizes } from '../report-header';
import type { Item, Section } from '../report-sections';
import { ceilingText, gbText, unknownSizeText } from '../totals';
import { EXPIRED_WORD } from './embed';

/** Items of a list that stand open; the others unfold. */
const MAX_OPEN_ITEMS = 5;

/** An address of the page's own filters. */
const filterLink = (filter: Readonly<Record<string, string>>): string =>
  `#${escapeHtml(String(new URLSearchParams(filter)))}`;

interface Card {
  readonly term: string;
  readonly value: string;
  readonly note: string;
  readonly type: string;
  readonly link: string | null;
  /** The link by its name, for who hears it without its card. */
  readonly name?: string;
}

/** The figures of the report as cards; those that can be listed are links. None gives an all-clear for what was not read. */
export function totalsHtml(report: Report): string {
  const { totals, problems, complete } = report;
  const verdict = (word: string): string => filterLink({ verdict: word });
  const whole = allSizes(report);
  const none = (text: string): string => (complete ? text : 'in what could be read');
  const cards: readonly Card[] = [
    {
      term: 'Past policy',
      value: formatNumber(totals.expire),
      note: totals.expire === 0 ? none('nothing to do') : ceilingText(expiringSizes(report)),
      type: totals.expire === 0 ? '' : 'expire',
      link: totals.expire === 0 ? null : verdict(EXPIRED_WORD),
      name: `${formatNumber(totals.expire)} past policy`,
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
      link: totals.held === 0 ? null : verdict('held'),
      name: `${formatNumber(totals.held)} held`,
    },
    {
      term: 'No policy',
      value: formatNumber(totals.unmanaged),
      note: totals.unmanaged === 0 ? none('all are covered') : 'kept until one covers them',
      type: '',
      link: totals.unmanaged === 0 ? null : verdict('kept: no policy'),
      name: `${formatNumber(totals.unmanaged)} without a policy`,
    },
    {
      term: 'Problems',
      value: formatNumber(problems.length),
      note: problems.length === 0 ? none('none') : 'somebody should look',
      type: problems.length === 0 ? '' : 'expire',
      link: problems.length === 0 ? null : '#problems',
      name: formatCount(problems.length, 'problem'),
    },
    {
      term: complete ? 'All together' : 'All that was read',
      value: formatDollars(totals.monthlyCostCeiling),
      note: `per month at most, ${gbText(whole)}${unknownSizeText(whole)}`,
      type: '',
      link: null,
    },
  ];
  const body = ({ value, link, name }: Card): string =>
    link === null
      ? escapeHtml(value)
      : `<a href="${link}" aria-label="${escapeHtml(name ?? value)}">${escapeHtml(value)}</a>`;
  const html = cards.map(
    (card) =>
      `<div class="${card.type}"><dt>${card.term}</dt><dd>${body(card)}</dd><dd class="dim">${escapeHtml(card.note)}</dd></div>`,
  );
  return `<dl class="totals">${html.join('')}</dl>\n`;
}

function sectionItemHtml({ line, details }: Item): string {
  const more = (details ?? [])
    .filter((detail) => detail !== '')
    .map((detail) => `<br><span class="dim">${escapeHtml(detail)}</span>`);
  return `<li>${escapeHtml(line)}${more.join('')}</li>`;
}

/** Items in their lists, one for each heading; what is beyond the first of a list unfolds. */
function* listsHtml({ items }: Section): Generator<string> {
  const amounts = new Map<string | undefined, number>();
  for (const { heading } of items()) amounts.set(heading, (amounts.get(heading) ?? 0) + 1);
  let at: { readonly heading: string | undefined; readonly all: number } | null = null;
  let written = 0;
  // One more item takes no more room than the offer to show it.
  const folds = (all: number): boolean => all > MAX_OPEN_ITEMS + 1;
  const end = (): string => (at === null ? '' : folds(at.all) ? '</ul></details>' : '</ul>');
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

/** A section of the report, in chunks and uncut, as an e-mail that had to cut it refers to the page; what is long folds. */
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
  return `<tr><th scope="row">${filter === null ? name : `<a href="${filterLink(filter)}">${name}</a>`}</th><td>${escapeHtml(value)}${of}</td><td aria-hidden="true"><svg viewBox="0 0 100 10" preserveAspectRatio="none"><rect class="k" width="${part(keep)}" height="10"/>${outlined}</svg></td></tr>`;
}

function chartHtml({ title, bars }: Chart): string {
  const longest = Math.max(...bars.map(({ keep, expire }) => keep + expire), 1e-9);
  return `<div class="chart card"><table><caption>${escapeHtml(title)}</caption><tbody>${bars.map((bar) => barHtml(bar, longest)).join('\n')}</tbody></table></div>\n`;
}

/** The charts, each a table whose bars repeat what its cells say. */
export const chartsHtml = (report: Report): string =>
  charts(report)
    .filter(({ bars }) => bars.length > 0)
    .map(chartHtml)
    .join('');

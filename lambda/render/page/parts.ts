import type { Report } from '../../core/report-model';
import { type Bar, type Chart, charts } from '../charts';
import { escaped } from '../escape';
import { sizeOf } from '../frame';
import type { Item, Section } from '../outline';
import { count, dollars, figure } from '../phrases';
import { PAST_POLICY } from './embed';

/** Items of a list that stand open; the others unfold, up to a bound that keeps the page light. */
const OPEN = 5;
const MOST_ITEMS = 500;

/** An address of the page's own filters. */
const filterLink = (filter: Readonly<Record<string, string>>): string => `#${escaped(String(new URLSearchParams(filter)))}`;

interface Card {
  readonly term: string;
  readonly value: string;
  readonly note: string;
  readonly type: string;
  readonly link: string | null;
}

/** The figures of the report as cards; those that can be listed are links. */
export function totalsHtml({ totals, problems, items }: Report): string {
  const verdict = (word: string): string => filterLink({ verdict: word });
  const cards: readonly Card[] = [
    {
      term: 'Past policy',
      value: figure(totals.expire),
      note: totals.expire === 0 ? 'nothing to do' : `at most ${dollars(totals.expireMonthlyCostCeiling)} per month`,
      type: totals.expire === 0 ? '' : 'expire',
      link: totals.expire === 0 ? null : verdict(PAST_POLICY),
    },
    { term: 'Kept', value: figure(totals.keep), note: `of ${count(totals.snapshots, 'snapshot')}`, type: 'keep', link: null },
    {
      term: 'Held',
      value: figure(totals.held),
      note: 'kept by a tag',
      type: 'held',
      link: totals.held === 0 ? null : verdict('held'),
    },
    {
      term: 'No policy',
      value: figure(totals.unmanaged),
      note: totals.unmanaged === 0 ? 'all are covered' : 'kept until one covers them',
      type: '',
      link: totals.unmanaged === 0 ? null : verdict('kept: no policy'),
    },
    {
      term: 'Problems',
      value: figure(problems.length),
      note: problems.length === 0 ? 'none' : 'somebody should look',
      type: problems.length === 0 ? '' : 'expire',
      link: problems.length === 0 ? null : '#problems',
    },
    {
      term: 'All together',
      value: dollars(totals.monthlyCostCeiling),
      note: `per month at most, ${sizeOf(items)}`,
      type: '',
      link: null,
    },
  ];
  const body = ({ value, link }: Card): string => (link === null ? escaped(value) : `<a href="${link}">${escaped(value)}</a>`);
  const html = cards.map(
    (card) => `<div class="${card.type}"><dt>${card.term}</dt><dd>${body(card)}</dd><dd class="dim">${escaped(card.note)}</dd></div>`,
  );
  return `<dl class="totals">${html.join('')}</dl>\n`;
}

function itemHtml({ line, details }: Item): string {
  const more = (details ?? []).filter((detail) => detail !== '').map((detail) => `<br><span class="dim">${escaped(detail)}</span>`);
  return `<li>${escaped(line)}${more.join('')}</li>`;
}

function listHtml(items: readonly Item[]): string {
  const html = items.map(itemHtml);
  // One more item takes no more room than the offer to show it.
  if (items.length <= OPEN + 1) return `<ul>${html.join('\n')}</ul>`;
  const rest = html.slice(OPEN);
  return `<ul>${html.slice(0, OPEN).join('\n')}</ul><details><summary>${figure(rest.length)} more</summary><ul>${rest.join('\n')}</ul></details>`;
}

/** A section of the report: what is long folds, what is longer is cut, and says so. */
export function sectionHtml({ title, lead, count: all, items }: Section, type: 'warn' | 'card', id = ''): string {
  const groups: { heading: string | undefined; items: Item[] }[] = [];
  let shown = 0;
  for (const item of items()) {
    if (shown === MOST_ITEMS) break;
    shown += 1;
    const last = groups.at(-1);
    if (last === undefined || last.heading !== item.heading) groups.push({ heading: item.heading, items: [item] });
    else last.items.push(item);
  }
  const lists = groups.map((group) => `${group.heading === undefined ? '' : `<h3>${escaped(group.heading)}</h3>`}${listHtml(group.items)}`);
  const left = all - shown;
  const more = left > 0 ? `<p>… and ${figure(left)} more, in the JSON report beside this page</p>` : '';
  const leads = lead.map((line) => `<p>${escaped(line)}</p>`).join('');
  return `<section class="${type}"${id === '' ? '' : ` id="${id}"`}><h2>${escaped(title)}</h2>${leads}${lists.join('\n')}${more}</section>\n`;
}

function barHtml({ label, keep, expire, value, filter }: Bar, longest: number, say: (amount: number) => string): string {
  const part = (amount: number): string => ((100 * amount) / longest).toFixed(2);
  const name = `<bdi>${escaped(label)}</bdi>`;
  const past = expire > 0 ? `<rect class="x" x="${part(keep)}" width="${part(expire)}" height="10"/>` : '';
  const of = expire > 0 ? `<span class="dim">${escaped(say(expire))} past policy</span>` : '';
  return `<tr><th scope="row">${filter === null ? name : `<a href="${filterLink(filter)}">${name}</a>`}</th><td>${escaped(value)}${of}</td><td aria-hidden="true"><svg viewBox="0 0 100 10" preserveAspectRatio="none"><rect class="k" width="${part(keep)}" height="10"/>${past}</svg></td></tr>`;
}

function chartHtml({ title, bars }: Chart, say: (amount: number) => string): string {
  const longest = Math.max(...bars.map(({ keep, expire }) => keep + expire), 1e-9);
  return `<div class="chart card"><table><caption>${escaped(title)}</caption><tbody>${bars.map((bar) => barHtml(bar, longest, say)).join('\n')}</tbody></table></div>\n`;
}

/** The charts, each a table whose bars repeat what its cells say. */
export const chartsHtml = (report: Report): string =>
  charts(report)
    .filter(({ bars }) => bars.length > 0)
    .map((chart, index) => chartHtml(chart, index === 0 ? figure : dollars))
    .join('');

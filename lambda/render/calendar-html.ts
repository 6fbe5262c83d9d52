import { describeReason } from '../core/policy/reason';
import { rhythmText } from '../core/policy/schedule';
import { type SimulatedDay, simulatedDate } from '../core/policy/simulate';
import {
  CALENDAR_KEY,
  type CalendarMonth,
  calendarRuns,
  costOverTime,
  dayOfMonth,
  emptyRunText,
  firstRule,
  legendOf,
  ruleMark,
  SIMULATION_METHOD,
  type SimulatedPolicy,
  simulatedCeiling,
  simulatedWeekday,
} from './calendar';
import { escapeHtml } from './escape';
import { formatCount, formatDollars } from './numbers';
import { columnHeads, OUTLOOK_METHOD, outlookRows, type SimulatedColumn, sharedText } from './outlook';
import { CALENDAR_STYLE, CALENDAR_STYLE_HASH } from './page/calendar-style';
import { htmlText, PAGE_END, pageStart } from './page/page-shell';
import { monthlyCostText } from './phrases';
import { policyWords } from './policy-words';

const WEEKDAY_HEADINGS = ['Mo', 'Tu', 'We', 'Th', 'Fr', 'Sa', 'Su']
  .map((name) => `<th scope="col">${name}</th>`)
  .join('');

const STYLE = { css: CALENDAR_STYLE, hash: CALENDAR_STYLE_HASH } as const;
const MAX_TITLE_SNAPSHOTS = 3;

function dayCell(each: SimulatedDay): string {
  const code = firstRule(each);
  const number = dayOfMonth(each);
  if (code === null) return each.made > 0 ? `<td>${number}</td>` : `<td class="none">·</td>`;
  const reasons = each.kept.map((item) => item.reasons.map(describeReason).join('; ')).slice(0, MAX_TITLE_SNAPSHOTS);
  const more = each.kept.length > reasons.length ? ` … and ${each.kept.length - reasons.length} more` : '';
  const title = `${simulatedDate(each)}: ${reasons.join(' | ')}${more}`;
  return `<td class="kept" title="${htmlText(title)}">${number}<small>${ruleMark(code)}</small></td>`;
}

function monthHtml({ title, days, kept, made }: CalendarMonth): string {
  const cells = [
    ...Array.from({ length: days[0] === undefined ? 0 : simulatedWeekday(days[0]) }, () => '<td></td>'),
    ...days.map(dayCell),
  ];
  const weeks = Array.from(
    { length: Math.ceil(cells.length / 7) },
    (_, i) => `<tr>${cells.slice(7 * i, 7 * i + 7).join('')}</tr>`,
  );
  const caption = `<caption>${title} <span>${kept} of ${made} kept</span></caption>`;
  const head = `<thead><tr>${WEEKDAY_HEADINGS}</tr></thead>`;
  return `<table>${caption}${head}<tbody>${weeks.join('\n')}</tbody></table>\n`;
}

const costBarHtml = (width: number): string =>
  '<td class="bar" aria-hidden="true"><svg viewBox="0 0 100 10" preserveAspectRatio="none">' +
  `<rect width="${width.toFixed(2)}" height="10"/></svg></td>`;

function calendarCostHtml(view: SimulatedPolicy): string {
  const periods = costOverTime(view);
  const most = Math.max(...periods.map(({ atOnce }) => atOnce), 1);
  const rows = periods.map(({ label, atOnce, monthlyCostCeiling }) => {
    const bar = costBarHtml((100 * atOnce) / most);
    const cost = formatDollars(monthlyCostCeiling);
    return `<tr><th scope="row">${label}</th><td class="n">${atOnce}</td>${bar}<td class="n">${cost}</td></tr>`;
  });
  const headings = ['When', 'At once', null, 'At most per month'].map((name) =>
    name === null ? '<td></td>' : `<th scope="col">${name}</th>`,
  );
  const head = `<thead><tr>${headings.join('')}</tr></thead>`;
  return `<table class="list">${head}<tbody>${rows.join('\n')}</tbody></table>\n`;
}

const rulesHtml = (view: SimulatedPolicy): string =>
  `<table class="list"><tbody>\n${legendOf(view)
    .map(
      ({ mark, text, keeps }) =>
        `<tr><td><span class="mark">${mark}</span></td><th scope="row">${htmlText(text)}</th><td>keeps ${keeps}</td></tr>\n`,
    )
    .join('')}</tbody></table>\n`;

const monthsHtml = ({ simulation }: SimulatedPolicy): string =>
  calendarRuns(simulation)
    .map((run) =>
      run.empty
        ? `<p class="dim">${emptyRunText(run)}</p>\n`
        : `<div class="months">\n${run.months.map(monthHtml).join('')}</div>\n`,
    )
    .join('');

/** Renders a simulation as one self-contained page without script, in chunks. */
export function* renderCalendarHtml(view: SimulatedPolicy): Generator<string> {
  const { simulation, name, policy, rhythm, span, localEnd, timezone, sizeGb, gbMonth } = view;
  const title = `${name === null ? 'A policy' : `Policy ${name}`}: ${policyWords(policy)}`;
  const cost = monthlyCostText(simulatedCeiling(simulation.kept, view));
  yield `${pageStart({ title, style: STYLE })}<main>
<h1>${htmlText(title)}</h1>
<p>A snapshot ${htmlText(rhythmText(rhythm))} for ${htmlText(span.text)}, until ${localEnd} (${htmlText(timezone)}).</p>
<p><strong>Kept at the end: ${simulation.kept} of ${formatCount(simulation.made, 'snapshot')}, ${cost}.</strong></p>
<h2>Rules</h2>
${rulesHtml(view)}<p class="dim">${CALENDAR_KEY}</p>
<h2>Calendar</h2>
`;
  yield monthsHtml(view);
  yield '<h2>Cost over time</h2>\n<p class="dim">The most snapshots at once, and at most what they cost: ';
  yield `${sizeGb} GB each, $${gbMonth} per GB-month.</p>\n`;
  yield calendarCostHtml(view);
  yield `<p class="dim">${escapeHtml(SIMULATION_METHOD)}</p>\n</main>\n${PAGE_END}`;
}

function comparisonTableHtml(columns: readonly SimulatedColumn[]): string {
  const [names, schedules] = columnHeads(columns);
  const heads = columns.map(
    (_, i) =>
      `<th scope="col"><a href="#policy-${i + 1}">${htmlText(names?.values[i] ?? '')}</a><br>${htmlText(schedules?.values[i] ?? '')}</th>`,
  );
  const rows = outlookRows(columns).map(
    ({ label, values }) =>
      `<tr><th scope="row">${htmlText(label)}</th>${values.map((value) => `<td class="n">${htmlText(value)}</td>`).join('')}</tr>\n`,
  );
  return `<div class="wide" tabindex="0" role="region" aria-label="What each policy keeps"><table class="list"><thead><tr><td></td>${heads.join('')}</tr></thead><tbody>
${rows.join('')}</tbody></table></div>\n`;
}

/** Renders simulations side by side as one self-contained page without script, in chunks. */
export function* renderCalendarsHtml(columns: readonly SimulatedColumn[]): Generator<string> {
  const title = `${columns.length} simulations side by side`;
  const shared = columns.slice(0, 1).map(({ view }) => `${sharedText(view)} ${OUTLOOK_METHOD}`);
  yield `${pageStart({ title, style: STYLE })}<main>
<h1>${title}</h1>
<p>${htmlText(shared.join(''))}</p>
${comparisonTableHtml(columns)}<p class="dim">${CALENDAR_KEY}</p>
`;
  for (const [i, { view }] of columns.entries()) {
    const name = `${view.name === null ? 'A policy' : `Policy ${view.name}`}, ${rhythmText(view.rhythm)}`;
    yield `<h2 id="policy-${i + 1}">${htmlText(`${name}: ${policyWords(view.policy)}`)}</h2>\n${rulesHtml(view)}`;
    yield monthsHtml(view);
  }
  yield `<p class="dim">${escapeHtml(SIMULATION_METHOD)}</p>\n</main>\n${PAGE_END}`;
}

import { describeReason } from '../core/policy/reason';
import { type SimulatedDay, simulatedDate } from '../core/policy/simulate';
import { oneLine } from '../core/util/safe-text';
import {
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
import { CALENDAR_STYLE, CALENDAR_STYLE_HASH } from './page/calendar-style';
import { monthlyCostText } from './phrases';
import { policyWords } from './policy-words';

const POLICY = `default-src 'none'; img-src data:; style-src '${CALENDAR_STYLE_HASH}'; base-uri 'none'; form-action 'none'`;
const WEEKDAY_HEADINGS = ['Mo', 'Tu', 'We', 'Th', 'Fr', 'Sa', 'Su']
  .map((name) => `<th scope="col">${name}</th>`)
  .join('');

const text = (written: string): string => escapeHtml(oneLine(written));

function dayCell(each: SimulatedDay): string {
  const code = firstRule(each);
  const number = dayOfMonth(each);
  if (code === null) return each.made > 0 ? `<td>${number}</td>` : `<td class="none">·</td>`;
  const why = each.kept.map(({ reasons }) => reasons.map(describeReason).join('; ')).slice(0, 3);
  const more = each.kept.length > why.length ? ` … and ${each.kept.length - why.length} more` : '';
  return `<td class="kept" title="${text(`${simulatedDate(each)}: ${why.join(' | ')}${more}`)}">${number}<small>${ruleMark(code)}</small></td>`;
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
  return `<table><caption>${title} <span>${kept} of ${made} kept</span></caption><thead><tr>${WEEKDAY_HEADINGS}</tr></thead><tbody>${weeks.join('\n')}</tbody></table>\n`;
}

function costHtml(view: SimulatedPolicy): string {
  const stretches = costOverTime(view);
  const most = Math.max(...stretches.map(({ atOnce }) => atOnce), 1);
  const rows = stretches.map(
    ({ label, atOnce, monthlyCostCeiling }) =>
      `<tr><th scope="row">${label}</th><td class="n">${atOnce}</td><td class="bar" aria-hidden="true"><svg viewBox="0 0 100 10" preserveAspectRatio="none"><rect width="${((100 * atOnce) / most).toFixed(2)}" height="10"/></svg></td><td class="n">${formatDollars(monthlyCostCeiling)}</td></tr>`,
  );
  return `<table class="list"><thead><tr><th scope="col">When</th><th scope="col">At once</th><td></td><th scope="col">At most per month</th></tr></thead><tbody>${rows.join('\n')}</tbody></table>\n`;
}

/** The simulation as one self-contained page without a script: it asks for nothing outside of itself. */
export function* renderCalendarHtml(view: SimulatedPolicy): Generator<string> {
  const { simulation, name, policy, every, span, localEnd, timezone, sizeGb, gbMonth } = view;
  const title = `${name === null ? 'A policy' : `Policy ${name}`}: ${policyWords(policy)}`;
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${text(title)}</title>
<style>${CALENDAR_STYLE}</style>
</head>
<body>
<main>
<h1>${text(title)}</h1>
<p>A snapshot every ${text(every.text)} for ${text(span.text)}, until ${localEnd} (${text(timezone)}).</p>
<p><strong>Kept at the end: ${simulation.kept} of ${formatCount(simulation.made, 'snapshot')}, ${monthlyCostText(simulatedCeiling(simulation.kept, view))}.</strong></p>
<h2>Rules</h2>
<table class="list"><tbody>
`;
  for (const { mark, text: words, keeps } of legendOf(view))
    yield `<tr><td><span class="mark">${mark}</span></td><th scope="row">${text(words)}</th><td>keeps ${keeps}</td></tr>\n`;
  yield '</tbody></table>\n<p class="dim">A day bears the letter of the first rule that keeps it. A number alone: expired. A dot: no snapshot.</p>\n<h2>Calendar</h2>\n';
  for (const run of calendarRuns(simulation))
    yield run.empty
      ? `<p class="dim">${emptyRunText(run)}</p>\n`
      : `<div class="months">\n${run.months.map(monthHtml).join('')}</div>\n`;
  yield `<h2>Cost over time</h2>\n<p class="dim">The most snapshots at once, and at most what they cost: ${sizeGb} GB each, $${gbMonth} per GB-month.</p>\n`;
  yield costHtml(view);
  yield `<p class="dim">${escapeHtml(SIMULATION_METHOD)}</p>\n</main>\n</body>\n</html>\n`;
}

import { rhythmText } from '../core/policy/schedule';
import type { SimulatedDay, Simulation } from '../core/policy/simulate';
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
import { formatCount, formatDollars } from './numbers';
import { columnHeads, OUTLOOK_METHOD, type OutlookRow, outlookRows, type SimulatedColumn, sharedText } from './outlook';
import { monthlyCostText } from './phrases';
import { policyWords } from './policy-words';
import { type TerminalStyle, wrap } from './terminal';

const CELL = 4;
const MONTH_WIDTH = 7 * CELL - 1;
const MONTH_GAP = 4;
/** The columns of the months where the output is no terminal: two months fit. */
const PIPE_COLUMNS = 60;
const WEEKDAY_LINE = 'Mo  Tu  We  Th  Fr  Sa  Su';
const BAR_WIDTH = 24;

const boldText = (text: string, { colour }: TerminalStyle): string => (colour ? `\u001b[1m${text}\u001b[0m` : text);

/** `23D` kept, `23` made and gone, ` .` nothing made. */
function calendarDay(each: SimulatedDay, style: TerminalStyle): string {
  const code = firstRule(each);
  const number = String(dayOfMonth(each)).padStart(2);
  if (code !== null) return boldText(`${number}${ruleMark(code)}`, style);
  return each.made > 0 ? `${number} ` : ' . ';
}

/** Lines of exactly `WIDTH` cells. */
function block(month: CalendarMonth, style: TerminalStyle): readonly string[] {
  const kept = `${month.kept} of ${month.made}`;
  const cells = [
    ...Array.from({ length: month.days[0] === undefined ? 0 : simulatedWeekday(month.days[0]) }, () => '   '),
    ...month.days.map((each) => calendarDay(each, style)),
  ];
  while (cells.length % 7 !== 0) cells.push('   ');
  const weeks = Array.from({ length: cells.length / 7 }, (_, i) => cells.slice(7 * i, 7 * i + 7).join(' '));
  return [
    `${month.title}${kept.padStart(MONTH_WIDTH - month.title.length)}`,
    WEEKDAY_LINE.padEnd(MONTH_WIDTH),
    ...weeks,
  ];
}

function monthRow(months: readonly CalendarMonth[], style: TerminalStyle): string {
  const blocks = months.map((month) => block(month, style));
  const height = Math.max(...blocks.map((lines) => lines.length));
  return Array.from(
    { length: height },
    (_, i) =>
      `${blocks
        .map((lines) => lines[i] ?? ' '.repeat(MONTH_WIDTH))
        .join(' '.repeat(MONTH_GAP))
        .trimEnd()}\n`,
  ).join('');
}

/** Months in rows; a run of months of which nothing is left is one line. */
export function* calendarText(simulation: Simulation, style: TerminalStyle): Generator<string> {
  const columns = Number.isFinite(style.columns) ? style.columns : PIPE_COLUMNS;
  const perRow = Math.max(1, Math.floor((columns + MONTH_GAP) / (MONTH_WIDTH + MONTH_GAP)));
  for (const run of calendarRuns(simulation)) {
    if (run.empty) yield `${emptyRunText(run)}\n\n`;
    else
      for (let i = 0; i < run.months.length; i += perRow) yield `${monthRow(run.months.slice(i, i + perRow), style)}\n`;
  }
}

/** The marks and their rules. */
export const legendText = (view: SimulatedPolicy): string => {
  const lines = legendOf(view);
  const width = Math.max(...lines.map(({ text }) => text.length));
  return lines.map(({ mark, text, keeps }) => `${mark}  ${text.padEnd(width)}  keeps ${keeps}\n`).join('');
};

function costLines(view: SimulatedPolicy): string {
  const stretches = costOverTime(view);
  const most = Math.max(...stretches.map(({ atOnce }) => atOnce), 1);
  return stretches
    .map(({ label, atOnce, monthlyCostCeiling }) => {
      const bar = '#'.repeat(Math.max(atOnce > 0 ? 1 : 0, Math.round((BAR_WIDTH * atOnce) / most)));
      return `${label.padEnd(8)}${String(atOnce).padStart(6)}  ${bar.padEnd(BAR_WIDTH)}  ${formatDollars(monthlyCostCeiling)}\n`;
    })
    .join('');
}

/**
 * The simulation as text: a calendar for each month with the kept days marked, counts, and the cost ceiling over time.
 * On a terminal it fits 60 columns; elsewhere sentences are not wrapped.
 */
export function* renderCalendarText(view: SimulatedPolicy, style: TerminalStyle): Generator<string> {
  const { simulation, name, policy, rhythm, span, localEnd, timezone, sizeGb, gbMonth } = view;
  const prose = (text: string): string => wrap(text, style.columns, '');
  yield prose(`${name === null ? 'Policy' : `Policy ${name}`}: ${policyWords(policy)}`);
  yield prose(`A snapshot ${rhythmText(rhythm)} for ${span.text}, until ${localEnd} (${timezone}).`);
  yield prose(
    `Kept at the end: ${simulation.kept} of ${formatCount(simulation.made, 'snapshot')}, ${monthlyCostText(simulatedCeiling(simulation.kept, view))}.`,
  );
  yield `\n${legendText(view)}\n`;
  yield prose(`${CALENDAR_KEY} Next to the month: kept of made.`);
  yield '\n';
  yield* calendarText(simulation, style);
  yield prose(
    `Most snapshots at once, and at most what they cost per month (${sizeGb} GB each, $${gbMonth} per GB-month):`,
  );
  yield costLines(view);
  yield `\n${prose(SIMULATION_METHOD)}`;
}

const COLUMN_GAP = '  ';

/** Facts as rows and simulations as columns, in as many blocks as the width needs. */
function comparisonTable(columns: readonly SimulatedColumn[], width: number): string {
  const heads = columnHeads(columns);
  const rows = [...heads, ...outlookRows(columns)];
  const labels = Math.max(...rows.map(({ label }) => label.length));
  const widths = columns.map((_, i) => Math.max(...rows.map(({ values }) => values[i]?.length ?? 0)));
  const blocks: number[][] = [];
  let used = 0;
  for (const [i, columnWidth] of widths.entries()) {
    used += COLUMN_GAP.length + columnWidth;
    const block = blocks.at(-1);
    if (block !== undefined && used <= width) block.push(i);
    else {
      blocks.push([i]);
      used = labels + COLUMN_GAP.length + columnWidth;
    }
  }
  const line = (block: readonly number[], { label, values }: OutlookRow): string =>
    [label.padEnd(labels), ...block.map((i) => (values[i] ?? '').padStart(widths[i] ?? 0))].join(COLUMN_GAP).trimEnd();
  return blocks.map((block) => rows.map((row) => `${line(block, row)}\n`).join('')).join('\n');
}

/** Simulations side by side: a table of what each keeps and costs, then the calendar of each. */
export function* renderCalendarsText(columns: readonly SimulatedColumn[], style: TerminalStyle): Generator<string> {
  const prose = (text: string): string => wrap(text, style.columns, '');
  yield `${comparisonTable(columns, style.columns)}\n`;
  for (const { view } of columns.slice(0, 1)) yield prose(`${sharedText(view)} ${OUTLOOK_METHOD}`);
  yield prose(`${CALENDAR_KEY} Next to the month: kept of made.`);
  for (const { view } of columns) {
    const title = `${view.name === null ? 'Policy' : `Policy ${view.name}`}, ${rhythmText(view.rhythm)}`;
    yield `\n${boldText(prose(`${title}: ${policyWords(view.policy)}`).trimEnd(), style)}\n\n${legendText(view)}\n`;
    yield* calendarText(view.simulation, style);
  }
  yield prose(SIMULATION_METHOD);
}

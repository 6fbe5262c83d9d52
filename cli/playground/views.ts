import type { SimulatedDay } from '../../lambda/core/policy/simulate';
import { dayOf, localMinute, wallClock } from '../../lambda/core/time/period';
import { oneLine } from '../../lambda/core/util/safe-text';
import {
  type CalendarMonth,
  calendarRuns,
  dayOfMonth,
  emptyRunText,
  firstRule,
  ruleMark,
  simulatedWeekday,
} from '../../lambda/render/calendar';
import { formatCount, formatDollars, formatNumber } from '../../lambda/render/numbers';
import { axisView, gridViews, markPosition, type Span, spanOf } from '../../lambda/render/page/marks';
import { type View, view } from '../../lambda/render/page/view';
import type { CostPoint, PolicyTrial } from './evaluate-policy';
import {
  bandWords,
  dayText,
  expiryWords,
  gapWords,
  headlineWords,
  keptReasons,
  policyWordsOf,
  ruleSentence,
} from './words';

/** Rules that keep what is young; their marks are lighter. */
const SOFT_RULES: ReadonlySet<string> = new Set([
  'last',
  'hourly',
  'daily',
  'within',
  'withinHourly',
  'withinDaily',
  'expireAfter',
  'minAge',
  'minKeep',
]);

const chip = (code: Parameters<typeof ruleMark>[0]): View =>
  view('b', { class: SOFT_RULES.has(code) ? 'chip soft' : 'chip' }, ruleMark(code));

/** The first lines of the result. */
export function headlineViews(trial: PolicyTrial): readonly View[] {
  const { simulation, settings, gbMonth, use } = trial;
  const cost = (count: number): string =>
    formatDollars(Math.ceil(count * settings.sizeGb * gbMonth * 100 - 1e-6) / 100);
  const rest =
    simulation.kept === simulation.made
      ? [view('b', {}, `Up to ${cost(simulation.kept)} a month.`)]
      : [
          `Without a policy, all ${formatNumber(simulation.made)} would stay and cost up to ${cost(simulation.made)} a month. With it: up to `,
          view('b', {}, cost(simulation.kept)),
          '.',
        ];
  return [
    view('h2', { class: 'sum' }, headlineWords(trial)),
    view('p', { class: use === null ? 'lead warn' : 'lead' }, policyWordsOf(trial)),
    view('p', { class: 'lead' }, ...rest),
  ];
}

/** The rules, with what each keeps. They are also the key of the calendar. */
export function rulesView({ legend, use, isRead }: PolicyTrial): View {
  if (!isRead) return view('p', {}, 'No rule decides: a snapshot that is never read stays.');
  if (legend.length === 0) return view('p', {}, 'No rule decides: a snapshot without a policy stays.');
  const rows = legend.map((line) =>
    view(
      'tr',
      {},
      view('td', {}, chip(line.code)),
      view(
        'td',
        {},
        view('code', {}, line.text),
        ' ',
        view('span', { class: 'quiet' }, ruleSentence(line, use?.policy ?? null)),
      ),
      view('td', { class: 'r' }, `keeps ${formatNumber(line.keeps)}`),
    ),
  );
  return view('table', { class: 'rules' }, view('tbody', {}, ...rows));
}

function dayView(each: SimulatedDay, trial: PolicyTrial): View {
  const code = firstRule(each);
  const newest = each.kept[0];
  if (code === null || newest === undefined) return view('i', { class: each.made > 0 ? 'gone' : '' });
  const more = each.kept.length > 1 ? ` (and ${each.kept.length - 1} more)` : '';
  const title = `${dayOfMonth(each)}: ${keptReasons(newest)}${more}. Expires: ${expiryWords(newest, trial)}`;
  const isShown = each.day === dayOf(wallClock(trial.at, trial.zone));
  const type = `kept${SOFT_RULES.has(code) ? ' soft' : ''}${isShown ? ' at-day' : ''}`;
  return view('i', { class: type, title }, ruleMark(code));
}

function monthView({ title, days, kept }: CalendarMonth, trial: PolicyTrial): View {
  const blanks = Array.from({ length: days[0] === undefined ? 0 : simulatedWeekday(days[0]) }, () => view('i'));
  const [month = '', year = ''] = title.split(' ');
  return view(
    'div',
    { class: 'month', role: 'img', 'aria-label': `${title}: ${kept} kept` },
    view('h3', {}, `${month.slice(0, 3)} ${year} `, view('span', { class: 'quiet' }, `${kept} kept`)),
    view('div', { class: 'days-of' }, ...blanks, ...days.map((each) => dayView(each, trial))),
  );
}

/** The months, newest first; months without a kept snapshot are one line. */
export function calendarViews(trial: PolicyTrial): readonly View[] {
  return [...calendarRuns(trial.simulation)]
    .reverse()
    .map((run) =>
      run.empty
        ? view('p', { class: 'small quiet' }, emptyRunText(run))
        : view('div', { class: 'cal' }, ...[...run.months].reverse().map((month) => monthView(month, trial))),
    );
}

/** Restore points by age, newest on the right. */
export function stripViews(trial: PolicyTrial): readonly View[] {
  const { kept, made, at } = trial;
  const span: Span = spanOf([made[0] ?? at], at);
  const x = (instant: number): string => `${markPosition(instant, span).toFixed(2)}%`;
  const oldest = kept.at(-1)?.snapshot.createdAt ?? at;
  const places = new Set(kept.map(({ snapshot }) => x(snapshot.createdAt ?? at)));
  const label = `${formatCount(kept.length, 'restore point')} by age, the newest on the right`;
  return [
    view(
      'svg',
      { class: 'strip', role: 'img', 'aria-label': label },
      ...gridViews(span),
      view('line', { class: 'lost', x1: x(span.first), x2: x(oldest), y1: '15', y2: '15' }),
      ...[...places].map((place) => view('circle', { class: 'point', cx: place, cy: '15', r: '4' })),
    ),
    axisView(span),
  ];
}

const headRow = (...cells: readonly (readonly [text: string, type: string])[]): View =>
  view('thead', {}, view('tr', {}, ...cells.map(([text, type]) => view('th', { scope: 'col', class: type }, text))));

/** The restore points of each age band. */
export function bandsView(trial: PolicyTrial): View {
  const rows = trial.bands.map((band) =>
    view(
      'tr',
      { class: band.kept === 0 ? 'd' : '' },
      view('th', { scope: 'row' }, bandWords(band)),
      view('td', { class: 'r' }, `${formatNumber(band.kept)} of ${formatNumber(band.made)}`),
      view('td', {}, band.kept === 0 ? 'nothing to restore' : gapWords(band.longestGap)),
    ),
  );
  const head = headRow(['Age', ''], ['Restore points', 'r'], ['Distance', '']);
  return view('table', { class: 'bands' }, head, view('tbody', {}, ...rows));
}

/** How far back a person can go, and the longest distance on the way. */
export function reachWords(trial: PolicyTrial): string {
  const oldest = trial.kept.at(-1)?.snapshot.createdAt;
  if (oldest == null) return 'There is nothing to restore.';
  const gap =
    trial.longestGap === null
      ? ''
      : ` Longest gap: ${trial.longestGap === 0 ? 'less than a day' : formatCount(trial.longestGap, 'day')}.`;
  return `The oldest restore point is of ${dayText(oldest, trial)}.${gap}`;
}

/** The cost today, in a month and in a year. */
export function costView({ costs }: PolicyTrial): View {
  const rows = costs.map(({ label, run, cost, withoutPolicy }) =>
    view(
      'tr',
      {},
      view('th', { scope: 'row' }, label),
      view('td', { class: 'r' }, formatNumber(run.kept)),
      view('td', { class: 'r' }, view('b', {}, formatDollars(cost))),
      view('td', { class: 'r quiet' }, formatDollars(withoutPolicy)),
    ),
  );
  const head = headRow(['When', ''], ['Kept', 'r'], ['Up to, a month', 'r'], ['Without a policy', 'r']);
  return view('table', { class: 'costs' }, head, view('tbody', {}, ...rows));
}

/** The height of the chart, its lines and its texts in px; x is in percent. */
const CHART = { height: 174, top: 22, bottom: 150 } as const;

/** The scales of the chart. */
interface ChartScale {
  readonly x: (now: number) => number;
  readonly y: (count: number) => number;
}

function scaleOf({ runs, today }: PolicyTrial): ChartScale & { readonly most: number } {
  const [first, last] = [runs[0]?.now ?? today, runs.at(-1)?.now ?? today];
  const most = Math.max(4, ...runs.map(({ kept }) => kept)) * 1.15;
  return {
    most,
    x: (now) => (100 * (now - first)) / Math.max(1, last - first),
    y: (count) => CHART.bottom - ((CHART.bottom - CHART.top) * Math.min(count, most)) / most,
  };
}

const linePath = (points: readonly (readonly [x: number, y: number])[]): string =>
  points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${x.toFixed(2)} ${y.toFixed(1)}`).join('');

/** The paths of the chart, stretched to its width. */
function chartPaths(trial: PolicyTrial, { x, y, most }: ReturnType<typeof scaleOf>): View {
  const { runs } = trial;
  const above = runs.findIndex(({ made }) => made > most);
  const without = runs.slice(0, above < 0 ? runs.length : above + 1).map((run) => [x(run.now), y(run.made)] as const);
  const kept = linePath(runs.map((run) => [x(run.now), y(run.kept)] as const));
  return view(
    'svg',
    { viewBox: `0 0 100 ${CHART.height}`, preserveAspectRatio: 'none', width: '100%', height: String(CHART.height) },
    view('path', { class: 'area', d: `${kept}L100 ${CHART.bottom}L0 ${CHART.bottom}Z` }),
    view('path', { class: 'without', d: linePath(without) }),
    view('path', { class: 'line', d: kept }),
    view('path', { class: 'base', d: `M0 ${CHART.bottom}.5L100 ${CHART.bottom}.5` }),
  );
}

/** The number of kept snapshots over time. */
export function keptChart(trial: PolicyTrial): View {
  const { runs, today, costs, settings, at } = trial;
  const scale = scaleOf(trial);
  const place = (now: number): string => `${scale.x(now).toFixed(2)}%`;
  const marks = settings.daysAhead === 0 ? [today] : [today, at];
  const bottom = String(CHART.height - 6);
  const label = costs
    .map((point: CostPoint) => `${point.label}: ${formatCount(point.run.kept, 'snapshot')}`)
    .join(', ');
  return view(
    'svg',
    { class: 'chart-of', height: String(CHART.height), role: 'img', 'aria-label': label },
    chartPaths(trial, scale),
    ...marks.map((now) =>
      view('line', {
        class: 'at',
        x1: place(now),
        x2: place(now),
        y1: String(CHART.top - 6),
        y2: String(CHART.bottom),
      }),
    ),
    view('text', { x: place(today), y: '11', 'text-anchor': scale.x(today) < 8 ? 'start' : 'middle' }, 'today'),
    ...(settings.daysAhead === 0
      ? []
      : [view('text', { x: place(at), y: '11', 'text-anchor': 'middle' }, dayText(at, trial))]),
    view('text', { x: '0', y: bottom }, dayText(runs[0]?.now ?? today, trial)),
    view('text', { x: '100%', y: bottom, 'text-anchor': 'end' }, dayText(runs.at(-1)?.now ?? today, trial)),
  );
}

/** Rows of kept snapshots, newest first: when, why, until when. */
export const keptRows = (trial: PolicyTrial, from: number, to: number): readonly View[] =>
  trial.kept
    .slice(from, to)
    .map((item) =>
      view(
        'tr',
        {},
        view('th', { scope: 'row' }, localMinute(item.snapshot.createdAt ?? trial.at, trial.zone)),
        view('td', {}, keptReasons(item)),
        view('td', { class: 'nb' }, view('span', { class: 'only-narrow' }, 'Expires: '), expiryWords(item, trial)),
      ),
    );

/** The zone of all dates. */
export const zoneWords = ({ zone }: PolicyTrial): string => `Dates and times are in ${oneLine(zone.name)}.`;

import { DAY_MS } from '../../core/time/units';
import type { PageMark } from './data';
import type { SnapshotRow } from './rows';
import { type View, view } from './view';

/** Marks of a tried policy: kept instead, and deleted in addition. */
export type TrialMark = PageMark | 'kept-instead' | 'also-expire';

/** Their order on a strip; the last one is on top. */
export const MARK_ORDER: Readonly<Record<TrialMark, number>> = {
  keep: 0,
  copy: 1,
  held: 2,
  fix: 3,
  'kept-instead': 4,
  expire: 5,
  'also-expire': 6,
};

/** The shapes of all marks, and the hatch of bars. The page has them once. */
export const MARK_SHAPES = `<svg class="shapes" width="0" height="0" aria-hidden="true"><defs>
<pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="hx" width="5" height="5"/><rect class="hb" width="1.2" height="5"/></pattern>
<g id="m-expire"><path class="mx" d="M0-7 7 0 0 7-7 0Z"/></g>
<g id="m-keep"><circle class="mk" r="3.6"/></g>
<g id="m-held"><rect class="mo" x="-4.5" y="-4.5" width="9" height="9" rx="1"/><rect class="mi" x="-1.5" y="-1.5" width="3" height="3"/></g>
<g id="m-fix"><path class="mo" d="M0-5.5 5.5 4.5H-5.5Z"/></g>
<g id="m-copy"><circle class="mc" r="3.4"/></g>
<g id="m-kept-instead"><path class="mg" d="M0-8 8 0 0 8-8 0Z"/><circle class="mn" r="3.6"/></g>
<g id="m-gone"><path class="mg" d="M0-6.5 6.5 0 0 6.5-6.5 0Z"/></g>
<g id="m-also-expire"><path class="mx" d="M0-6 6 0 0 6-6 0Z"/><circle class="mr" r="8.5"/></g>
</defs></svg>
`;

/** A mark at a place of a strip. Those of every snapshot are shapes of their own: a browser draws them faster. */
export function markView(mark: TrialMark, x: string, y: string): View {
  if (mark === 'keep') return view('circle', { class: 'mk', cx: x, cy: y, r: '3.6' });
  if (mark === 'expire') return view('rect', { class: 'mx', x, y, width: '9.9', height: '9.9' });
  return view('use', { href: `#m-${mark}`, x, y });
}

/** A mark beside text; `gone` is the ghost of a deleted snapshot. */
export const glyph = (mark: TrialMark | 'gone'): View =>
  view('svg', { class: 'g', viewBox: '-7 -7 14 14', 'aria-hidden': 'true' }, view('use', { href: `#m-${mark}` }));

/** The instants of a timeline (epoch ms). */
export interface Span {
  readonly first: number;
  readonly last: number;
}

const WEEK_MS = 7 * DAY_MS;

/** The span of all snapshots: at least a week, up to the evaluation or a later snapshot. */
export function spanOf(instants: Iterable<number | null>, now: number): Span {
  let [first, last] = [now, now];
  for (const at of instants) {
    first = Math.min(first, at ?? now);
    last = Math.max(last, at ?? now);
  }
  return { first: Math.min(first, last - WEEK_MS), last };
}

const LEFT = 2;
const RIGHT = 98.5;

/**
 * The position of an instant in percent, by the root of its age, because policies keep more of the newer snapshots.
 * Newest on the right.
 */
export const markPosition = (at: number, { first, last }: Span): number =>
  RIGHT - (RIGHT - LEFT) * Math.sqrt(Math.max(0, last - at) / Math.max(1, last - first));

const percent = (position: number): string => `${position.toFixed(2)}%`;

const TICKS = [
  [0, 'today'],
  [7, '7 days'],
  [30, '30 days'],
  [90, '90 days'],
  [182, '6 months'],
  [365, '1 year'],
  [730, '2 years'],
  [1_461, '4 years'],
  [2_922, '8 years'],
  [5_844, '16 years'],
] as const;
/** Minimum distance of two ticks in percent. */
const MIN_TICK_DISTANCE = 7.5;

/** The ticks that fit, the nearest first; `narrow`: also on a phone. */
function ticksOf(span: Span): readonly { readonly x: string; readonly text: string; readonly days: number }[] {
  let before = Number.POSITIVE_INFINITY;
  return TICKS.flatMap(([days, text]) => {
    const at = span.last - days * DAY_MS;
    const position = markPosition(at, span);
    if (at < span.first || before - position < MIN_TICK_DISTANCE) return [];
    before = position;
    return [{ x: percent(position), text, days }];
  });
}

/** The axis above strips. */
export function axisView(span: Span): View {
  const texts = ticksOf(span).map(({ x, text, days }) =>
    view('text', { x, y: '13', class: `t${days}`, 'text-anchor': days === 0 ? 'end' : 'middle' }, text),
  );
  return view('svg', { class: 'axis', 'aria-hidden': 'true' }, ...texts);
}

/** The lines of the axis in a strip. */
export const gridViews = (span: Span): readonly View[] =>
  ticksOf(span).map(({ x }) => view('line', { class: 'grid', x1: x, x2: x, y1: '0', y2: '100%' }));

/** Marks of a strip whose places are exact to a quarter of a percent; those of more cover each other anyway. */
const MAX_FINE_MARKS = 60;

/** A strip of marks that cannot be followed. Marks at the same place are drawn once. */
export function stripView(rows: readonly SnapshotRow[], span: Span, label: string): View {
  const steps = rows.length > MAX_FINE_MARKS ? 1 : 4;
  const places = new Map<string, readonly [mark: PageMark, x: number]>();
  for (const { mark, at } of rows) {
    if (at === null) continue;
    const x = Math.round(markPosition(at, span) * steps) / steps;
    places.set(`${mark} ${x}`, [mark, x]);
  }
  const marks = [...places.values()]
    .sort(([a], [b]) => MARK_ORDER[a] - MARK_ORDER[b])
    .map(([mark, x]) => markView(mark, percent(x), '15'));
  return view('svg', { class: 'strip', role: 'img', 'aria-label': label }, ...gridViews(span), ...marks);
}

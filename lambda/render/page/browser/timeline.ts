import { DAY_MS } from '../../../core/time/units';
import { formatCount, formatNumber } from '../../numbers';
import type { LocalClock } from '../local-clock';
import { byId, isolated, make } from './dom';
import { showLeftOut } from './printing';
import { linkTo, type RowSource, rowAge, type SnapshotRow } from './rows';

const FIRST_LANES = 20;
const MORE_LANES = 60;
/** Minimum distance of two marks in one row (pixels), maximum number of rows, and their distance (rem). */
const MIN_MARK_DISTANCE_PX = 8;
const MAX_STACKED = 6;
const STACK_STEP_REM = 0.8;
/** Ages in days with a tick on the axis. */
const TICKS = [1, 7, 30, 90, 182.625, 365.25, 730.5, 1461, 2922, 5844];
/** Minimum distance of two ticks, as a part of the axis. */
const MIN_TICK_DISTANCE = 0.08;

interface Span {
  readonly first: number;
  readonly last: number;
}

/**
 * The position of an instant, from 0 to 1: by the root of its age, because policies keep more of the newer snapshots.
 */
const axisPosition = (at: number, { first, last }: Span): number =>
  1 - Math.sqrt((last - at) / Math.max(1, last - first));

function tickText(days: number): string {
  if (days === 1) return '1 day ago';
  if (days < 100) return `${days} days`;
  return days < 365 ? '6 months' : `${Math.round(days / 365.25)} ${days < 700 ? 'year' : 'years'}`;
}

/** The ticks that fit on the axis, the nearest first. */
function ticks(span: Span): readonly { readonly at: number; readonly text: string }[] {
  let before = 1 - MIN_TICK_DISTANCE / 2;
  return TICKS.flatMap((days) => {
    const at = span.last - days * DAY_MS;
    const position = axisPosition(at, span);
    if (at < span.first || before - position < MIN_TICK_DISTANCE) return [];
    before = position;
    return [{ at, text: tickText(days) }];
  });
}

const moveTo = (element: HTMLElement, at: number, span: Span): void => {
  element.style.left = `${(100 * axisPosition(at, span)).toFixed(3)}%`;
};

function axis(span: Span): HTMLElement {
  const marks = ticks(span).map(({ at, text }) => {
    const tick = make('span', { class: 'tick' }, text);
    moveTo(tick, at, span);
    return tick;
  });
  return make('div', { class: 'scale' }, ...marks, make('span', { class: 'tick now' }, 'report'));
}

const markLabel = (row: SnapshotRow): string => `${row.name}, ${rowAge(row.age)} old, ${row.verdict}. ${row.reasons}`;

/**
 * The row of each mark in a lane, so that marks do not cover each other: the first free row, else the one that was free
 * for longest. Instants are ascending; `width` is in pixels.
 */
export function stackMarks(instants: readonly number[], span: Span, width: number): readonly number[] {
  const last: number[] = [];
  return instants.map((at) => {
    const here = axisPosition(at, span) * width;
    const free = last.findIndex((taken) => here - taken >= MIN_MARK_DISTANCE_PX);
    const other = last.length < MAX_STACKED ? last.length : last.indexOf(Math.min(...last));
    const row = free >= 0 ? free : other;
    last[row] = here;
    return row;
  });
}

/** The offset of a row from the middle of a lane, alternately below and above it. */
const stackOffset = (row: number): number => (row % 2 === 1 ? (row + 1) / 2 : -row / 2);

function lane(source: RowSource, rows: readonly SnapshotRow[], span: Span, width: number): HTMLElement {
  const past = rows.filter(({ mark }) => mark === 'expire').length;
  const query = new URLSearchParams({ source: source.name, region: source.region, kind: source.kind });
  const about = `${source.kind} in ${source.place}${source.gone ? ', no longer exists' : ''}`;
  const total = make('span', {}, formatCount(rows.length, 'snapshot'));
  const label = make(
    'div',
    { class: 'who' },
    make('h4', {}, make('a', { href: `#${query}` }, isolated(source.name))),
    make('p', { class: 'dim' }, about),
    make(
      'p',
      { class: 'dim' },
      total,
      ...(past > 0 ? [', ', make('b', { class: 'past' }, `${formatNumber(past)} expired`)] : []),
    ),
  );
  const group = {
    class: 'track',
    role: 'group',
    'aria-label': `Snapshots of ${source.name}, oldest first; arrow keys move`,
  };
  const track = make('div', group);
  for (const { at } of ticks(span)) {
    const line = make('i', { class: 'line' });
    moveTo(line, at, span);
    track.append(line);
  }
  const dated = rows.flatMap((row) => (row.at === null ? [] : [{ row, at: row.at }])).sort((a, b) => a.at - b.at);
  const stacked = stackMarks(
    dated.map(({ at }) => at),
    span,
    width,
  );
  track.style.minHeight = `${(2 * Math.max(0, ...stacked.map(stackOffset)) + 1) * STACK_STEP_REM + 1.2}rem`;
  for (const [index, { row, at }] of dated.entries()) {
    const tabindex = index === dated.length - 1 ? '0' : '-1';
    const mark = make('a', { class: `mark ${row.mark}`, href: linkTo(row), 'aria-label': markLabel(row), tabindex });
    mark.dataset.index = String(row.index);
    moveTo(mark, at, span);
    mark.style.top = `calc(50% + ${(stackOffset(stacked[index] ?? 0) * STACK_STEP_REM).toFixed(2)}rem)`;
    track.append(mark);
  }
  if (dated.length === 0) track.append(make('span', { class: 'dim none' }, 'no snapshot with a known time'));
  return make('div', { class: 'lane' }, label, make('div', { class: 'field' }, track));
}

/** Shows a card next to the mark that is hovered or focused. */
function tip(rows: readonly SnapshotRow[], field: HTMLElement, clock: LocalClock): void {
  const card = byId('tip', HTMLElement);
  const hide = (): void => {
    card.hidden = true;
  };
  const show = (target: EventTarget | null): void => {
    const row = target instanceof HTMLElement ? rows[Number(target.dataset.index ?? Number.NaN)] : undefined;
    if (row === undefined || !(target instanceof HTMLElement)) {
      hide();
      return;
    }
    card.replaceChildren(
      make('b', {}, isolated(row.name)),
      make('p', {}, `${clock.minute(row.at)}, ${rowAge(row.age)} old`),
      make('p', {}, make('span', { class: `shape ${row.mark}` }), ` ${row.verdict}, ${row.policy}`),
      make('p', {}, row.reasons),
    );
    card.hidden = false;
    const box = target.getBoundingClientRect();
    const below = box.bottom + 10 + card.offsetHeight <= window.innerHeight;
    card.style.left = `${Math.max(8, Math.min(box.left - 24, document.documentElement.clientWidth - card.offsetWidth - 8))}px`;
    card.style.top = `${below ? box.bottom + 10 : Math.max(8, box.top - card.offsetHeight - 10)}px`;
  };
  field.addEventListener('mouseover', ({ target }) => show(target));
  field.addEventListener('mouseout', hide);
  field.addEventListener('focusin', ({ target }) => show(target));
  field.addEventListener('focusout', hide);
  window.addEventListener(
    'scroll',
    () => show(field.contains(document.activeElement) ? document.activeElement : null),
    { passive: true },
  );
  field.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') hide();
    const { target } = event;
    if (!(target instanceof HTMLElement) || target.dataset.index === undefined) return;
    const marks = [...(target.parentElement?.querySelectorAll<HTMLElement>('.mark') ?? [])];
    const here = marks.indexOf(target);
    const to = { ArrowRight: marks[here + 1], ArrowLeft: marks[here - 1], Home: marks[0], End: marks.at(-1) }[
      event.key
    ];
    if (to === undefined) return;
    event.preventDefault();
    target.tabIndex = -1;
    to.tabIndex = 0;
    to.focus();
  });
}

/** Returns a function that draws a lane for each source of its rows, all over the same span. */
export function timeline(
  all: readonly SnapshotRow[],
  now: number,
  clock: LocalClock,
): (rows: readonly SnapshotRow[]) => void {
  const field = byId('lanes', HTMLElement);
  const more = byId('more', HTMLButtonElement);
  let waiting: (() => HTMLElement)[] = [];
  const next = (amount: number): void => {
    for (const draw of waiting.splice(0, amount)) field.append(draw());
    more.hidden = waiting.length === 0;
    more.textContent = `Show more sources (${formatNumber(waiting.length)} left)`;
  };
  more.addEventListener('click', () => next(MORE_LANES));
  window.addEventListener('beforeprint', () =>
    showLeftOut('lanes-left', waiting.length === 0 ? null : formatCount(waiting.length, 'source')),
  );
  tip(all, field, clock);
  return (rows) => {
    const lanes = new Map<RowSource, SnapshotRow[]>();
    let [first, last] = [now, now];
    for (const row of [...rows].sort((a, b) => a.index - b.index)) {
      const lane = lanes.get(row.source);
      if (lane === undefined) lanes.set(row.source, [row]);
      else lane.push(row);
      first = Math.min(first, row.at ?? now);
      last = Math.max(last, row.at ?? now);
    }
    const span = { first: Math.min(first, last - 7 * DAY_MS), last };
    const scale = axis(span);
    byId('axis', HTMLElement).replaceChildren(scale);
    const width = scale.clientWidth;
    waiting = [...lanes].map(
      ([source, list]) =>
        () =>
          lane(source, list, span, Math.max(200, width)),
    );
    byId('span', HTMLElement).textContent =
      `${formatCount(lanes.size, 'source')}, from ${clock.day(span.first)} to ${clock.day(span.last)}`;
    field.replaceChildren();
    next(FIRST_LANES);
  };
}

import { describeReason } from '../../../core/policy/reason';
import { formatCount, formatNumber } from '../../numbers';
import type { LocalClock } from '../local-clock';
import {
  axisView,
  glyph,
  gridViews,
  MARK_ORDER,
  markPosition,
  markView,
  type Span,
  spanOf,
  type TrialMark,
} from '../marks';
import { linkTo, type RowSource, rowAge, type SnapshotRow } from '../rows';
import { view } from '../view';
import { byId, elementOf, isolated, make } from './dom';
import type { TrialDecision } from './evaluate';
import { showLeftOut } from './printing';

const FIRST_LANES = 24;
/** Marks that are drawn at first, unless they are those of the first few sources. */
const MAX_FIRST_MARKS = 1_500;
const MIN_LANES = 8;
const MORE_LANES = 60;
/** Marks that are drawn at once; others when they come near the screen. */
const MAX_MARKS_AT_ONCE = 200;
/** Minimum distance of two marks in one row (percent), maximum number of rows, and their distance (px). */
const MIN_MARK_DISTANCE = 0.5;
const MAX_STACKED = 6;
const STACK_STEP_PX = 11;
const LANE_PX = 28;

/** What the timeline shows beside the rows: the trial of policies. */
export interface TimelineState {
  markOf(row: SnapshotRow): TrialMark;
  /** The decision of the tried policy; null: that of the report. */
  triedOf(row: SnapshotRow): TrialDecision | null;
}

/**
 * The row of each mark in a lane, so that marks do not cover each other: the first free row, else the one that was free
 * for longest. Positions are in percent and ascending.
 */
export function stackMarks(positions: readonly number[]): readonly number[] {
  const last: number[] = [];
  return positions.map((here) => {
    const free = last.findIndex((taken) => here - taken >= MIN_MARK_DISTANCE);
    const other = last.length < MAX_STACKED ? last.length : last.indexOf(Math.min(...last));
    const row = free >= 0 ? free : other;
    last[row] = here;
    return row;
  });
}

/** The offset of a row from the middle of a lane, alternately below and above it. */
const stackOffset = (row: number): number => (row % 2 === 1 ? (row + 1) / 2 : -row / 2);

const MARK_WORDS: Partial<Record<TrialMark, string>> = {
  'kept-instead': 'Would be kept',
  'also-expire': 'Would be deleted',
};

function whyOf(row: SnapshotRow, { markOf, triedOf }: TimelineState): string {
  const trial = MARK_WORDS[markOf(row)];
  const tried = triedOf(row);
  if (trial === undefined || tried === null) return `${row.decision}. ${row.reasons}`;
  return `${trial}. ${tried.reasons.map(describeReason).join('; ')}`;
}

/** Whether a highlight leaves a mark as it is; others are dimmed, none is removed. */
function isHighlighted(mark: TrialMark, highlight: string): boolean {
  if (highlight === '' || mark === highlight) return true;
  return highlight === 'expire' && (mark === 'also-expire' || mark === 'kept-instead');
}

/** The snapshots of a source with their places on its strip, oldest first. */
interface PlacedRow {
  readonly row: SnapshotRow;
  readonly x: string;
  /** Pixels below the middle of the strip. */
  readonly offset: number;
}

/** The strip of a source: what a trial of policies does not change. */
interface Strip {
  readonly source: RowSource;
  readonly rows: readonly SnapshotRow[];
  readonly placed: readonly PlacedRow[];
  readonly height: number;
}

function stripOf(source: RowSource, rows: readonly SnapshotRow[], span: Span): Strip {
  const dated = rows.flatMap((row) => (row.at === null ? [] : [{ row, at: row.at }])).sort((a, b) => a.at - b.at);
  const positions = dated.map(({ at }) => markPosition(at, span));
  const offsets = stackMarks(positions).map((row) => STACK_STEP_PX * stackOffset(row));
  const placed = dated.map(({ row }, index) => ({
    row,
    x: `${(positions[index] ?? 0).toFixed(2)}%`,
    offset: offsets[index] ?? 0,
  }));
  return { source, rows, placed, height: LANE_PX + 2 * Math.max(0, ...offsets.map(Math.abs)) };
}

interface LaneOptions {
  readonly span: Span;
  readonly highlight: string;
  readonly state: TimelineState;
}

/** The marks of a strip. The strongest mark is on top; the keyboard moves by time. */
function marksOf({ placed, height }: Strip, { span, highlight, state }: LaneOptions): readonly Element[] {
  const links = placed.map(({ row, x, offset }, index) => {
    const mark = state.markOf(row);
    const y = String(height / 2 + offset);
    const link = view(
      'a',
      {
        class: `mark ${mark}${isHighlighted(mark, highlight) ? '' : ' dim'}`,
        href: linkTo(row),
        'aria-label': `${row.name}, ${rowAge(row.age)} old. ${whyOf(row, state)}`,
        'data-index': String(row.index),
        'data-at': String(index),
        tabindex: index === placed.length - 1 ? '0' : '-1',
      },
      view('circle', { class: 'hit', cx: x, cy: y, r: '6' }),
      markView(mark, x, y),
    );
    return { mark, link };
  });
  links.sort((a, b) => MARK_ORDER[a.mark] - MARK_ORDER[b.mark]);
  return [...gridViews(span), ...links.map(({ link }) => link)].map((each) => elementOf(each, true));
}

/** The line of a source, with its strip, which has no marks yet. */
function lane({ source, rows, height }: Strip, state: TimelineState): readonly [line: HTMLElement, strip: Element] {
  const inForce = rows.filter(({ mark }) => mark === 'expire').length;
  const expiring = rows.filter((row) => ['expire', 'also-expire'].includes(state.markOf(row))).length;
  const query = new URLSearchParams({ source: source.name, region: source.region, kind: source.kind });
  const about = source.gone ? 'source deleted' : source.kind;
  const label = make(
    'div',
    { class: 'lb' },
    make('a', { href: `#${query}` }, isolated(source.name)),
    ...(about === 'instance' ? [] : [' ', make('span', { class: 'quiet' }, about)]),
  );
  const counted =
    expiring > 0
      ? [make('b', { class: 'd' }, formatNumber(expiring)), ` of ${formatNumber(rows.length)}`]
      : [formatNumber(rows.length)];
  const change = expiring - inForce;
  const changed = `${change > 0 ? '+' : '−'}${formatNumber(Math.abs(change))}`;
  const count = make(
    'div',
    { class: 'ct' },
    ...counted,
    ...(change === 0 ? [] : [' ', make('span', { class: 'chg' }, changed)]),
  );
  const names = { class: 'strip', role: 'group', 'aria-label': `Snapshots of ${source.name}` };
  const strip = elementOf(view('svg', { ...names, height: String(height) }));
  return [make('div', { class: 'lane' }, label, strip, count), strip];
}

/** Draws the marks of strips when they come near the screen, or onto paper. */
class MarkDrawing {
  private readonly waiting = new Map<Element, () => void>();
  private readonly sources = new Map<Element, RowSource>();
  private readonly near = new Set<RowSource>();
  private readonly observer = new IntersectionObserver((entries) => this.follow(entries), { rootMargin: '600px 0px' });

  /** Forgets all strips, but not which are near the screen. */
  restart(): void {
    this.observer.disconnect();
    this.waiting.clear();
    this.sources.clear();
  }

  add(strip: Element, source: RowSource, { now, draw }: { readonly now: boolean; readonly draw: () => void }): void {
    this.sources.set(strip, source);
    if (now || this.near.has(source)) draw();
    else this.waiting.set(strip, draw);
    this.observer.observe(strip);
  }

  drawAll(): void {
    for (const draw of this.waiting.values()) draw();
    this.waiting.clear();
  }

  private follow(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const source = this.sources.get(target);
      if (source === undefined) continue;
      if (isIntersecting) this.near.add(source);
      else this.near.delete(source);
      if (!isIntersecting) continue;
      this.waiting.get(target)?.();
      this.waiting.delete(target);
    }
  }
}

/** Shows a card next to the mark that is hovered or focused, and moves between marks with the arrow keys. */
function tip(rows: readonly SnapshotRow[], field: HTMLElement, clock: LocalClock, state: TimelineState): void {
  const card = byId('tip', HTMLElement);
  const hide = (): void => {
    card.hidden = true;
  };
  const markAt = (target: EventTarget | null): SVGElement | null => {
    const mark = target instanceof Element ? target.closest('.mark') : null;
    return mark instanceof SVGElement ? mark : null;
  };
  const show = (target: EventTarget | null): void => {
    const mark = markAt(target);
    const row = mark === null ? undefined : rows[Number(mark.dataset.index)];
    if (mark === null || row === undefined) {
      hide();
      return;
    }
    card.replaceChildren(
      make('b', {}, isolated(row.name)),
      make('p', {}, `${clock.minute(row.at)} · ${rowAge(row.age)}${row.size === null ? '' : ` · ${row.size} GB`}`),
      make('p', {}, elementOf(glyph(state.markOf(row))), ' ', whyOf(row, state)),
      make('p', { class: 'quiet' }, row.policy),
    );
    card.hidden = false;
    const box = mark.getBoundingClientRect();
    const below = box.bottom + 10 + card.offsetHeight <= window.innerHeight;
    const right = document.documentElement.clientWidth - card.offsetWidth - 8;
    card.style.left = `${Math.max(8, Math.min(box.left - 24, right))}px`;
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
    const mark = markAt(event.target);
    if (mark === null) return;
    const marks = [...(mark.parentElement?.querySelectorAll<SVGElement>('.mark') ?? [])].sort(
      (a, b) => Number(a.dataset.at) - Number(b.dataset.at),
    );
    const here = marks.indexOf(mark);
    const to = { ArrowRight: marks[here + 1], ArrowLeft: marks[here - 1], Home: marks[0], End: marks.at(-1) }[
      event.key
    ];
    if (to === undefined) return;
    event.preventDefault();
    mark.setAttribute('tabindex', '-1');
    to.setAttribute('tabindex', '0');
    to.focus();
  });
}

/** How many sources are drawn at first, by their numbers of snapshots. */
function firstLanes(counts: readonly number[]): number {
  let [lanes, marks] = [0, 0];
  for (const count of counts.slice(0, FIRST_LANES)) {
    marks += count;
    if (marks > MAX_FIRST_MARKS && lanes >= MIN_LANES) break;
    lanes += 1;
  }
  return lanes;
}

/** The heading of the sources of a region. */
const regionHead = ({ city, region }: RowSource): HTMLElement =>
  make('h3', { class: 'reg' }, city, ...(city === region ? [] : [' ', make('code', {}, region)]));

/** The timeline of all sources. Returns the function that draws it again; all sources share one span. */
export function timeline(
  rows: readonly SnapshotRow[],
  now: number,
  clock: LocalClock,
  state: TimelineState,
): () => void {
  const field = byId('lanes', HTMLElement);
  const more = byId('more', HTMLButtonElement);
  const span = spanOf(
    rows.map(({ at }) => at),
    now,
  );
  const lanes = new Map<RowSource, SnapshotRow[]>();
  for (const row of rows) {
    const known = lanes.get(row.source);
    if (known === undefined) lanes.set(row.source, [row]);
    else known.push(row);
  }
  const sources = [...lanes];
  const strips: Strip[] = [];
  const drawing = new MarkDrawing();
  let shown = firstLanes(sources.map(([, list]) => list.length));
  let highlight = '';
  byId('axis', HTMLElement).replaceChildren(make('span', {}), elementOf(axisView(span)), make('span', {}));
  const draw = (): void => {
    for (const [source, list] of sources.slice(strips.length, shown)) strips.push(stripOf(source, list, span));
    const elements: HTMLElement[] = [];
    let marks = 0;
    drawing.restart();
    for (const [index, each] of strips.entries()) {
      const { source, placed } = each;
      if (strips[index - 1]?.source.region !== source.region) elements.push(regionHead(source));
      const [line, strip] = lane(each, state);
      elements.push(line);
      marks += placed.length;
      const fill = (): void => strip.replaceChildren(...marksOf(each, { span, highlight, state }));
      drawing.add(strip, source, { now: marks <= MAX_MARKS_AT_ONCE, draw: fill });
    }
    field.replaceChildren(...elements);
    more.hidden = sources.length <= shown;
    more.textContent = `Show more sources (${formatNumber(sources.length - shown)} left)`;
  };
  more.addEventListener('click', () => {
    shown += MORE_LANES;
    draw();
  });
  byId('highlights', HTMLElement).addEventListener('change', ({ target }) => {
    if (target instanceof HTMLInputElement) highlight = target.value;
    draw();
  });
  window.addEventListener('beforeprint', () => {
    drawing.drawAll();
    showLeftOut('lanes-left', sources.length <= shown ? null : formatCount(sources.length - shown, 'source'));
  });
  tip(rows, field, clock, state);
  draw();
  return draw;
}

import { dayInWords } from '../day-text';
import { formatDollars, formatNumber } from '../numbers';
import type { LocalClock } from './local-clock';
import { glyph, type TrialMark } from './marks';
import { linkTo, rowAge, type SnapshotRow } from './rows';
import { isolatedView, type View, view } from './view';

const sub = (text: string): View => view('span', { class: 'sub' }, text);

/** `instance · Frankfurt`; with the source where the name of the snapshot does not begin with it. */
function rowPlaceText({ name, source }: SnapshotRow): string {
  const place = `${source.kind} · ${source.city}`;
  const of = name.startsWith(source.name) ? place : `${source.name} · ${place}`;
  return source.gone ? `${of} · source deleted` : of;
}

const sizeText = ({ size }: SnapshotRow): string => (size === null ? 'not known' : `${formatNumber(size)} GB`);
const costText = ({ cost }: SnapshotRow): string => (cost === null ? 'not known' : formatDollars(cost));

/** The whole reasons of a row, which unfold below the sentence. */
export function reasonsView({ why, reasons, policy, tags }: SnapshotRow): View {
  const about = view('span', { class: 'full' }, `${policy}. ${reasons}`);
  const tagged = tags === '' ? [] : [view('span', { class: 'full' }, 'Tags: ', isolatedView(tags))];
  return view('details', {}, view('summary', {}, why), about, ...tagged);
}

/** The decision that a tried policy would make instead. */
const TRIAL_WORDS: Partial<Record<TrialMark, string>> = {
  'kept-instead': 'tried: kept',
  'also-expire': 'tried: deleted',
};

function decisionCell(row: SnapshotRow, tried: TrialMark): View {
  const trial = TRIAL_WORDS[tried];
  return view(
    'td',
    { class: 'dec', role: 'cell' },
    glyph(tried),
    row.decision,
    ...(row.due === '' ? [] : [sub(dayInWords(row.due))]),
    ...(trial === undefined ? [] : [view('span', { class: 'sub chg' }, trial)]),
  );
}

/** A row of the table of all snapshots. */
export function rowView(
  row: SnapshotRow,
  clock: LocalClock,
  { here = false, tried = row.mark }: { readonly here?: boolean; readonly tried?: TrialMark } = {},
): View {
  const marked = `${row.mark === 'expire' ? 'x' : ''}${here ? ' here' : ''}`;
  const created = row.at === null ? 'not known' : clock.day(row.at);
  const cell = (type: string, ...children: readonly (View | string)[]): View =>
    view('td', { class: type, role: 'cell' }, ...children);
  return view(
    'tr',
    { role: 'row', id: `row-${row.index}`, tabindex: '-1', class: marked },
    cell('nm', view('a', { href: linkTo(row) }, isolatedView(row.name)), sub(rowPlaceText(row))),
    cell('i nb', created, sub(rowAge(row.age))),
    cell('i r nb', sizeText(row)),
    cell('i r nb', costText(row)),
    decisionCell(row, tried),
    cell('why', reasonsView(row)),
  );
}

/** A row of the list of a source's candidates. */
export const candidateView = (row: SnapshotRow, clock: LocalClock): View =>
  view(
    'tr',
    {},
    view('td', { class: 'nm' }, view('a', { href: linkTo(row) }, isolatedView(row.name))),
    view('td', { class: 'i nb' }, row.at === null ? 'not known' : clock.day(row.at)),
    view('td', { class: 'i r nb' }, rowAge(row.age)),
    view('td', { class: 'i r nb' }, costText(row)),
    view('td', { class: 'i' }, row.why, ...(row.due === '' ? [] : [`; deleted on ${dayInWords(row.due)}`])),
  );

import type { EvaluatedSnapshot, Report } from '../../core/report/report-model';
import { dayInWords } from '../day-text';
import { escapeHtml } from '../escape';
import { formatCount, formatDollars, formatNumber } from '../numbers';
import { bySource } from '../report-sections';
import { sumSizes, unknownSizeText } from '../totals';
import { candidateGroups } from './action-panel';
import { commandHtml, holdSourceCommand } from './commands';
import type { RowWriter } from './embed';
import { sourcesText } from './first-screen';
import { clockOf } from './local-clock';
import { axisView, type Span, stripView } from './marks';
import type { PageContext } from './page-context';
import { policyOrigin, policySentence } from './page-words';
import { candidateView } from './row-view';
import type { RowSource, SnapshotRow } from './rows';
import type { Situation } from './situation';
import { viewHtml } from './view';

/** Sources with an own line, and candidates in the list of one, fewer where there are many lists; the table has all. */
const MAX_GROUPS = 30;
const MAX_LISTED_CANDIDATES = 12;
const MIN_LISTED_CANDIDATES = 5;
const MAX_LONG_LISTS = 10;
/** Different policies that a source names. */
const MAX_REASONS = 3;

/** One sentence for each policy that expires snapshots of a source. */
function reasonsHtml(group: readonly EvaluatedSnapshot[]): string {
  const sentences = new Map<string, string>();
  for (const { policy } of group) {
    if (policy === null) continue;
    const origin = policyOrigin(policy);
    sentences.set(
      `${origin} ${policy.id}`,
      `<span class="pn">${escapeHtml(origin)}</span> ${escapeHtml(policySentence(policy.policy))}`,
    );
  }
  const all = [...sentences.values()];
  const more = all.length - MAX_REASONS;
  const rest = more <= 0 ? '' : `<p class="why">And ${formatCount(more, 'further policy', 'further policies')}.</p>`;
  return `${all
    .slice(0, MAX_REASONS)
    .map((sentence) => `<p class="why">${sentence}</p>`)
    .join('')}${rest}`;
}

const LIST_HEAD =
  '<thead><tr><th scope="col">Snapshot</th><th scope="col">Created</th><th scope="col" class="r">Age</th>' +
  '<th scope="col" class="r">Up to / month</th><th scope="col">Why it is not kept</th></tr></thead>';

/** The filter of the table for the candidates of a source. */
const candidatesLink = ({ name, region, kind }: RowSource): string =>
  `#${new URLSearchParams({ source: name, region, kind, decision: 'expire' })}`;

interface SourceCandidates {
  readonly items: readonly EvaluatedSnapshot[];
  /** Its candidates, then all snapshots of the source. */
  readonly candidates: readonly SnapshotRow[];
  readonly rows: readonly SnapshotRow[];
  readonly index: number;
  /** Maximum number of candidates in its list. */
  readonly listed: number;
}

function listHtml(
  { items, candidates, index, listed }: SourceCandidates,
  report: Report,
  context: PageContext,
): string {
  const [first] = items;
  const clock = clockOf(report.zone);
  const shown = candidates.slice(0, listed).map((row) => viewHtml(candidateView(row, clock)));
  const [row] = candidates;
  const more = candidates.length - shown.length;
  const rest =
    more <= 0 || row === undefined
      ? ''
      : `<p><a href="${escapeHtml(candidatesLink(row.source))}">${formatNumber(more)} more in the table</a></p>`;
  const command = first === undefined ? null : holdSourceCommand(first, context);
  const hold = command === null ? '' : commandHtml(`hold-${index}`, command, 'Copy: keep all of them');
  return `<div class="list"><table>${LIST_HEAD}<tbody>${shown.join('')}</tbody></table>${rest}${hold}</div>`;
}

function groupHtml(group: SourceCandidates, span: Span, report: Report, context: PageContext): string {
  const { items, candidates, rows } = group;
  const source = candidates[0]?.source;
  if (source === undefined) return '';
  const sizes = sumSizes(
    items.map(({ snapshot }) => snapshot),
    report.pricing,
  );
  const [count, all] = [formatNumber(candidates.length), formatNumber(rows.length)];
  const about = `${source.kind} · ${source.city}${source.gone ? ' · source deleted' : ''}`;
  const label = `${source.name}: ${formatCount(rows.length, 'snapshot')}, ${count} can be deleted`;
  return `<details class="grp"><summary><div class="who"><h3><bdi>${escapeHtml(source.name)}</bdi></h3>\
<span>${escapeHtml(about)}</span></div>${viewHtml(stripView(rows, span, label))}\
<div class="num"><b class="d">${count}</b> <span class="quiet">of ${all}</span></div>\
<div class="num c"><span class="quiet small">up to</span> ${formatDollars(sizes.ceiling)}\
${escapeHtml(unknownSizeText(sizes))}</div><span class="chevron" aria-hidden="true">›</span>\
<div class="whys">${reasonsHtml(items)}</div></summary>
${listHtml(group, report, context)}</details>
`;
}

function leadText(situation: Situation): string {
  const strips = 'Each line shows what goes (diamonds) and what stays (dots), newest on the right.';
  if (situation.kind !== 'countdown') return strips;
  const [first] = situation.days;
  const day = first === undefined ? '' : dayInWords(first.day);
  const when = situation.days.length === 1 ? `All on ${day}.` : `The first on ${day}.`;
  return `${when} ${strips}`;
}

const sourceKey = ({ snapshot: { account, region, kind, source } }: EvaluatedSnapshot): string =>
  JSON.stringify([account, region, kind, source?.arn ?? [source?.name]]);

/** The groups that get a line, each with the rows of its candidates and of its source. */
function* readGroups(report: Report, writer: RowWriter): Generator<SourceCandidates> {
  const groups = candidateGroups(report).slice(0, MAX_GROUPS);
  const listed = groups.length > MAX_LONG_LISTS ? MIN_LISTED_CANDIDATES : MAX_LISTED_CANDIDATES;
  const wanted = new Set(groups.flatMap(([first]) => (first === undefined ? [] : [sourceKey(first)])));
  const siblings = bySource(report.items.filter((item) => wanted.has(sourceKey(item))));
  const byKey = new Map(siblings.map((items) => [items[0] === undefined ? '' : sourceKey(items[0]), items]));
  for (const [index, items] of groups.entries()) {
    const all = byKey.get(items[0] === undefined ? '' : sourceKey(items[0])) ?? items;
    const read = (each: readonly EvaluatedSnapshot[]): readonly SnapshotRow[] =>
      each.map((item) => writer.read(item, 0));
    yield { items, candidates: read(items), rows: read(all), index, listed };
  }
}

/** What can be deleted, by source, the largest group first, with one reason for each policy. */
export function* candidatesHtml(
  report: Report,
  situation: Situation,
  context: PageContext,
  span: Span,
  writer: RowWriter,
): Generator<string> {
  const { totals } = report;
  if (totals.expire === 0) return;
  const verb = situation.kind === 'countdown' ? 'will be deleted' : 'can be deleted';
  const could = report.complete ? verb : 'could be deleted';
  yield `<section id="delete" aria-labelledby="h-delete"><div class="head"><div><h2 id="h-delete">\
<span class="d">${formatNumber(totals.expire)}</span> ${totals.expire === 1 ? 'snapshot' : 'snapshots'} of \
${escapeHtml(sourcesText(report))} ${could}</h2><p>${escapeHtml(leadText(situation))}</p></div>\
<div class="right"><button class="btn" id="open-all" type="button" hidden>Show every snapshot</button></div></div>
<div class="groups"><div class="gax">${viewHtml(axisView(span))}</div>
`;
  let left = candidateGroups(report).length;
  for (const group of readGroups(report, writer)) {
    left -= 1;
    yield groupHtml(group, span, report, context);
  }
  const rest =
    left === 0 ? '' : `<p class="rest">The table has the candidates of ${formatCount(left, 'more source')}.</p>`;
  yield `</div>${rest}</section>\n`;
}

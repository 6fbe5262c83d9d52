import { monthlyCostCeiling } from '../../core/policy/cost';
import { isEndlessHold } from '../../core/policy/resolve';
import type { EvaluatedSnapshot, Report } from '../../core/report/report-model';
import { localDay } from '../../core/time/period';
import { oneLine } from '../../core/util/safe-text';
import { dayInWords } from '../day-text';
import { escapeHtml } from '../escape';
import { formatCount, formatNumber } from '../numbers';
import { describeAge, monthlyCostText, snapshotName, wholeDays } from '../phrases';
import { bySource, changesSection, type Item, orphansSection, problemsSection, regionsOff } from '../report-sections';
import { sumSizes } from '../totals';
import { pageMark } from './embed';
import { listsHtml } from './lists';
import { clockOf } from './local-clock';
import { joinWords } from './page-words';
import type { Situation } from './situation';

/** A matter that a person should know. */
interface Matter {
  readonly id: string;
  readonly count: number;
  /** After the count. */
  readonly title: string;
  readonly line: string;
  readonly notes: readonly string[];
  items(): Iterable<Item>;
}

const MAX_NAMED_SNAPSHOTS = 3;

function firstNamesText(names: readonly string[]): string {
  const distinct = [...new Set(names)];
  const more = distinct.length - MAX_NAMED_SNAPSHOTS;
  if (more <= 0) return joinWords(distinct, 'and');
  return `${distinct.slice(0, MAX_NAMED_SNAPSHOTS).join(', ')} and ${formatNumber(more)} more`;
}

const pluralText = (count: number, one: string, many: string): string => (count === 1 ? one : many);

function problemsMatter(report: Report): readonly Matter[] {
  const section = problemsSection(report);
  if (section === null) return [];
  const owners = new Set(report.problems.map(({ arn }) => arn));
  const named = report.items.filter(({ snapshot }) => snapshot.arn !== null && owners.has(snapshot.arn));
  const names = named.map(({ snapshot }) => snapshotName(snapshot));
  return [
    {
      id: 'problems',
      count: section.count,
      title: pluralText(section.count, 'problem needs a fix', 'problems need a fix'),
      line:
        names.length === 0
          ? 'The details name each of them.'
          : `${firstNamesText(names)}. What is affected stays until it is fixed.`,
      notes: section.lead,
      items: section.items,
    },
  ];
}

/** Snapshots that will never be finished, and cannot be restored. */
function failedMatter({ items }: Report): readonly Matter[] {
  const failed = items.filter((item) => item.status === 'unfinished' && pageMark(item) === 'fix');
  if (failed.length === 0) return [];
  return [
    {
      id: 'failed',
      count: failed.length,
      title: pluralText(failed.length, 'snapshot failed', 'snapshots failed'),
      line: `${firstNamesText(failed.map(({ snapshot }) => snapshotName(snapshot)))}. Delete what cannot be restored.`,
      notes: [],
      items: () =>
        failed.map(({ snapshot }) => ({
          line: `${snapshotName(snapshot)}: its state is ${oneLine(snapshot.state ?? 'not known')}`,
        })),
    },
  ];
}

function staleMatter(report: Report): readonly Matter[] {
  const count = report.stale.length;
  if (count === 0) return [];
  const oldest = [...report.stale].sort((a, b) => (a.newestAt ?? 0) - (b.newestAt ?? 0))[0];
  const days = oldest === undefined ? null : wholeDays(oldest.newestAt, report.evaluatedAt);
  const name = oneLine(oldest?.source.name ?? oldest?.source.arn ?? '');
  return [
    {
      id: 'stale',
      count,
      title: pluralText(count, 'source has no recent snapshot', 'sources have no recent snapshot'),
      line: `Longest: ${name}, ${days === null ? 'no snapshot at all' : formatCount(days, 'day')}. Is its backup job running?`,
      notes: [],
      items: () =>
        report.stale.map(({ source, newestAt }) => ({
          line: `${oneLine(source.name ?? source.arn)} (${source.kind} in ${oneLine(source.region)}): ${
            newestAt === null
              ? 'no snapshot at all'
              : `the newest is of ${dayInWords(localDay(newestAt, report.zone))}, ${describeAge(newestAt, report.evaluatedAt)}`
          }`,
        })),
    },
  ];
}

function orphansMatter(report: Report): readonly Matter[] {
  const section = orphansSection(report);
  if (section === null) return [];
  const orphans = report.items.filter(({ sourceExists }) => sourceExists === false);
  const names = bySource(orphans).map(([first]) => oneLine(first?.snapshot.source?.name ?? 'a source without a name'));
  return [
    {
      id: 'orphans',
      count: orphans.length,
      title: pluralText(orphans.length, 'snapshot outlived its source', 'snapshots outlived their source'),
      line: `${firstNamesText(names)}. They may be the only copies.`,
      notes: [],
      items: section.items,
    },
  ];
}

function leftoversMatter({ automatic, zone }: Report): readonly Matter[] {
  const left = automatic.filter(({ addOnEnabled, count }) => addOnEnabled === false && count > 0);
  if (left.length === 0) return [];
  const count = left.reduce((sum, each) => sum + each.count, 0);
  const nameOf = ({ source }: (typeof left)[number]): string => oneLine(source.name ?? source.arn ?? 'unnamed');
  return [
    {
      id: 'leftovers',
      count,
      title: pluralText(count, 'automatic snapshot was left behind', 'automatic snapshots were left behind'),
      line: `Automatic snapshots of ${firstNamesText(left.map(nameOf))} are off; these still cost.`,
      notes: ['This tool never deletes automatic snapshots. Remove them in Lightsail.'],
      items: () =>
        left.map((each) => ({
          line:
            `${nameOf(each)} (${each.source.kind} in ${oneLine(each.source.region)}): ${formatNumber(each.count)} left` +
            `${each.newestAt === null ? '' : `, the newest of ${dayInWords(localDay(each.newestAt, zone))}`}`,
        })),
    },
  ];
}

const costCeilingOf = (items: readonly EvaluatedSnapshot[], { pricing }: Report): string =>
  monthlyCostText(
    sumSizes(
      items.map(({ snapshot }) => snapshot),
      pricing,
    ).ceiling,
  ).replace('at most', 'up to');

const oldestFirst = (a: EvaluatedSnapshot, b: EvaluatedSnapshot): number =>
  (a.snapshot.createdAt ?? 0) - (b.snapshot.createdAt ?? 0);

/** Snapshots that stay until a person acts, the oldest first, with what each costs. */
function stayingMatter(
  report: Report,
  id: string,
  one: string,
  many: string,
  line: string,
  isOf: (item: EvaluatedSnapshot) => boolean,
): readonly Matter[] {
  const staying = report.items.filter(isOf);
  if (staying.length === 0) return [];
  return [
    {
      id,
      count: staying.length,
      title: pluralText(staying.length, one, many),
      line: `${line} Together ${costCeilingOf(staying, report)}.`,
      notes: [],
      items: () =>
        staying.sort(oldestFirst).map(({ snapshot }) => ({
          line: `${snapshotName(snapshot)}: ${
            snapshot.createdAt === null ? 'age not known' : dayInWords(localDay(snapshot.createdAt, report.zone))
          }, ${monthlyCostText(monthlyCostCeiling(snapshot, report.pricing)).replace('at most', 'up to')}`,
        })),
    },
  ];
}

/** `Since the last report (23 Nov 2026): 9 new snapshots, 1 new hold.` */
export function changesText({ changes, zone }: Report): string {
  if (changes === null) return 'There is no earlier report to compare with.';
  const parts = [
    [changes.added.length, 'new snapshot'],
    [changes.gone.length, 'snapshot gone', 'snapshots gone'],
    [changes.newlyExpiring.length, 'more can be deleted', 'more can be deleted'],
    [changes.noLongerExpiring.length, 'no longer can', 'no longer can'],
    [changes.newlyHeld.length, 'new hold'],
    [changes.noLongerHeld.length, 'hold ended', 'holds ended'],
  ] as const;
  const texts = parts.filter(([amount]) => amount > 0).map(([amount, one, many]) => formatCount(amount, one, many));
  const since = `Since the last report (${clockOf(zone).day(changes.previousAt)})`;
  return `${since}: ${texts.length === 0 ? 'nothing changed' : texts.join(', ')}.`;
}

function changesMatter(report: Report): readonly Matter[] {
  const section = changesSection(report);
  if (section.count === 0) return [];
  return [
    {
      id: 'changes',
      count: section.count,
      title: pluralText(section.count, 'change since the last report', 'changes since the last report'),
      line: changesText(report).replace(/^[^:]*: /, ''),
      notes: [],
      items: section.items,
    },
  ];
}

const regionsOffMatters = (report: Report): readonly Matter[] =>
  regionsOff(report).map((section, index) => ({
    id: `off-${index + 1}`,
    count: section.count,
    title: section.title.replace(/: [\d,]+$/, '').toLowerCase(),
    line: section.lead.join(' '),
    notes: [],
    items: section.items,
  }));

function* matterHtml({ id, count, title, line, notes, items }: Matter): Generator<string> {
  const head = `<span class="n">${formatNumber(count)}</span><span>${escapeHtml(title)}</span>`;
  const body = [...items()];
  const about = notes.map((note) => `<p>${escapeHtml(note)}</p>`).join('');
  if (body.length === 0 && about === '') {
    yield `<li id="${id}"><div class="matter">${head}<span class="s2">${escapeHtml(line)}</span></div></li>\n`;
    return;
  }
  yield `<li id="${id}"><details><summary class="matter">${head}<span class="more">Details</span>`;
  yield `<span class="s2">${escapeHtml(line)}</span></summary><div class="body">${about}`;
  yield* listsHtml({ items: () => body });
  yield '</div></details></li>\n';
}

const STOPPING_NOTES: Partial<Record<Situation['kind'], string>> = {
  countdown: 'None of this stops the deletion. Everything affected is kept.',
  undated: 'None of this stops the deletion. Everything affected is kept.',
};

/** What needs a person. */
function mattersOf(report: Report): readonly Matter[] {
  return [
    ...problemsMatter(report),
    ...failedMatter(report),
    ...staleMatter(report),
    ...orphansMatter(report),
    ...leftoversMatter(report),
    ...stayingMatter(
      report,
      'holds',
      'snapshot is held without an end',
      'snapshots are held without an end',
      'They stay until you remove the hold.',
      ({ reasons }) => reasons.some(isEndlessHold),
    ),
    ...stayingMatter(
      report,
      'unmanaged',
      'snapshot has no policy',
      'snapshots have no policy',
      'They are kept indefinitely.',
      ({ status }) => status === 'unmanaged',
    ),
  ];
}

/** The number of matters that need a person. */
export const attentionCount = (report: Report): number => mattersOf(report).length;

/** What needs a person, and what else a person should know; nothing where there is nothing. */
export function* attentionHtml(report: Report, { kind }: Situation): Generator<string> {
  const matters = [...mattersOf(report), ...changesMatter(report), ...regionsOffMatters(report)];
  if (matters.length === 0) return;
  const note = STOPPING_NOTES[kind] ?? 'Everything affected is kept.';
  yield `<section class="att" aria-labelledby="h-att"><div><h2 id="h-att">Needs attention</h2><p class="small quiet">${note}</p></div><ul>\n`;
  for (const matter of matters) yield* matterHtml(matter);
  yield '</ul></section>\n';
}

import { monthlyCostCeiling } from '../core/policy/cost';
import { isEndlessHold } from '../core/policy/resolve';
import type { EvaluatedSnapshot, Report } from '../core/report/report-model';
import type { Kind } from '../core/snapshot/snapshot';
import { localDay } from '../core/time/period';
import { oneLine } from '../core/util/safe-text';
import { dayInWords } from './day-text';
import { formatCount, formatNumber } from './numbers';
import { pageMark } from './page/embed';
import { clockOf } from './page/local-clock';
import { joinWords } from './page/page-words';
import { describeAge, monthlyCostText, snapshotName, wholeDays } from './phrases';
import { bySource, type Item, orphansSection, problemsSection } from './report-sections';
import { sumSizes } from './totals';

/** A matter that a person should know. */
export interface Matter {
  readonly id: string;
  readonly count: number;
  /** After the count. */
  readonly title: string;
  readonly line: string;
  /** What there is to do, with the count: `1 failed snapshot to delete`. */
  readonly task: string;
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

export const pluralText = (count: number, one: string, many: string): string => (count === 1 ? one : many);

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
      title:
        `${pluralText(section.count, 'problem needs a correction', 'problems need a correction')}, ` +
        `and what ${pluralText(section.count, 'it affects', 'they affect')} is kept`,
      line:
        names.length === 0
          ? 'The details name each of them.'
          : `${firstNamesText(names)}. What is affected stays until it is fixed.`,
      task: formatCount(section.count, 'problem to correct', 'problems to correct'),
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
      line:
        `${firstNamesText(failed.map(({ snapshot }) => snapshotName(snapshot)))}. ` +
        `${pluralText(failed.length, 'It is kept, and of no use: delete it when you like.', 'They are kept, and of no use: delete them when you like.')}`,
      task:
        `${formatCount(failed.length, 'failed snapshot', 'failed snapshots')}: ` +
        `${firstNamesText(failed.map(({ snapshot }) => snapshotName(snapshot)))} (delete ` +
        `${pluralText(failed.length, 'it', 'them')} when you like)`,
      notes: [],
      items: () =>
        failed.map(({ snapshot }) => ({
          line: `${snapshotName(snapshot)}: its state is ${oneLine(snapshot.state ?? 'not known')}`,
        })),
    },
  ];
}

const SERVER_NAMES = { instance: 'server', disk: 'disk', database: 'database' } as const;

/** `servers`, `servers or disks`: what these are, as an owner calls them. */
export function serversText(sources: Iterable<{ readonly kind: Kind }>, count: number): string {
  const kinds = new Set(Array.from(sources, ({ kind }) => SERVER_NAMES[kind]));
  const named = Object.values(SERVER_NAMES).filter((name) => kinds.has(name));
  return joinWords(
    named.map((name) => pluralText(count, name, `${name}s`)),
    'or',
  );
}

/** Characters of the names of sources without a recent snapshot: of all, and of some with the number of the others. */
const MAX_STALE_TEXT = { all: 115, some: 85 };
const IN_WHAT_WAS_READ = ' in what could be read';

/** `archive (121 days), wiki (40), crm and 5 more`: those that wait longest first, as many as fit on a line. */
function staleNamesText({ stale, evaluatedAt, complete }: Report): string {
  const longestFirst = [...stale].sort((a, b) => (a.newestAt ?? 0) - (b.newestAt ?? 0));
  const names = longestFirst.map(({ source, newestAt }, index) => {
    const days = wholeDays(newestAt, evaluatedAt);
    const age = index === 0 ? formatCount(days ?? 0, 'day') : formatNumber(days ?? 0);
    return `${oneLine(source.name ?? source.arn)} (${days === null ? 'none at all' : age})`;
  });
  const less = complete ? 0 : IN_WHAT_WAS_READ.length;
  const all = joinWords(names, 'and');
  if (all.length <= MAX_STALE_TEXT.all - less) return all;
  let shown = 1;
  while (names.slice(0, shown + 1).join(', ').length <= MAX_STALE_TEXT.some - less) shown += 1;
  return `${names.slice(0, shown).join(', ')} and ${formatNumber(names.length - shown)} more (the report names all)`;
}

const staleKindsText = ({ stale }: Report): string =>
  serversText(
    stale.map(({ source }) => source),
    stale.length,
  );

/** `servers or disks have no recent snapshot`. */
export const noRecentText = (report: Report): string =>
  `${staleKindsText(report)} ${pluralText(report.stale.length, 'has', 'have')} no recent snapshot`;

function staleMatter(report: Report): readonly Matter[] {
  const count = report.stale.length;
  if (count === 0) return [];
  const whats = staleKindsText(report);
  return [
    {
      id: 'stale',
      count,
      title: `${noRecentText(report)}${report.complete ? '' : IN_WHAT_WAS_READ}`,
      line: `${staleNamesText(report)}. Make ${pluralText(count, 'one', 'one of each')} now.`,
      task:
        `${formatNumber(count)} ${whats} without a recent snapshot: ${staleNamesText(report)} (make ` +
        `${pluralText(count, 'one', 'one of each')} now)`,
      notes: [],
      items: () =>
        report.stale.map(({ source, newestAt }) => ({
          line: `${oneLine(source.name ?? source.arn)} (${source.kind} in ${oneLine(source.region)}): ${
            newestAt === null
              ? 'no snapshot at all'
              : `the newest is of ${dayInWords(localDay(newestAt, report.zone))}, ` +
                `${describeAge(newestAt, report.evaluatedAt)}`
          }`,
        })),
    },
  ];
}

/** `snapshots whose server or disk no longer exists`. */
function goneText(orphans: readonly EvaluatedSnapshot[]): string {
  const whose = serversText(
    orphans.map(({ snapshot }) => snapshot),
    1,
  );
  return `${pluralText(orphans.length, 'snapshot', 'snapshots')} whose ${whose} no longer exists`;
}

/** `all are kept`, or `3 of these are on the list`. */
function fateText(orphans: readonly EvaluatedSnapshot[]): string {
  const listed = orphans.filter(({ verdict }) => verdict === 'expire').length;
  if (listed === 0) return orphans.length === 1 ? 'it is kept' : 'all are kept';
  if (orphans.length === 1) return 'it is on the list';
  return `${formatNumber(listed)} of these ${listed === 1 ? 'is' : 'are'} on the list`;
}

function orphansMatter(report: Report): readonly Matter[] {
  const section = orphansSection(report);
  if (section === null) return [];
  const orphans = report.items.filter(({ sourceExists }) => sourceExists === false);
  const fate = fateText(orphans);
  const names = bySource(orphans).map(([first]) => oneLine(first?.snapshot.source?.name ?? 'a source without a name'));
  return [
    {
      id: 'orphans',
      count: orphans.length,
      title: goneText(orphans),
      line:
        `${firstNamesText(names)}. ${fate.slice(0, 1).toUpperCase()}${fate.slice(1)}. ` +
        `${pluralText(orphans.length, 'It may be the only copy', 'They may be the only copies')}.`,
      task: `${formatNumber(orphans.length)} ${goneText(orphans)} (${fate})`,
      notes: [],
      items: section.items,
    },
  ];
}

function leftoversMatter({ automatic, zone }: Report): readonly Matter[] {
  const left = automatic.filter(({ addOnEnabled, count }) => addOnEnabled === false && count > 0);
  if (left.length === 0) return [];
  const count = left.reduce((sum, each) => sum + each.count, 0);
  const them = pluralText(count, 'it', 'them');
  const nameOf = ({ source }: (typeof left)[number]): string => oneLine(source.name ?? source.arn ?? 'unnamed');
  const quotedName = (each: (typeof left)[number]): string => `"${nameOf(each)}"`;
  return [
    {
      id: 'leftovers',
      count,
      title: pluralText(count, 'automatic snapshot was left behind', 'automatic snapshots were left behind'),
      line:
        `${pluralText(count, 'It is', 'They are')} of ${firstNamesText(left.map(quotedName))}, where ` +
        `automatic snapshots are switched off. Delete ${them} in Lightsail if you do not need ${them}.`,
      task:
        `${formatCount(count, 'old automatic snapshot', 'old automatic snapshots')} of ` +
        `${firstNamesText(left.map(quotedName))} (delete ${them} in Lightsail if not needed)`,
      notes: ['This tool never deletes automatic snapshots. Remove them in Lightsail.'],
      items: () =>
        left.map((each) => ({
          line:
            `${nameOf(each)} (${each.source.kind} in ${oneLine(each.source.region)}): ` +
            `${formatNumber(each.count)} left` +
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
      line: `${line} ${staying.length === 1 ? 'Cost' : 'Together'} ${costCeilingOf(staying, report)}.`,
      task: formatCount(staying.length, one, many),
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

/** `4 of the 28 are new on this list`; empty where nothing is new or nothing can be deleted. */
function newOnListText(fresh: number, expire: number): string {
  if (fresh === 0 || expire === 0) return '';
  if (fresh >= expire)
    return expire === 1 ? 'the one on this list is new' : `all ${formatNumber(expire)} on this list are new`;
  return `${formatNumber(fresh)} of the ${formatNumber(expire)} ${fresh === 1 ? 'is' : 'are'} new on this list`;
}

/** `Since 16 Nov: 9 new snapshots; 4 of the 28 are new on this list.` */
export function changesText(report: Report, isFirstReport = false): string {
  const { changes, zone, complete, totals } = report;
  if (changes === null)
    return isFirstReport ? 'This is the first report.' : 'There is no earlier report to compare with.';
  const parts = [
    [changes.added.length, 'new snapshot', 'new snapshots'],
    [changes.gone.length, 'snapshot gone', 'snapshots gone'],
    [changes.newlyHeld.length, 'new hold', 'new holds'],
    [changes.noLongerHeld.length, 'hold ended', 'holds ended'],
    [changes.uncompared.length, 'list not compared', 'lists not compared'],
  ] as const;
  const texts = parts.filter(([amount]) => amount > 0).map(([amount, one, many]) => formatCount(amount, one, many));
  const candidates = [
    newOnListText(changes.newlyExpiring.length, totals.expire),
    changes.noLongerExpiring.length > 0
      ? `${formatNumber(changes.noLongerExpiring.length)} ` +
        `${changes.noLongerExpiring.length === 1 ? 'is' : 'are'} no longer on it`
      : '',
  ].filter((text) => text !== '');
  const all = [...(texts.length === 0 ? [] : [texts.join(', ')]), ...candidates];
  const same = complete ? 'nothing changed' : 'nothing changed in what both reports could read';
  return `Since ${clockOf(zone).day(changes.previousAt)}: ${all.length === 0 ? same : all.join('; ')}.`;
}

/** What needs a person, the most important first: the same list in the e-mail and on the page. */
export function mattersOf(report: Report): readonly Matter[] {
  return [
    ...staleMatter(report),
    ...problemsMatter(report),
    ...failedMatter(report),
    ...orphansMatter(report),
    ...leftoversMatter(report),
    ...stayingMatter(
      report,
      'unmanaged',
      'snapshot has no policy',
      'snapshots have no policy',
      pluralText(report.totals.unmanaged, 'It is kept indefinitely.', 'They are kept indefinitely.'),
      ({ status }) => status === 'unmanaged',
    ),
  ];
}

/** Holds without an end, which a person chose: listed on the page, and not counted. */
export const holdsMatter = (report: Report): readonly Matter[] =>
  stayingMatter(
    report,
    'holds',
    'snapshot is held without an end',
    'snapshots are held without an end',
    'They stay until you remove the hold.',
    ({ reasons }) => reasons.some(isEndlessHold),
  );

/** `6 things need attention`. */
export const attentionCountText = (matters: readonly Matter[]): string =>
  formatCount(matters.length, 'thing needs attention', 'things need attention');

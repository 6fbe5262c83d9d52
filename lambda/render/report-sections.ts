import { monthlyCostCeiling, snapshotGb } from '../core/policy/cost';
import {
  type EvaluatedSnapshot,
  type ListName,
  type ListStatus,
  type Report,
  type Scope,
  STATUSES,
  type Status,
} from '../core/report/report-model';
import { amountInCents } from '../core/report/spend';
import type { Snapshot } from '../core/snapshot/snapshot';
import { localDay, localMinute } from '../core/time/period';
import { joinNames } from '../core/util/join-names';
import { oneLine } from '../core/util/safe-text';
import { explainExpiry } from './expiry-reasons';
import { formatCount, formatDollars, formatNumber } from './numbers';
import { describeAge, kindPlural, monthlyCostText, reasonsText, snapshotName, sourceName } from './phrases';
import { billedPlace, monthInWords, regionBills, upToText } from './spend-text';
import { ceilingText, sumSizes } from './totals';

/** An item of a section. `heading` and `shared` are written only if they differ from those of the item before. */
export interface Item {
  readonly heading?: string;
  readonly shared?: string;
  readonly line: string;
  /** The facts of the line as a row of the section's table. */
  readonly cells?: readonly string[];
  readonly details?: readonly string[];
}

/** A section of the report. `items` makes its `count` items during each iteration. */
export interface Section {
  readonly title: string;
  readonly lead: readonly string[];
  readonly count: number;
  /** The heads of the columns, where items have cells. */
  readonly columns?: readonly string[];
  items(): Iterable<Item>;
}

const NO_ITEMS: readonly Item[] = [];

/** Makes a section of records; null: there are none. */
function section<T>(
  title: string,
  lead: readonly string[],
  records: readonly T[],
  toItem: (record: T) => Item,
  columns: readonly string[] = [],
): Section | null {
  if (records.length === 0) return null;
  return {
    title,
    lead,
    count: records.length,
    columns,
    *items() {
      for (const record of records) yield toItem(record);
    },
  };
}

const snapshotPlace = ({ kind, region }: Pick<Snapshot, 'kind' | 'region'>): string =>
  `${kind} snapshot in ${oneLine(region)}`;

function snapshotSize(snapshot: Snapshot): string {
  const gb = snapshotGb(snapshot);
  if (gb === null || snapshot.sizeGb === null) return 'size not known';
  return `${formatNumber(gb)} GB${gb === snapshot.sizeGb ? '' : ' with its attached disks'}`;
}

/** Age, size and cost ceiling of a snapshot. */
const snapshotFacts = ({ snapshot }: EvaluatedSnapshot, report: Report): readonly string[] => [
  describeAge(snapshot.createdAt, report.evaluatedAt),
  snapshotSize(snapshot),
  monthlyCostText(monthlyCostCeiling(snapshot, report.pricing)),
];

/** The same facts as cells of a table. */
const factCells = (evaluated: EvaluatedSnapshot, report: Report): readonly string[] =>
  snapshotFacts(evaluated, report).map((fact) =>
    fact.replace('with its attached disks', 'with disks').replace(/^at most /, ''),
  );

const FACT_HEADS = ['AGE', 'SIZE', 'UP TO'] as const;

/** A snapshot outside of the group of its source, with its reasons. */
const snapshotItem = (evaluated: EvaluatedSnapshot, report: Report): Item => ({
  line:
    `${snapshotName(evaluated.snapshot)} (${snapshotPlace(evaluated.snapshot)}, ` +
    `${snapshotFacts(evaluated, report).join(', ')})`,
  cells: [
    snapshotName(evaluated.snapshot),
    evaluated.snapshot.kind,
    oneLine(evaluated.snapshot.region),
    ...factCells(evaluated, report),
  ],
  details: [reasonsText(evaluated.reasons)],
});

/** Groups snapshots by source, in the order of the report; without a source ARN, by the source name. */
export function bySource(items: Iterable<EvaluatedSnapshot>): readonly (readonly EvaluatedSnapshot[])[] {
  const groups = new Map<string, EvaluatedSnapshot[]>();
  for (const item of items) {
    const { account, region, kind, source } = item.snapshot;
    const key = JSON.stringify([account, region, kind, source?.arn ?? null, source?.arn == null ? source?.name : null]);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return [...groups.values()];
}

/** The heading of a source: its name, number of snapshots and cost ceiling. */
export function sourceHeading(group: readonly EvaluatedSnapshot[], report: Report): string {
  const [first] = group;
  if (!first) return '';
  const gone = first.sourceExists === false ? `, which no longer exists` : '';
  const { kind, region } = first.snapshot;
  const extent = sumSizes(
    group.map(({ snapshot }) => snapshot),
    report.pricing,
  );
  const place = `${kind} snapshots in ${oneLine(region)}`;
  const count = formatCount(group.length, 'snapshot');
  return `${sourceName(first.snapshot)}${gone} (${place}): ${count}, ${ceilingText(extent)}`;
}

/** By ARN, the earliest day of the deletion of a snapshot that is not held. */
export type DueDays = ReadonlyMap<string, string>;

function* expiringItems(
  groups: readonly (readonly EvaluatedSnapshot[])[],
  report: Report,
  due: DueDays | undefined,
): Generator<Item> {
  const fresh = new Set(report.changes?.newlyExpiring.map(({ snapshot }) => snapshot.arn));
  for (const group of groups) {
    const heading = sourceHeading(group, report);
    const why = explainExpiry(group);
    for (const [index, item] of group.entries()) {
      const isNew = item.snapshot.arn !== null && fresh.has(item.snapshot.arn);
      const dueOn = due?.get(item.snapshot.arn ?? '');
      yield {
        heading,
        shared: why[index]?.shared ?? '',
        line: `${snapshotName(item.snapshot)}: ${snapshotFacts(item, report).join(', ')}${isNew ? ' (new on this list)' : ''}`,
        cells: [snapshotName(item.snapshot), ...factCells(item, report), isNew ? 'new on this list' : ''],
        details: [why[index]?.own ?? '', dueOn === undefined ? '' : `Will be deleted on ${dueOn} unless you keep it`],
      };
    }
  }
}

/** Snapshots expired, by source. */
export function expiringSection(report: Report, due?: DueDays): Section | null {
  const items = report.items.filter(({ verdict }) => verdict === 'expire');
  if (items.length === 0) return null;
  const groups = bySource(items);
  const title = `Expired by policy: ${formatCount(items.length, 'snapshot')} of ${formatCount(groups.length, 'source')}`;
  const lead = 'No longer kept by their policy: newer snapshots fill its slots, or they are too old.';
  return {
    title,
    lead: [lead],
    count: items.length,
    columns: ['NAME', ...FACT_HEADS, ''],
    items: () => expiringItems(groups, report, due),
  };
}

/** Scopes whose snapshots or sources could not be read. */
export const unreadScopes = ({ scopes }: Pick<Report, 'scopes'>): readonly Scope[] =>
  scopes.filter(({ status, sources }) => status === 'failed' || sources === 'failed');

/** Problem messages of unread source lists that belong to no failed scope. */
export function unreadElsewhere(report: Pick<Report, 'scopes' | 'problems'>): readonly string[] {
  const named = report.scopes
    .filter(({ sources }) => sources === 'failed')
    .map(({ kind, region }) => `the ${kind} list of ${region} `);
  return report.problems
    .filter(
      ({ code, arn, message }) =>
        code === 'source.unread' && arn === null && !named.some((list) => message.startsWith(list)),
    )
    .map(({ message }) => message);
}

const listText = ({ kind, region }: ListName): string => `${kind} snapshots in ${oneLine(region)}`;

function unreadItem(scope: Scope): Item {
  const { error, kind } = scope;
  const what =
    scope.status === 'failed'
      ? listText(scope)
      : `the ${kindPlural(kind)} themselves in ${oneLine(scope.region)} (their snapshots were read)`;
  const why = error ? `: ${oneLine(error.message)} (${oneLine(error.code)})` : '';
  return { line: `${what}${why}`, details: error?.tip === undefined ? [] : [`Tip: ${oneLine(error.tip)}`] };
}

/** The lists that were not read. No report leaves this section out. */
export function unreadSection(report: Report): Section | null {
  if (report.complete) return null;
  const scopes = unreadScopes(report);
  const elsewhere = unreadElsewhere(report);
  const lead =
    'The missing lists may contain holds or sources of these snapshots. Nothing may be deleted until they can be read.';
  const missing = [
    scopes.length > 0 ? `${formatNumber(scopes.length)} of ${formatCount(report.scopes.length, 'list')}` : '',
    elsewhere.length > 0 ? `${formatCount(elsewhere.length, 'list')} of sources elsewhere` : '',
  ].filter((part) => part !== '');
  if (missing.length > 0) {
    const items = [...scopes.map(unreadItem), ...elsewhere.map((message): Item => ({ line: oneLine(message) }))];
    return section(`Not read: ${missing.join(' and ')}`, [lead], items, (item) => item);
  }
  return { title: 'Not everything was read', lead: [`${lead} See the problems.`], count: 0, items: () => NO_ITEMS };
}

type OffStatus = Exclude<ListStatus, 'read' | 'failed'>;

const OFF_TEXTS: Readonly<Record<OffStatus, { readonly title: string; readonly why: string; readonly lead: string }>> =
  {
    disabled: {
      title: 'Regions switched off',
      why: 'switched off in this account',
      lead:
        'The account has these regions switched off, so they could not be listed. ' +
        'Snapshots in them still incur charges.',
    },
    denied: {
      title: 'Regions denied',
      why: 'denied by a service control policy',
      lead: 'A service control policy denies every call in these regions. Snapshots in them still incur charges.',
    },
  };
const OFF_STATUSES = Object.keys(OFF_TEXTS) as readonly OffStatus[];

const regionsOf = ({ scopes }: Pick<Report, 'scopes'>, wanted: OffStatus): readonly string[] => [
  ...new Set(scopes.filter(({ status }) => status === wanted).map(({ region }) => region)),
];

/** Disabled and denied regions, which do not make a report incomplete: a sentence per reason. */
export const regionsNotRead = (report: Pick<Report, 'scopes'>): readonly string[] =>
  OFF_STATUSES.flatMap((status) => {
    const regions = regionsOf(report, status).map(oneLine);
    return regions.length === 0 ? [] : [`Not read (${OFF_TEXTS[status].why}): ${joinNames(regions)}.`];
  });

/** Disabled and denied regions in full, a section per reason. */
export const regionsOff = (report: Report): readonly Section[] =>
  OFF_STATUSES.flatMap((status) => {
    const regions = regionsOf(report, status);
    const made = section(
      `${OFF_TEXTS[status].title}: ${formatNumber(regions.length)}`,
      [OFF_TEXTS[status].lead],
      regions,
      (region) => ({ line: oneLine(region) }),
    );
    return made === null ? [] : [made];
  });

function* changeItems({ changes }: Report): Generator<Item> {
  if (changes === null) return;
  const lists = [
    ['New', changes.added],
    ['Newly expired', changes.newlyExpiring],
    ['No longer expired', changes.noLongerExpiring],
    ['Newly held', changes.newlyHeld],
    ['No longer held', changes.noLongerHeld],
  ] as const;
  for (const [title, items] of lists) {
    const heading = `${title}: ${formatCount(items.length, 'snapshot')}`;
    for (const { snapshot } of items)
      yield { heading, line: `${snapshotName(snapshot)} (${snapshotPlace(snapshot)}, of ${sourceName(snapshot)})` };
  }
  const gone = `Gone: ${formatCount(changes.gone.length, 'snapshot')}`;
  for (const { arn, name } of changes.gone)
    yield { heading: gone, line: oneLine(name === null ? arn : `${name} (${arn})`) };
  const uncompared = `Not compared, as only one of the two reports read them: ${formatCount(changes.uncompared.length, 'list')}`;
  for (const list of changes.uncompared) yield { heading: uncompared, line: listText(list) };
}

/** The changes since the previous report. */
export function changesSection(report: Report): Section {
  const { changes } = report;
  if (changes === null)
    return {
      title: 'Since the last report',
      lead: ['There is no earlier report to compare with.'],
      count: 0,
      items: () => NO_ITEMS,
    };
  const { previousReportId: _, previousAt, uncompared, ...changed } = changes;
  const amount = Object.values(changed).reduce((sum, { length }) => sum + length, 0);
  const all = report.complete && uncompared.length === 0;
  const same = all
    ? 'Nothing changed: the same snapshots are held and expired as before.'
    : 'Nothing changed in what both reports could read.';
  return {
    title: `Since the last report (${localMinute(previousAt, report.zone)})`,
    lead: amount === 0 ? [same] : [],
    count: amount + uncompared.length,
    items: () => changeItems(report),
  };
}

const EXCLUDED_TEXTS: Readonly<Record<Exclude<Status, 'managed'>, { readonly title: string; readonly lead: string }>> =
  {
    held: {
      title: 'Held',
      lead: 'These have a hold. They are kept until the hold is removed or its date has passed.',
    },
    problem: {
      title: 'Kept because of a problem',
      lead:
        'Something about these could not be read or understood, so they are kept. ' +
        'The problems below say what to fix.',
    },
    unfinished: {
      title: 'Not finished',
      lead: 'These are still being made, or failed. They are kept and not counted.',
    },
    future: {
      title: 'Dated in the future',
      lead: 'Their creation time is in the future. They are kept and not counted.',
    },
    'automatic-copy': {
      title: 'Copies of automatic snapshots',
      lead: 'These were kept manually. They stay unless a rule matches them.',
    },
    unmanaged: {
      title: 'Covered by no policy',
      lead: 'No tag, rule or default gives these a policy. They are kept indefinitely and incur charges.',
    },
  };

function excludedSection(report: Report, status: Exclude<Status, 'managed'>): Section | null {
  const items = report.items.filter((item) => item.status === status);
  const { title, lead } = EXCLUDED_TEXTS[status];
  return section(
    `${title}: ${formatCount(items.length, 'snapshot')}`,
    [lead],
    items,
    (item) => snapshotItem(item, report),
    ['NAME', 'KIND', 'REGION', ...FACT_HEADS],
  );
}

/** The problems that need attention. */
export function problemsSection(report: Report): Section | null {
  if (report.problems.length === 0) return null;
  const wanted = new Set(report.problems.map(({ arn }) => arn));
  const names = new Map(
    report.items.flatMap(({ snapshot }) =>
      snapshot.arn !== null && wanted.has(snapshot.arn) ? [[snapshot.arn, snapshotName(snapshot)]] : [],
    ),
  );
  const aboutRules = report.problems.some(({ code }) => code.startsWith('rule.'));
  return section(
    `Problems: ${formatNumber(report.problems.length)}`,
    [
      aboutRules
        ? 'These need attention. The snapshots that they name are kept.'
        : 'These need attention. The snapshots that they concern are kept.',
    ],
    report.problems,
    (problem) => {
      const name = problem.arn === null ? '' : (names.get(problem.arn) ?? oneLine(problem.arn));
      const message = oneLine(problem.message);
      const subject = message.includes(name) ? '' : `${name}: `;
      return { line: `${subject}${message} (${oneLine(problem.code)})` };
    },
  );
}

function staleSection(report: Report): Section | null {
  const lead = 'Check that the job that creates their snapshots still runs.';
  return section(
    `No recent snapshot: ${formatCount(report.stale.length, 'source')}`,
    [lead],
    report.stale,
    ({ source, newestAt }) => {
      const newest =
        newestAt === null
          ? 'no snapshot at all'
          : `the newest is from ${localDay(newestAt, report.zone)}, ${describeAge(newestAt, report.evaluatedAt)}`;
      const name = oneLine(source.name ?? source.arn);
      const region = oneLine(source.region);
      return { line: `${name} (${source.kind} in ${region}): ${newest}`, cells: [name, source.kind, region, newest] };
    },
    ['SOURCE', 'KIND', 'REGION', 'NEWEST SNAPSHOT'],
  );
}

/** The sources that no longer exist and left snapshots. */
export function orphansSection(report: Report): Section | null {
  const groups = bySource(report.items.filter(({ sourceExists }) => sourceExists === false));
  const lead = 'Their snapshots may be the only copies left.';
  return section(`Gone sources that left snapshots: ${formatNumber(groups.length)}`, [lead], groups, (group) => ({
    line: sourceHeading(group, report),
  }));
}

function automaticSection(report: Report): Section | null {
  const total = report.automatic.reduce((sum, each) => sum + each.count, 0);
  if (total === 0) return null;
  const leftovers = report.automatic.filter(({ addOnEnabled, count: left }) => addOnEnabled === false && left > 0);
  const lead = [
    `${formatCount(total, 'automatic snapshot')} of ${formatCount(report.automatic.length, 'source')}: ` +
      `they incur charges too. Lightsail rotates them; no plan contains one.`,
  ];
  if (leftovers.length > 0)
    lead.push(
      'Automatic snapshots are switched off for these sources. Those left over stay and incur charges ' +
        'until you delete them manually:',
    );
  return {
    title: 'Automatic snapshots',
    lead,
    count: leftovers.length,
    *items() {
      for (const { source, count: left, newestAt } of leftovers) {
        const newest = newestAt === null ? '' : `, the newest from ${localDay(newestAt, report.zone)}`;
        yield {
          line: `${oneLine(source.name ?? source.arn ?? 'unnamed')} (${source.kind} in ${oneLine(source.region)}): ${formatNumber(left)} left${newest}`,
        };
      }
    },
  };
}

/** The bill of the last month by region, beside the ceilings. */
function billSection(report: Report): Section | null {
  const { spend } = report;
  if (spend?.state !== 'read') return null;
  const { bill } = spend;
  return section(
    `Bill of ${monthInWords(bill.month)}: ${formatDollars(amountInCents(bill.total))}`,
    [
      'This is what AWS billed for Lightsail snapshots. It includes automatic snapshots and snapshots that no longer ' +
        'exist, and not those made since.',
    ],
    regionBills(report, bill),
    ({ region, billed, ceiling, expireCeiling }) => {
      const facts = [formatDollars(billed), upToText(ceiling), upToText(expireCeiling)] as const;
      const place = billedPlace(region);
      return {
        line: `${place}: billed ${facts[0]}, ${facts[1]}; can be deleted: ${facts[2]}`,
        cells: [place, ...facts],
      };
    },
    ['REGION', 'BILLED', 'ALL NOW', 'CAN BE DELETED'],
  );
}

const present = (parts: readonly (Section | null)[]): readonly Section[] => parts.filter((part) => part !== null);

/** The sections between the unread lists and the next steps, in reading order. */
export function sections(report: Report, due?: DueDays): readonly Section[] {
  const aside = STATUSES.filter((status) => status !== 'managed').map((status) => excludedSection(report, status));
  return present([
    expiringSection(report, due),
    changesSection(report),
    ...aside,
    problemsSection(report),
    staleSection(report),
    orphansSection(report),
    automaticSection(report),
    billSection(report),
    ...regionsOff(report),
  ]);
}

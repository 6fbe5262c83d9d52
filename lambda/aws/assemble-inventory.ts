import type { Inventory, ListedSource, Scope } from '../core/report/report-model';
import { parseArn } from '../core/snapshot/arn';
import type { Problem, Snapshot, SourceList } from '../core/snapshot/snapshot';
import { compareText } from '../core/util/compare-text';
import type { InventoryProgress, InventoryRequest } from '../ports/ports';
import type { AutomaticCount } from './automatic-snapshots';
import { errorFacts, isDeniedByControlPolicy, mayMeanDisabled } from './aws-errors';
import { absentList } from './inventory-errors';
import { byRegionAndKind, isForeign, makeSourceLookup, type ReadSources, type SourceLists } from './source-lists';

/** What came of listing the snapshots of one region and kind. */
export interface ReadScope extends SourceList {
  readonly pages: number;
  /** Null: read to the end. */
  readonly error: unknown;
  /** False: no call was made for it. */
  readonly asked: boolean;
  /** Whether its progress event was sent. */
  readonly announced: boolean;
  readonly snapshots: readonly Snapshot[];
  readonly problems: readonly Problem[];
}

export interface Reading {
  readonly request: InventoryRequest;
  readonly account: string | null;
  /** The region that was asked for all regions. */
  readonly firstRegion: string;
  readonly scopes: readonly ReadScope[];
  readonly lists: readonly ReadSources[];
  readonly listOf: SourceLists['listOf'];
  readonly automatic: readonly AutomaticCount[];
  /** The error with which GetRegions was denied while the request named regions; null where it answered. */
  readonly regionsDenied: unknown;
  readonly progress: (event: InventoryProgress) => void;
}

const scopeKey = ({ region, kind }: SourceList): string => `${region} ${kind}`;

/** A status of a whole region, and the errors that give it one: that of every call there, also for sources. */
const REGION_STATUSES: readonly {
  readonly status: 'disabled' | 'denied';
  readonly isMeantBy: (error: unknown) => boolean;
}[] = [
  { status: 'disabled', isMeantBy: mayMeanDisabled },
  { status: 'denied', isMeantBy: isDeniedByControlPolicy },
];

/**
 * Regions in which every call was refused as one that is not enabled refuses it, or by a service control policy, while
 * another was read and no earlier report read them. The first region answered GetRegions, so that it is neither, unless
 * such a policy denied that as well.
 */
function regionStatuses({
  request,
  firstRegion,
  scopes,
  lists,
  regionsDenied,
}: Reading): ReadonlyMap<string, 'disabled' | 'denied'> {
  const regions = new Set(scopes.filter(({ asked }) => asked).map(({ region }) => region));
  const statusOf = (region: string): 'disabled' | 'denied' | undefined => {
    const calls = [...scopes, ...lists].filter((call) => call.region === region);
    const errors = [...calls.map(({ error }) => error), ...(region === firstRegion ? [regionsDenied] : [])];
    if (calls.some(({ pages }) => pages > 0)) return undefined;
    return REGION_STATUSES.find(({ isMeantBy }) => errors.every((error) => error !== null && isMeantBy(error)))?.status;
  };
  const found = new Map<string, 'disabled' | 'denied'>();
  for (const region of regions) {
    const isAnotherRead = scopes.some((other) => other.region !== region && other.error === null);
    const status = request.previouslyRead.has(region) || !isAnotherRead ? undefined : statusOf(region);
    if (status !== undefined) found.set(region, status);
  }
  return found;
}

function findAccount(
  account: string | null,
  snapshots: readonly Snapshot[],
  lists: readonly ReadSources[],
): string | null {
  if (account !== null) return account;
  const own = snapshots.find((snapshot) => snapshot.account !== null)?.account;
  if (own !== undefined) return own;
  for (const { sources } of lists)
    for (const arn of sources.keys()) {
      const parsed = parseArn(arn);
      if (parsed !== null) return parsed.account;
    }
  return null;
}

/**
 * Every member is optional, so an absent list can be an empty one; but not where snapshots name sources that could be
 * on it, with a hold.
 */
const withoutList = (list: ReadSources): ReadSources => ({
  ...list,
  error: absentList('the answer has no list, and snapshots name sources that could be on it'),
});

function listUnreadProblem({ region, kind }: SourceList, list: ReadSources | undefined): Problem {
  const { code, message } =
    list === undefined
      ? { code: 'region.unknown', message: 'GetRegions does not name this region' }
      : errorFacts(list.error);
  const text =
    `the ${kind} list of ${region} was not read (${code}: ${message}): snapshots of its sources ` +
    `are kept, because one could have a hold`;
  return { code: 'source.unread', arn: null, message: text };
}

const byCode = (a: Problem, b: Problem): number =>
  compareText(a.code, b.code) || compareText(a.arn ?? '', b.arn ?? '') || compareText(a.message, b.message);

/** Returns the scope of a list of snapshots. `off`: the status of its region where that is neither read nor failed. */
function makeScope(
  { region, kind, pages, snapshots, error: failure }: Reading['scopes'][number],
  list: ReadSources | undefined,
  off: 'disabled' | 'denied' | undefined,
  account: string | null,
): Scope {
  const sourcesRead = list !== undefined && list.error === null;
  const error = failure ?? (sourcesRead ? null : list?.error);
  return {
    account,
    region,
    kind,
    status: off ?? (failure === null ? 'read' : 'failed'),
    sources: off ?? (sourcesRead ? 'read' : 'failed'),
    pages,
    snapshots: snapshots.length,
    ...(error === null || error === undefined ? {} : { error: errorFacts(error) }),
  };
}

/** Makes the inventory of what was read: the same answers give the same inventory in any order of arrival. */
export function assembleInventory(reading: Reading): Inventory {
  const { request, listOf, progress } = reading;
  const read = [...reading.scopes].sort(byRegionAndKind);
  const off = regionStatuses(reading);
  const snapshots = read.flatMap((scope) => scope.snapshots);
  const account = findAccount(reading.account, snapshots, reading.lists);
  const needed = neededLists(snapshots, listOf, account);
  const neededKeys = new Set(needed.lists.map(scopeKey));
  const lists = reading.lists
    .map((list) => (list.absent && neededKeys.has(scopeKey(list)) ? withoutList(list) : list))
    .sort(byRegionAndKind);
  const listByKey = new Map(lists.map((list) => [scopeKey(list), list]));

  const scopes = read.map((scope) => {
    const made = makeScope(scope, listByKey.get(scopeKey(scope)), off.get(scope.region), account);
    const { region, kind, status, pages } = made;
    if (!scope.announced) progress({ event: 'scope', region, kind, status, pages, snapshots: made.snapshots });
    return made;
  });

  const unreadLists = new Map(
    [...needed.lists, ...lists.filter((list) => inFilter(list) && !off.has(list.region))].map((list) => [
      scopeKey(list),
      list,
    ]),
  );
  const unread = [...unreadLists.values()].filter((list) => listByKey.get(scopeKey(list))?.error !== null);
  const fullyRead = new Set(
    scopes.filter(({ status, sources }) => status === 'read' && sources === 'read').map(scopeKey),
  );
  const problems = [
    ...read.flatMap((scope) => scope.problems),
    ...unread.map((list) => listUnreadProblem(list, listByKey.get(scopeKey(list)))),
    ...needed.nowhere.map((arn) => nowhereProblem(arn)),
    ...needed.foreign.map((arn) => foreignProblem(arn, account)),
    ...lists.flatMap((list) => [...list.conflicting].map((arn) => conflictProblem(arn, list))),
    ...reading.automatic.flatMap(({ problem }) => problem ?? []),
    ...(reading.regionsDenied === null ? [] : [regionsProblem(reading.regionsDenied)]),
  ].sort(byCode);

  return {
    account,
    complete: unread.length === 0 && scopes.every(({ status, sources }) => status !== 'failed' && sources !== 'failed'),
    scopes,
    snapshots,
    sources: makeSourceLookup(lists, listOf, account),
    sourceList: lists.filter((list) => fullyRead.has(scopeKey(list))).flatMap(listedSources),
    problems,
    automatic: reading.automatic
      .flatMap(({ automatic }) => automatic)
      .sort((a, b) => byRegionAndKind(a.source, b.source) || compareText(a.source.arn ?? '', b.source.arn ?? '')),
  };

  function inFilter({ region, kind }: SourceList): boolean {
    return request.kinds.includes(kind) && read.some((scope) => scope.region === region);
  }
}

/** The lists that snapshots name by their source ARNs, and the ARNs that name none: at all, or of this account. */
function neededLists(
  snapshots: readonly Snapshot[],
  listOf: SourceLists['listOf'],
  account: string | null,
): { lists: readonly SourceList[]; nowhere: readonly string[]; foreign: readonly string[] } {
  const arns = new Set<string>();
  for (const { source } of snapshots) if (source !== null && source.arn !== null) arns.add(source.arn);
  const lists = new Set<SourceList>();
  const [nowhere, foreign]: [string[], string[]] = [[], []];
  for (const arn of arns) {
    const list = listOf(arn);
    if (list === null) nowhere.push(arn);
    else if (isForeign(arn, account)) foreign.push(arn);
    else lists.add(list);
  }
  return { lists: [...lists], nowhere, foreign };
}

function regionsProblem(error: unknown): Problem {
  const { code, message } = errorFacts(error);
  const text =
    `GetRegions was denied (${code}: ${message}): only the regions that are named were read, and ` +
    `others can have snapshots`;
  return { code: 'regions.denied', arn: null, message: `${text}; allow lightsail:GetRegions to be told of them` };
}

const nowhereProblem = (arn: string): Problem => ({
  code: 'source.unread',
  arn,
  message:
    `the source ARN ${arn} names no instance, disk or database: its snapshots are kept, because ` +
    `nothing is known of their source`,
});

const foreignProblem = (arn: string, account: string | null): Problem => ({
  code: 'source.unread',
  arn,
  message:
    `the source ARN ${arn} is of another account than ${account}, whose lists were read: its ` +
    `snapshots are kept, because it could have a hold`,
});

const conflictProblem = (arn: string, { region, kind }: SourceList): Problem => ({
  code: 'source.unread',
  arn,
  message:
    `the ${kind} ${arn} in ${region} came with tags or a name that contradict each other: its ` +
    `snapshots are kept, because it could have a hold`,
});

function listedSources({ region, kind, sources }: ReadSources): readonly ListedSource[] {
  return [...sources].map(([arn, { name }]): ListedSource => ({ arn, name, region, kind }));
}

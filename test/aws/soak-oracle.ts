import type { AccountData, List, Row } from '../../emulator/account';
import type { FaultOf } from '../../emulator/fault';
import { offsetOf, pageToken } from '../../emulator/paging';
import type { LoggedRequest } from '../../emulator/request-log';
import type { Inventory, Scope } from '../../lambda/core/report/report-model';
import { KINDS, type Kind } from '../../lambda/core/snapshot/snapshot';

// What an inventory must be, from what the emulator logged and nothing else: no table of errors and no walk is shared
// with the code that it evaluates.

/** How a run was made. */
export interface Run {
  readonly account: AccountData;
  readonly pageSize: number;
  readonly attempts: number;
  readonly maxPages: number;
  readonly firstRegion: string;
  readonly hasDeadline: boolean;
  /**
   * Whether the client takes an empty answer for one without its list, instead of asking again as for any that cannot
   * be read.
   */
  readonly believesEmpty: boolean;
}

/** What was served of one list, and how it must have ended. */
interface Walk {
  /**
   * `open`: the log ends in the middle, which only a deadline explains. `absent`: one answer, which left the list out.
   */
  readonly end: 'read' | 'absent' | 'failed' | 'open';
  /** Any of these, if it failed. */
  readonly codes: readonly string[];
  readonly pages: number;
  readonly rows: ReadonlyMap<string, Row>;
  /** ARNs of rows that came twice with different content. */
  readonly conflicting: ReadonlySet<string>;
  /** What the client did that it must not do. */
  readonly wrong: readonly string[];
}

const LISTS: Readonly<
  Record<Kind, { readonly snapshots: readonly [string, List]; readonly sources: readonly [string, List] }>
> = {
  instance: { snapshots: ['GetInstanceSnapshots', 'instanceSnapshots'], sources: ['GetInstances', 'instances'] },
  disk: { snapshots: ['GetDiskSnapshots', 'diskSnapshots'], sources: ['GetDisks', 'disks'] },
  database: {
    snapshots: ['GetRelationalDatabaseSnapshots', 'relationalDatabaseSnapshots'],
    sources: ['GetRelationalDatabases', 'relationalDatabases'],
  },
};
const SOURCE_TYPES: Readonly<Record<string, Kind>> = {
  Instance: 'instance',
  Disk: 'disk',
  RelationalDatabase: 'database',
};

/**
 * Errors that pass, by what the log has; of those that a connection ends with, the names under which they reach a
 * report.
 */
const PASSING: Readonly<Record<string, readonly string[]>> = {
  ThrottlingException: ['ThrottlingException'],
  ServiceException: ['ServiceException'],
  InternalFailure: ['InternalFailure'],
  ServiceUnavailable: ['ServiceUnavailable'],
  InvalidInputException: ['InvalidInputException'],
  answer: ['inventory.unreadable-page'],
  hang: ['ETIMEDOUT', 'TimeoutError'],
  reset: ['ECONNRESET', 'EPIPE', 'TimeoutError'],
};
/** What a region answers that the account has not enabled. */
const DISABLED = ['OptInRequired', 'UnrecognizedClientException'];

const bare = (code: string): string => code.replace(/Exception$/, '');
const isOneOf = (code: string | undefined, codes: readonly string[]): boolean =>
  code !== undefined && codes.some((each) => bare(each) === bare(code));

const first = <Name extends 'answer' | 'tokens' | 'rows'>(
  { struck }: LoggedRequest,
  name: Name,
): FaultOf<Name> | undefined => struck.find((fault): fault is FaultOf<Name> => fault.fault === name);
const isAbsent = ({ struck }: LoggedRequest): boolean =>
  struck.some((fault) => fault.fault === 'shape' && fault.dropList);
const tokenOf = ({ body }: LoggedRequest): string | null =>
  (JSON.parse(body || '{}') as { pageToken?: string }).pageToken ?? null;

/** The token that the emulator named after a page; null: none. */
function nextOf(call: LoggedRequest, offset: number, size: number, total: number): string | null {
  const mode = first(call, 'tokens')?.mode;
  const ahead = pageToken(call.operation, call.region, offset + size);
  if (mode === 'endless') return ahead;
  if (mode === 'repeated') return tokenOf(call) ?? ahead;
  if (offset + size < total) return ahead;
  return mode === 'loop' ? pageToken(call.operation, call.region, 0) : null;
}

/**
 * What went wrong with a call as the client must see it: a code, `hang`, `reset`, `answer`, or null. A made-up answer
 * stands for every other.
 */
const errorOf = (call: LoggedRequest): string | null =>
  call.error !== 'hang' && call.error !== 'reset' && first(call, 'answer') !== undefined ? 'answer' : call.error;

/** What is read again of a list that has more than one page: all of it, or its first page. */
type Again = 'all' | 'first page';

/** A list whose end was reached is read again, as far as it must be: what ends that reading ends the list. */
function followAgain(first: Walk, rest: readonly LoggedRequest[], all: readonly Row[], run: Run, again: Again): Walk {
  const second = follow(rest, all, run, again === 'all' ? 'whole' : 'page');
  const wrong = [...first.wrong, ...second.wrong];
  const conflicting = again === 'all' ? new Set([...first.conflicting, ...second.conflicting]) : first.conflicting;
  const end = second.end === 'absent' ? 'failed' : second.end;
  return { ...first, end, codes: second.codes, conflicting, wrong };
}

/**
 * Follows the calls of one list from the first to the last; `reading` says what must come after its end, or how it is
 * read this second time.
 */
function follow(
  calls: readonly LoggedRequest[],
  all: readonly Row[],
  run: Run,
  reading: Again | 'whole' | 'page' | null = null,
): Walk {
  const { pageSize, attempts, maxPages, hasDeadline, believesEmpty } = run;
  const rows = new Map<string, Row>();
  const conflicting = new Set<string>();
  const wrong: string[] = [];
  const seen = new Set<string>();
  let [pages, tries] = [0, 0];
  let token: string | null = null;
  const ended = (end: Walk['end'], codes: readonly string[] = []): Walk => ({
    end,
    codes,
    pages,
    rows,
    conflicting,
    wrong,
  });
  for (const [index, call] of calls.entries()) {
    const isLast = index === calls.length - 1;
    const asked = tokenOf(call);
    if (asked !== token) wrong.push(`${call.operation} in ${call.region} skipped a page`);
    const isEmpty = believesEmpty && isLast && errorOf(call) === 'answer' && first(call, 'answer')?.body === '';
    const error = isEmpty ? null : errorOf(call);
    const passing = error === null ? null : PASSING[error];
    if (error !== null && passing === undefined) {
      if (!isLast) wrong.push(`${call.operation} in ${call.region} went on after ${error}`);
      return ended('failed', [error]);
    }
    if (passing != null) {
      tries += 1;
      if (!isLast) continue;
      if (tries !== attempts && !hasDeadline)
        wrong.push(`${call.operation} in ${call.region} was tried ${tries} of ${attempts} times`);
      return ended(tries < attempts ? 'open' : 'failed', passing);
    }
    tries = 0;
    pages += 1;
    const offset = offsetOf(asked, call.operation, call.region);
    const next = isEmpty || reading === 'page' ? null : nextOf(call, offset, pageSize, all.length);
    if (isAbsent(call) || isEmpty) {
      if (!isLast) wrong.push(`${call.operation} in ${call.region} went on after a page without its list`);
      return asked === null && next === null
        ? ended('absent', ['inventory.absent-list'])
        : ended('failed', ['inventory.absent-list', 'inventory.unreadable-page']);
    }
    for (const row of all.slice(offset, offset + pageSize)) rows.set(String(row.arn), row);
    const again = offset > 0 ? all[offset - 1] : all.length <= pageSize ? all[0] : undefined;
    if (first(call, 'rows')?.mode === 'conflict' && again !== undefined) conflicting.add(String(again.arn));
    if (next === null && pages > 1 && (reading === 'all' || reading === 'first page'))
      return followAgain(ended('read'), calls.slice(index + 1), all, run, reading);
    if (next === null || seen.has(next) || pages >= maxPages) {
      if (!isLast) wrong.push(`${call.operation} in ${call.region} went on after its end`);
      if (next === null) return ended('read');
      return ended('failed', [seen.has(next) ? 'inventory.repeated-token' : 'inventory.page-limit']);
    }
    seen.add(next);
    token = next;
  }
  return ended('open');
}

const keyOf = (region: string, kind: Kind): string => `${region} ${kind}`;

/** What an inventory says of itself that is not so, or leaves unsaid. Every source of the account is alive. */
export function lies(inventory: Inventory, log: readonly LoggedRequest[], run: Run): readonly string[] {
  const regions = follow(
    log.filter(({ operation }) => operation === 'GetRegions'),
    [],
    { ...run, pageSize: 1 },
  );
  // The answer can come too late for the deadline.
  const isCut = run.hasDeadline && inventory.scopes.every(({ region }) => region === run.firstRegion);
  return regions.end === 'read' && !isCut
    ? liesOfLists(inventory, log, run)
    : liesOfRegions(inventory, log, regions, run);
}

/** GetRegions failed: every kind of the first region has, for that reason, and nothing else was asked. */
function liesOfRegions(
  { complete, scopes, snapshots }: Inventory,
  log: readonly LoggedRequest[],
  walk: Walk,
  run: Run,
): readonly string[] {
  const wrong = [...walk.wrong];
  const codes = run.hasDeadline ? [...walk.codes, 'deadline'] : walk.codes;
  if (complete || snapshots.length > 0) wrong.push('it has something, and no region was named');
  if (log.some(({ operation }) => operation !== 'GetRegions'))
    wrong.push('something was asked, and no region was named');
  if (
    scopes.map(({ region, kind }) => keyOf(region, kind)).join() !==
    [...KINDS]
      .sort()
      .map((kind) => keyOf(run.firstRegion, kind))
      .join()
  )
    wrong.push('it does not name every kind of the first region');
  for (const { status, sources, error } of scopes)
    if (status !== 'failed' || sources !== 'failed' || !isOneOf(error?.code, codes))
      wrong.push(`GetRegions failed with ${codes.join(' or ')}, and a scope says ${status} ${error?.code}`);
  return wrong;
}

interface Walks {
  readonly snapshots: Walk;
  readonly sources: Walk;
}

function liesOfLists(inventory: Inventory, log: readonly LoggedRequest[], run: Run): readonly string[] {
  const { account, firstRegion } = run;
  const walkOf = (region: string, [operation, list]: readonly [string, List]): Walk =>
    follow(
      log.filter((call) => call.region === region && call.operation === operation),
      account.data[region]?.[list] ?? [],
      run,
      operation.endsWith('Snapshots') ? 'first page' : 'all',
    );
  const walks = new Map(
    account.regions.flatMap((region) =>
      KINDS.map((kind): [string, Walks] => [
        keyOf(region, kind),
        { snapshots: walkOf(region, LISTS[kind].snapshots), sources: walkOf(region, LISTS[kind].sources) },
      ]),
    ),
  );
  const wrong = [...walks.values()].flatMap(({ snapshots, sources }) => [...snapshots.wrong, ...sources.wrong]);
  const refuses = ({ end, pages, codes }: Walk): boolean =>
    end === 'failed' && pages === 0 && codes.every((code) => DISABLED.includes(code));
  const off = new Set(
    account.regions.filter(
      (region) =>
        region !== firstRegion &&
        KINDS.every((kind) => Object.values(walks.get(keyOf(region, kind)) ?? {}).every(refuses)) &&
        [...walks].some(
          ([key, { snapshots }]) => !key.startsWith(`${region} `) && ['read', 'absent'].includes(snapshots.end),
        ),
    ),
  );

  const expected = [...walks.keys()].sort();
  const scopes = new Map(inventory.scopes.map((scope) => [keyOf(scope.region, scope.kind), scope]));
  if ([...scopes.keys()].join() !== expected.join()) wrong.push(`it has the scopes ${[...scopes.keys()].join()}`);
  for (const [key, walk] of walks) {
    const scope = scopes.get(key);
    if (scope === undefined) continue;
    wrong.push(...liesOfScope(scope, walk, inventory, off.has(scope.region), run).map((what) => `${key}: ${what}`));
  }

  const unread = [...walks].filter(([key]) => scopes.get(key)?.sources === 'failed').map(([key]) => key);
  const needed = new Set<string>();
  for (const { name, source } of inventory.snapshots) {
    const [, , , region = '', , type = ''] = (source?.arn ?? '').split(/[:/]/);
    const kind = SOURCE_TYPES[type];
    if (kind === undefined) continue;
    const key = keyOf(region, kind);
    if (off.has(region)) needed.add(key);
    const must = off.has(region) || unread.includes(key) ? 'unread' : 'exists';
    const { state } = inventory.sources(source?.arn ?? '');
    if (state !== must) wrong.push(`the source of ${name} is reported as ${state}, and is ${must}`);
  }
  const named = inventory.problems.filter(({ code }) => code === 'source.unread').map(({ message }) => message);
  const mustBeNamed = [...unread, ...needed];
  if (named.length !== mustBeNamed.length)
    wrong.push(`${named.length} lists of sources are named as unread, and ${mustBeNamed.length} are`);
  for (const key of mustBeNamed) {
    const [region, kind] = key.split(' ');
    const codes = codesOf(walks.get(key)?.sources, run);
    const message = named.find((text) => text.startsWith(`the ${kind} list of ${region} `));
    if (message === undefined || !codes.some((code) => message.includes(`(${bare(code)}`)))
      wrong.push(`the ${kind} list of ${region} failed with ${codes.join(' or ')}, and is named as: ${message}`);
  }

  const complete =
    needed.size === 0 && inventory.scopes.every(({ status, sources }) => status !== 'failed' && sources !== 'failed');
  if (inventory.complete !== complete)
    wrong.push(`complete is ${inventory.complete}, and ${complete ? 'nothing' : 'something'} failed`);
  return wrong;
}

const codesOf = (walk: Walk | undefined, { hasDeadline }: Run): readonly string[] => [
  ...(walk?.codes ?? []),
  ...(hasDeadline ? ['deadline'] : []),
];

/** The states that a walk allows its list to be in. A deadline can end any. */
function statesOf({ end }: Walk, off: boolean, { hasDeadline }: Run): readonly string[] {
  if (off) return ['disabled'];
  const regular = end === 'absent' ? ['read', 'failed'] : end === 'read' ? ['read'] : ['failed'];
  return hasDeadline ? [...regular, 'failed'] : regular;
}

function liesOfScope(
  scope: Scope,
  { snapshots, sources }: Walks,
  inventory: Inventory,
  off: boolean,
  run: Run,
): readonly string[] {
  const wrong: string[] = [];
  if (!statesOf(snapshots, off, run).includes(scope.status))
    wrong.push(`it is reported as ${scope.status}, and is ${off ? 'off' : snapshots.end}`);
  if (!statesOf(sources, off, run).includes(scope.sources))
    wrong.push(`its sources are reported as ${scope.sources}, and are ${off ? 'off' : sources.end}`);
  const because = scope.status === 'read' ? sources : snapshots;
  const codes = codesOf(because, run);
  const isWhole = scope.status === 'read' && scope.sources === 'read';
  if (isWhole ? scope.error !== undefined : !isOneOf(scope.error?.code, codes))
    wrong.push(`it failed with ${codes.join(' or ') || 'nothing'}, and says ${scope.error?.code}`);

  const read = inventory.snapshots.filter(({ region, kind }) => region === scope.region && kind === scope.kind);
  const names = read.map(({ name }) => name).sort();
  const served = [...snapshots.rows.values()].map(({ name }) => name ?? null).sort();
  const isCut = scope.error?.code === 'deadline';
  const isThere = isCut ? names.every((name) => served.includes(name)) : names.join() === served.join();
  if (!isThere) wrong.push(`${served.join()} were served, and ${names.join()} are there`);
  if (!isCut && scope.pages !== snapshots.pages)
    wrong.push(`${snapshots.pages} pages were served, and it says ${scope.pages}`);
  if (scope.snapshots !== read.length) wrong.push(`it says ${scope.snapshots} snapshots, and has ${read.length}`);
  const torn = read
    .filter(({ defects }) => defects?.some(({ code }) => code === 'snapshot.conflict'))
    .map(({ arn }) => arn);
  if (!isCut && torn.sort().join() !== [...snapshots.conflicting].sort().join())
    wrong.push(`it says that these came twice: ${torn.join()}`);
  return wrong;
}

import { GetRegionsCommand, type LightsailClient } from '@aws-sdk/client-lightsail';
import type { Inventory } from '../core/report/report-model';
import { KINDS, type Kind, type Problem } from '../core/snapshot/snapshot';
import { RetentionError } from '../core/util/errors';
import type { Clock, InventoryProgress, InventoryRequest, ReadInventory } from '../ports/ports';
import type { SnapshotKind } from '../ports/snapshot-kind';
import { makeAskSources } from './ask-sources';
import { assembleInventory, type ReadScope } from './assemble-inventory';
import { countAutomatic } from './automatic-snapshots';
import { errorFacts, isAccessDenied, isDeniedByControlPolicy, mayMeanDisabled } from './aws-errors';
import { type Deadline, startDeadline } from './deadline';
import { absentList, unknownRegion } from './inventory-errors';
import type { LightsailClients } from './lightsail-client';
import { readSnapshotList } from './read-snapshot-list';
import { makeSourceLists, type SourceLists } from './source-lists';
import { unreadable } from './walk-pages';

export interface InventoryOptions {
  readonly clients: LightsailClients;
  /** Makes the kinds of one run, so that the values that they share are released with the run. */
  readonly kinds: () => Readonly<Record<Kind, SnapshotKind<LightsailClient>>>;
  /** The region that is asked for all regions. */
  readonly firstRegion: string;
  /** Null: taken from the ARNs read. */
  readonly account: string | null;
  readonly clock: Clock;
  /** Pages of one list after which it counts as endless. */
  readonly maxPages?: number;
  /** GetAutoSnapshots calls side by side in one region. */
  readonly automaticAtOnce?: number;
}

const MAX_PAGES = 10_000;
const AUTOMATIC_AT_ONCE = 4;
/** The kinds whose sources can have automatic snapshots. */
const WITH_AUTOMATIC: ReadonlySet<Kind> = new Set<Kind>(['instance', 'disk']);

/**
 * What GetRegions names; `any` where it was denied: then the regions that the configuration names are asked as they
 * are.
 */
type Regions = { readonly known: ReadonlySet<string> | 'any'; readonly denied: unknown };

async function readRegions(
  client: LightsailClient,
  wanted: InventoryRequest['regions'],
  deadline: Deadline,
): Promise<Regions | { readonly error: unknown }> {
  try {
    deadline.check();
    const { regions } = await client.send(new GetRegionsCommand({}), deadline.options);
    const names = (regions ?? []).map(
      (region: { readonly name?: string | undefined } | null): string => region?.name ?? '',
    );
    if (names.length === 0 || names.includes(''))
      throw new RetentionError(
        'region.unreadable',
        'GetRegions did not name every region, so that some could be missed',
      );
    return { known: new Set(names), denied: null };
  } catch (error) {
    if (isAccessDenied(error) && wanted !== 'all') return { known: 'any', denied: error };
    const facts = errorFacts(unreadable('GetRegions', deadline.explain(error)));
    const remedy = isAccessDenied(error)
      ? '; allow lightsail:GetRegions, or name the regions in the configuration or with --region'
      : '';
    return {
      error: {
        ...facts,
        message: `GetRegions could not be read, so that no region was listed: ${facts.message}${remedy}`,
      },
    };
  }
}

/** A scope of which nothing was asked. */
const notAsked = (region: string, kind: Kind, error: unknown): ReadScope => ({
  region,
  kind,
  pages: 0,
  error,
  asked: false,
  announced: false,
  snapshots: [],
  problems: [],
});

const vanishedList = (operation: string): Error =>
  absentList(
    `${operation} answered without its list, on which the previous report found snapshots; if they are all ` +
      `deleted, the next report takes it for empty`,
  );

const unnamedRegion = (region: string, isNamed: boolean): RetentionError =>
  unknownRegion(
    isNamed
      ? `GetRegions does not name the region ${region}: correct --region, or regions in the configuration`
      : `GetRegions does not name the region ${region}, which the previous report read; if it is no longer offered, the next report goes without it`,
  );

/**
 * Makes the port that lists everything: regions, kinds, snapshots and sources at the same time, the pages of a list one
 * after the other; the automatic snapshots of a region last. Rows read before a scope failed stay in the inventory: the
 * report lists them, and an incomplete inventory blocks every deletion.
 */
export function makeReadInventory(options: InventoryOptions): ReadInventory {
  const { clients, firstRegion, account, clock } = options;

  return async (request, progress = () => undefined) => {
    const deadline = startDeadline(request.deadline, clock);
    const askSources = makeAskSources({ kinds: options.kinds, clients, clock, until: request.deadline });
    try {
      const regions = await readRegions(clients(firstRegion), request.regions, deadline);
      if ('error' in regions) {
        progress({ event: 'regions', regions: 1, scopes: request.kinds.length });
        const scopes = request.kinds.map((kind) => notAsked(firstRegion, kind, regions.error));
        const nothing = { lists: [], listOf: () => null, automatic: [], regionsDenied: null };
        return { ...assembleInventory({ request, account, firstRegion, scopes, ...nothing, progress }), askSources };
      }
      return {
        ...(await readAll({ ...options, kinds: options.kinds(), request, regions, deadline, progress })),
        askSources,
      };
    } finally {
      deadline.clear();
    }
  };
}

type ListProgress = (event: InventoryProgress) => void;

interface Run extends Omit<InventoryOptions, 'kinds'> {
  readonly kinds: Readonly<Record<Kind, SnapshotKind<LightsailClient>>>;
  readonly request: InventoryRequest;
  readonly regions: Regions;
  readonly deadline: Deadline;
  readonly progress: ListProgress;
}

async function readAll(run: Run): Promise<Inventory> {
  const { kinds, clients, request, regions, deadline, progress, firstRegion, account } = run;
  const { maxPages = MAX_PAGES, automaticAtOnce = AUTOMATIC_AT_ONCE } = run;
  const { known } = regions;
  const isNamed = request.regions !== 'all';
  const wanted = isNamed ? request.regions : known;
  // A region that GetRegions no longer names is not left out in silence.
  const asked = wanted === 'any' ? [] : [...new Set(isNamed ? wanted : [...wanted, ...request.previouslyRead])];
  const isKnown = (region: string): boolean => known === 'any' || known.has(region);
  const filter = KINDS.filter((kind) => request.kinds.includes(kind));
  progress({ event: 'regions', regions: asked.length, scopes: asked.length * filter.length });

  const lists = makeSourceLists({ kinds, clients, regions: known, deadline, maxPages });
  const readScope = makeReadScope(run, lists);
  const walks = asked.filter(isKnown).map((region) => ({
    region,
    scopes: Promise.all(
      filter.map((kind) => {
        lists.want(region, kind);
        return readScope(region, kind);
      }),
    ),
  }));
  const counting = request.automaticSnapshots
    ? walks.map(async ({ region, scopes }) => {
        await scopes;
        const read = (await lists.ofRegion(region, filter)).filter(({ kind }) => WITH_AUTOMATIC.has(kind));
        return countAutomatic(clients(region, 'automatic'), read, region, deadline, automaticAtOnce);
      })
    : [];
  const scopes = (await Promise.all(walks.map((walk) => walk.scopes))).flat();
  const read = await lists.all();
  if (counting.length > 0) progress({ event: 'automatic', regions: counting.length });
  const automatic = await Promise.all(counting);
  const unknown = asked
    .filter((region) => !isKnown(region))
    .flatMap((region) => filter.map((kind) => notAsked(region, kind, unnamedRegion(region, isNamed))));
  return assembleInventory({
    request,
    account,
    firstRegion,
    scopes: [...scopes, ...unknown],
    lists: read,
    listOf: lists.listOf,
    automatic,
    regionsDenied: regions.denied,
    progress,
  });
}

/** Makes what reads the snapshots of a region and kind, and wants the lists of the sources that they name. */
function makeReadScope(run: Run, lists: SourceLists): (region: string, kind: Kind) => Promise<ReadScope> {
  const { kinds, clients, clock, request, deadline, progress, account, maxPages = MAX_PAGES } = run;
  const wantedFor = makeWanting(lists);
  const listed = new Set([...(request.previouslyListed ?? [])].map(({ region, kind }) => `${region} ${kind}`));

  return async (region, kind) => {
    const { operations, listSnapshots } = kinds[kind];
    const operation = operations.listSnapshots;
    const client = clients(region);
    const where = { region, account };
    const startedAt = clock();
    let retries = 0;
    progress({ event: 'list', region, kind });
    const { pages, error, snapshots, problems, changing } = await readSnapshotList({
      operation,
      async ask(token, callOptions) {
        try {
          const page = await listSnapshots(client, token, where, callOptions);
          retries += page.retries ?? 0;
          return page;
        } catch (error) {
          retries += retriesOfError(error);
          throw error;
        }
      },
      deadline,
      maxPages,
      onPage(page) {
        if (page === null && listed.has(`${region} ${kind}`)) throw vanishedList(operation);
        const rows = page ?? [];
        for (const { source } of rows) if (source !== null && source.arn !== null) wantedFor(source.arn);
        progress({ event: 'page', region, kind, snapshots: rows.length });
      },
      onPageAgain(page) {
        for (const { source } of page ?? []) if (source !== null && source.arn !== null) wantedFor(source.arn);
        progress({ event: 'page', region, kind, snapshots: 0 });
      },
    });
    const announced = error === null || !(mayMeanDisabled(error) || isDeniedByControlPolicy(error));
    if (announced)
      progress({
        event: 'scope',
        region,
        kind,
        status: error === null ? 'read' : 'failed',
        pages,
        snapshots: snapshots.length,
        seconds: (clock() - startedAt) / 1_000,
        retries,
      });
    const moved = changing ? [changingProblem(region, kind)] : [];
    return { region, kind, pages, error, asked: true, announced, snapshots, problems: [...problems, ...moved] };
  };
}

/** How often a call was sent again before its error was thrown. */
function retriesOfError(error: unknown): number {
  const { $metadata } = (error ?? {}) as { readonly $metadata?: { readonly attempts?: number } };
  return ($metadata?.attempts ?? 1) - 1;
}

const changingProblem = (region: string, kind: Kind): Problem => ({
  code: 'list.changing',
  arn: null,
  message: `the list of ${kind} snapshots in ${region} changed during each of its readings: a snapshot can be missing from it, and what is not listed is not deleted`,
});

/** Wants the list of each source ARN that is met, parsing each ARN once. */
function makeWanting(lists: SourceLists): (arn: string) => void {
  const met = new Set<string>();
  return (arn) => {
    if (met.has(arn)) return;
    met.add(arn);
    const list = lists.listOf(arn);
    if (list !== null) lists.want(list.region, list.kind);
  };
}

import { GetRegionsCommand, type LightsailClient } from '@aws-sdk/client-lightsail';
import type { SnapshotKind } from '../app/kind-port';
import type { Clock, InventoryProgress, InventoryRequest, ReadInventory } from '../app/ports';
import { RetentionError } from '../core/errors';
import type { Inventory } from '../core/report-model';
import { KINDS, type Kind } from '../core/snapshot';
import { assembleInventory, type ReadScope } from './assemble-inventory';
import { countAutomatic } from './automatic-snapshots';
import { errorFacts, mayMeanDisabled } from './aws-errors';
import { makeSnapshotCollection } from './collect-snapshots';
import { type Deadline, startDeadline } from './deadline';
import type { LightsailClients } from './lightsail-client';
import { makeSourceLists, type SourceLists } from './source-lists';
import { unreadable, walkPages } from './walk-pages';

export interface InventoryOptions {
  readonly clients: LightsailClients;
  /** Makes the kinds anew for each run, so that what they share is let go with the run. */
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

async function readRegions(client: LightsailClient, deadline: Deadline): Promise<ReadonlySet<string> | { readonly error: unknown }> {
  try {
    deadline.check();
    const { regions } = await client.send(new GetRegionsCommand({}), deadline.options);
    const names = (regions ?? []).map((region: { readonly name?: string | undefined } | null): string => region?.name ?? '');
    if (names.length === 0 || names.includes(''))
      throw new RetentionError('region.unreadable', 'aws', 'GetRegions did not name every region, so that some could be missed');
    return new Set(names);
  } catch (error) {
    const facts = errorFacts(unreadable('GetRegions', deadline.explain(error)));
    return { error: { ...facts, message: `GetRegions could not be read, so that no region was listed: ${facts.message}` } };
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

const absentList = (operation: string): RetentionError =>
  new RetentionError(
    'inventory.absent-list',
    'aws',
    `${operation} answered without its list, on which the previous report found snapshots; if they are all deleted, the next report takes it for empty`,
  );

const unknownRegion = (region: string): RetentionError =>
  new RetentionError(
    'region.unknown',
    'operator',
    `GetRegions does not name the region ${region}: correct --region, or regions in the configuration`,
  );

/**
 * Makes the port that lists everything: regions side by side, kinds side by side, snapshots beside their sources, pages in their chain; the
 * automatic snapshots of a region last. Rows read before a scope failed stay in the inventory: the report lists them, and an incomplete inventory
 * lets nothing be deleted.
 */
export function makeReadInventory(options: InventoryOptions): ReadInventory {
  const { clients, firstRegion, account, clock, maxPages = MAX_PAGES, automaticAtOnce = AUTOMATIC_AT_ONCE } = options;

  return async (request, progress = () => undefined) => {
    const deadline = startDeadline(request.deadline, clock);
    try {
      const regions = await readRegions(clients(firstRegion), deadline);
      if ('error' in regions) {
        progress({ event: 'regions', regions: 1, scopes: request.kinds.length });
        const scopes = request.kinds.map((kind) => notAsked(firstRegion, kind, regions.error));
        return assembleInventory({ request, account, firstRegion, scopes, lists: [], listOf: () => null, automatic: [], progress });
      }
      return await readAll(request, regions, deadline, progress);
    } finally {
      deadline.clear();
    }
  };

  async function readAll(
    request: InventoryRequest,
    regions: ReadonlySet<string>,
    deadline: Deadline,
    progress: (event: InventoryProgress) => void,
  ): Promise<Inventory> {
    const kinds = options.kinds();
    const asked = request.regions === 'all' ? [...regions] : [...new Set(request.regions)];
    const known = asked.filter((region) => regions.has(region));
    const filter = KINDS.filter((kind) => request.kinds.includes(kind));
    progress({ event: 'regions', regions: asked.length, scopes: asked.length * filter.length });

    const lists = makeSourceLists({ kinds, clients, regions, deadline, maxPages });
    const wantedFor = makeWanting(lists);
    const listed = new Set([...(request.previouslyListed ?? [])].map(({ region, kind }) => `${region} ${kind}`));

    const readScope = async (region: string, kind: Kind): Promise<ReadScope> => {
      const { operations, listSnapshots } = kinds[kind];
      const client = clients(region);
      const where = { region, account };
      const collection = makeSnapshotCollection();
      progress({ event: 'list', region, kind });
      const { pages, error } = await walkPages(
        operations.listSnapshots,
        (token, callOptions) => listSnapshots(client, token, where, callOptions),
        (page) => {
          if (page === null && listed.has(`${region} ${kind}`)) throw absentList(operations.listSnapshots);
          const rows = page ?? [];
          collection.add(rows);
          for (const { source } of rows) if (source !== null && source.arn !== null) wantedFor(source.arn);
          progress({ event: 'page', region, kind, snapshots: rows.length });
        },
        deadline,
        maxPages,
      );
      const announced = error === null || !mayMeanDisabled(error);
      const { snapshots, problems } = collection.finish();
      if (announced)
        progress({ event: 'scope', region, kind, status: error === null ? 'read' : 'failed', pages, snapshots: snapshots.length });
      return { region, kind, pages, error, asked: true, announced, snapshots, problems };
    };

    const walks = known.map((region) => ({
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
      .filter((region) => !regions.has(region))
      .flatMap((region) => filter.map((kind) => notAsked(region, kind, unknownRegion(region))));
    return assembleInventory({
      request,
      account,
      firstRegion,
      scopes: [...scopes, ...unknown],
      lists: read,
      listOf: lists.listOf,
      automatic,
      progress,
    });
  }
}

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

import { randomUUID } from 'node:crypto';
import type { AccountData, List, Row, Tag } from './account';
import { LISTS } from './account';
import { RESOURCES, type Resource, resourceOf } from './resources';

/** An operation of the service, followed by GetOperation. `polls` left: null means that it never becomes terminal. */
interface Pending {
  row: Row;
  pollsLeft: number | null;
  readonly end: Ending;
  readonly onEnd: () => void;
}

/** How an operation ends. */
export interface Ending {
  readonly status: 'Succeeded' | 'Completed' | 'Failed';
  readonly errorCode?: string;
  readonly errorDetails?: string;
}

/** A row with its resource type. */
export interface Named {
  readonly resource: Resource;
  readonly row: Row;
}

/** The state of the emulated account, region by region; tests read and change it between two calls. */
export interface World {
  readonly accountId: string;
  /** What GetRegions names. */
  regions: readonly string[];
  rows(region: string, list: List): readonly Row[];
  /** The rows as they were so many changes of the list ago, or at the start. */
  rowsBefore(region: string, list: List, changes: number | 'all'): readonly Row[];
  /** Removes the first rows of the list that an operation reads. */
  removeFirst(region: string, operation: string, rows: number): void;
  find(region: string, list: List, name: string): Row | undefined;
  /** Creates a resource; members left out get believable values, the ARN a new GUID. Refuses a name that is taken. */
  add(region: string, list: List, row: Row & { readonly name: string }): Row;
  /** Removes by name, as people do by hand; the row that is gone, or undefined. */
  remove(region: string, list: List, name: string): Row | undefined;
  /** The row that was last removed under a name. */
  former(region: string, name: string): Named | undefined;
  /** Puts another row in the place of one. */
  replace(region: string, list: List, old: Row, row: Row): void;
  /** Adds or overwrites tags without the service's checks (`aws:` keys too). False: there is no such resource. */
  tag(region: string, name: string, tags: readonly Tag[], list?: List): boolean;
  untag(region: string, name: string, keys: readonly string[], list?: List): boolean;
  /** The resource type and row that a bare name means. */
  named(region: string, name: string, list?: List): Named | undefined;
  /** Automatic snapshots of a source; undefined when the source has none. */
  autoSnapshots(region: string, source: string): readonly Row[] | undefined;
  /** Counts up with every change of the list, so that serialised pages can be cached. */
  version(region: string, list: List): number;
  /** Records an operation; it ends at once (0 polls), after that many GetOperation calls, or never (null). */
  start(region: string, details: Row, polls: number | null, end: Ending, onEnd: () => void): Row;
  /** Reads an operation and counts the poll. */
  poll(region: string, id: string): Row | undefined;
  /** The operations of a region, the newest first. */
  operations(region: string): readonly Row[];
}

interface ResourceTable {
  rows: Row[];
  byName: Map<string, Row>;
  version: number;
  /** What takes each change back, the oldest first. */
  readonly undo: ((rows: Row[]) => void)[];
}

const epochSeconds = (ms: number): number => Math.round(ms) / 1000;

/** Opens an account: the data itself is never changed. */
export function openWorld(account: AccountData, now: () => number): World {
  const tables = new Map<string, ResourceTable>();
  const operations = new Map<string, Map<string, Pending>>();
  const removed = new Map<string, Named>();

  function table(region: string, list: List): ResourceTable {
    const key = `${region}/${list}`;
    let found = tables.get(key);
    if (!found) {
      const rows = [...(account.data[region]?.[list] ?? [])];
      found = {
        rows,
        byName: new Map(rows.flatMap((row) => (row.name === undefined ? [] : [[row.name, row] as const]))),
        version: 0,
        undo: [],
      };
      tables.set(key, found);
    }
    return found;
  }

  const world: World = {
    accountId: account.accountId,
    regions: account.regions,
    rows: (region, list) => table(region, list).rows,
    rowsBefore(region, list, changes) {
      const { rows, undo } = table(region, list);
      const before = [...rows];
      for (const takeBack of [...undo].reverse().slice(0, changes === 'all' ? undo.length : changes)) takeBack(before);
      return before;
    },
    removeFirst(region, operation, rows) {
      const resource = RESOURCES.find(({ listOperation }) => listOperation === operation);
      if (resource === undefined) return;
      for (const { name } of world.rows(region, resource.list).slice(0, rows))
        if (name !== undefined) world.remove(region, resource.list, name);
    },
    find: (region, list, name) => table(region, list).byName.get(name),
    version: (region, list) => table(region, list).version,
    add(region, list, row) {
      const to = table(region, list);
      if (to.byName.has(row.name)) throw new Error(`the name ${row.name} is taken in ${region}`);
      const { type } = resourceOf(list);
      const made: Row = {
        arn: `arn:aws:lightsail:${region}:${account.accountId}:${type}/${randomUUID()}`,
        createdAt: epochSeconds(now()),
        location: { availabilityZone: type.endsWith('Snapshot') ? 'all' : `${region}a`, regionName: region },
        resourceType: type,
        tags: [],
        ...(type.endsWith('Snapshot') ? { state: type === 'DiskSnapshot' ? 'completed' : 'available' } : {}),
        ...row,
      };
      to.rows.push(made);
      to.undo.push((rows) => void rows.splice(rows.indexOf(made), 1));
      to.byName.set(row.name, made);
      to.version++;
      return made;
    },
    remove(region, list, name) {
      const from = table(region, list);
      const row = from.byName.get(name);
      if (!row) return undefined;
      const index = from.rows.indexOf(row);
      from.rows.splice(index, 1);
      from.undo.push((rows) => void rows.splice(index, 0, row));
      from.byName.delete(name);
      from.version++;
      removed.set(`${region}/${name}`, { resource: resourceOf(list), row });
      return row;
    },
    former: (region, name) => removed.get(`${region}/${name}`),
    replace(region, list, old, row) {
      const within = table(region, list);
      const index = within.rows.indexOf(old);
      within.rows[index] = row;
      within.undo.push((rows) => {
        rows[index] = old;
      });
      if (old.name !== undefined) within.byName.delete(old.name);
      if (row.name !== undefined) within.byName.set(row.name, row);
      within.version++;
    },
    tag(region, name, tags, list) {
      const found = world.named(region, name, list);
      if (!found) return false;
      const merged = new Map((found.row.tags ?? []).map((tag) => [tag.key, tag]));
      for (const tag of tags) merged.set(tag.key, tag);
      world.replace(region, found.resource.list, found.row, { ...found.row, tags: [...merged.values()] });
      return true;
    },
    untag(region, name, keys, list) {
      const found = world.named(region, name, list);
      if (!found) return false;
      const tags = (found.row.tags ?? []).filter((tag) => !keys.includes(tag.key));
      world.replace(region, found.resource.list, found.row, { ...found.row, tags });
      return true;
    },
    named(region, name, list) {
      for (const resource of RESOURCES) {
        if (list !== undefined && resource.list !== list) continue;
        const row = table(region, resource.list).byName.get(name);
        if (row) return { resource, row };
      }
      return undefined;
    },
    autoSnapshots: (region, source) => account.data[region]?.autoSnapshots?.[source],
    start(region, details, polls, end, onEnd) {
      const at = epochSeconds(now());
      const id = randomUUID();
      const pending: Pending = {
        row: { id, createdAt: at, ...details, isTerminal: false, status: 'Started', statusChangedAt: at },
        pollsLeft: polls,
        end,
        onEnd,
      };
      const here = operations.get(region) ?? new Map<string, Pending>();
      operations.set(region, here.set(id, pending));
      settle(pending);
      return pending.row;
    },
    poll(region, id) {
      const pending = operations.get(region)?.get(id);
      if (!pending) return undefined;
      if (pending.pollsLeft !== null && pending.pollsLeft > 0) pending.pollsLeft--;
      settle(pending);
      return pending.row;
    },
    operations: (region) => [...(operations.get(region)?.values() ?? [])].map((pending) => pending.row).reverse(),
  };

  function settle(pending: Pending): void {
    if (pending.pollsLeft !== 0 || pending.row.isTerminal === true) return;
    pending.row = { ...pending.row, isTerminal: true, ...pending.end, statusChangedAt: epochSeconds(now()) };
    pending.onEnd();
  }

  for (const region of Object.keys(account.data)) for (const list of LISTS) table(region, list);
  return world;
}

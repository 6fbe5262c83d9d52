import type { Row, Tag } from './account';
import type { Call, Struck } from './faults';
import { bend, listedRows, pageOf } from './paging';
import { regionRow } from './regions';
import { RESOURCES, type Resource } from './resources';
import { ServiceRefusal } from './service-error';
import type { World } from './world';

type Input = Readonly<Record<string, unknown>>;

interface Request {
  readonly call: Call;
  readonly input: Input;
  readonly struck: Struck;
  readonly world: World;
  readonly pageSize: number;
  readonly cache: Map<string, { readonly version: number; readonly body: string }>;
}

type OperationRow = (request: Request) => unknown;

const invalidInput = (message: string) => new ServiceRefusal({ code: 'InvalidInputException', message });
const missing = (type: string, name: string) =>
  new ServiceRefusal({
    code: 'NotFoundException',
    message: `The ${type} does not exist: ${name}`,
    tip: 'Check the name and the region, then try again.',
  });

function bodyText(input: Input, member: string): string {
  const value = input[member];
  if (typeof value !== 'string' || value === '') throw invalidInput(`${member} is missing or empty.`);
  return value;
}

/** Faults under which a page is another than the one that is remembered. */
const BENDING = ['rows', 'shape', 'tokens', 'omit', 'stale'] as const;

function listing(resource: Resource): OperationRow {
  return ({ call, input, struck, world, pageSize, cache }) => {
    const { listOperation: operation, list } = resource;
    const read = () => {
      const stale = struck.first('stale');
      const now =
        stale === undefined ? world.rows(call.region, list) : world.rowsBefore(call.region, list, stale.changes);
      const page = pageOf(listedRows(now, struck), pageSize, input.pageToken, operation, call.region, struck);
      const rows = struck.all('shape').some((fault) => fault.dropList) ? {} : { [list]: page.rows };
      return JSON.stringify({ ...rows, nextPageToken: page.next });
    };
    if (BENDING.some((name) => struck.first(name) !== undefined)) return read();
    const key = `${call.region} ${list} ${pageSize} ${input.pageToken ?? ''}`;
    const version = world.version(call.region, list);
    const known = cache.get(key);
    if (known?.version === version) return known.body;
    const body = read();
    cache.set(key, { version, body });
    return body;
  };
}

function reading(resource: Resource): OperationRow {
  return ({ call, input, struck, world }) => {
    const name = bodyText(input, resource.nameMember);
    const row = world.find(call.region, resource.list, name);
    if (!row) throw missing(resource.type, name);
    return { [resource.member]: struck.all('shape').reduce<Row>(bend, row) };
  };
}

/** Starts what a mutation does, as an `operation` fault says: at once and successfully where there is none. */
function operations({ call, struck, world }: Request, type: string, name: string, work: () => void): Input {
  const fault = struck.first('operation');
  const polls = fault?.polls === 'never' ? null : (fault?.polls ?? 0);
  const details: Row = {
    resourceName: name,
    resourceType: type,
    location: { availabilityZone: 'all', regionName: call.region },
    operationType: call.operation,
  };
  const status = fault?.status ?? 'Succeeded';
  const end = {
    status,
    ...(status === 'Failed'
      ? {
          errorCode: fault?.errorCode ?? 'InternalFailure',
          errorDetails: fault?.errorDetails ?? 'The operation failed.',
        }
      : {}),
  };
  const count = fault?.count ?? 1;
  const started = Array.from({ length: count }, (_, i) =>
    // The last one carries the outcome: a client that looks at the first alone is wrong.
    i === count - 1
      ? world.start(call.region, details, polls, end, () => status !== 'Failed' && work())
      : world.start(call.region, details, 0, { status: 'Succeeded' }, () => undefined),
  );
  if (count === 0 && status !== 'Failed') work();
  return { operations: started };
}

function deleting(resource: Resource): OperationRow {
  return (request) => {
    const { call, input, world } = request;
    const name = bodyText(input, resource.nameMember);
    const row = world.find(call.region, resource.list, name);
    if (!row) throw missing(resource.type, name);
    return operations(request, resource.type, name, () => {
      // An operation that ends later deletes what it was started for, not what has taken the name since.
      if (world.find(call.region, resource.list, name)?.arn === row.arn) world.remove(call.region, resource.list, name);
    });
  };
}

const TAG_PATTERN = /^[\p{L}\p{N}\p{Zs}+\-=._:/@]*$/u;

function requestedTags(input: Input): readonly Tag[] {
  const tags = input.tags;
  if (!Array.isArray(tags)) throw invalidInput('tags is missing.');
  return tags.map((tag: unknown) => {
    const { key, value } = (tag ?? {}) as { key?: unknown; value?: unknown };
    if (typeof key !== 'string' || key === '' || key.length > 128 || !TAG_PATTERN.test(key))
      throw invalidInput(`The tag key ${String(key)} is not valid.`);
    if (key.toLowerCase().startsWith('aws:')) throw invalidInput('Tag keys that begin with aws: are reserved.');
    if (value === undefined || value === null) return { key };
    if (typeof value !== 'string' || value.length > 256 || !TAG_PATTERN.test(value))
      throw invalidInput(`The value of the tag ${key} is not valid.`);
    return { key, value };
  });
}

function taggingOperation(
  change: (request: Request, resource: Resource, row: Row, name: string) => () => void,
): OperationRow {
  return (request) => {
    const { call, input, world } = request;
    const name = bodyText(input, 'resourceName');
    const type = typeof input.resourceArn === 'string' ? input.resourceArn.split(':')[5]?.split('/')[0] : undefined;
    const wanted = RESOURCES.find((resource) => resource.type === type);
    const found = world.named(call.region, name, wanted?.list);
    if (!found || (type !== undefined && found.row.arn !== input.resourceArn)) throw missing(type ?? 'resource', name);
    return operations(request, found.resource.type, name, change(request, found.resource, found.row, name));
  };
}

const GENERAL: Readonly<Record<string, OperationRow>> = {
  GetRegions: ({ input, world, struck }) => {
    const zones = (name: string) =>
      ['a', 'b', 'c'].map((letter) => ({ zoneName: `${name}${letter}`, state: 'available' }));
    const regions = world.regions.map((name) => ({
      ...regionRow(name),
      availabilityZones: input.includeAvailabilityZones === true ? zones(name) : [],
      relationalDatabaseAvailabilityZones: input.includeRelationalDatabaseAvailabilityZones === true ? zones(name) : [],
    }));
    const shapes = struck.all('shape');
    if (shapes.some((fault) => fault.dropList)) return {};
    return { regions: regions.map((region) => shapes.reduce<Row>(bend, region)) };
  },
  GetAutoSnapshots: ({ call, input, struck, world }) => {
    const resourceName = bodyText(input, 'resourceName');
    const found =
      world.named(call.region, resourceName, 'instances') ?? world.named(call.region, resourceName, 'disks');
    if (!found) throw missing('Instance or Disk', resourceName);
    const shapes = struck.all('shape');
    const rows = (world.autoSnapshots(call.region, resourceName) ?? []).map((row) => shapes.reduce<Row>(bend, row));
    return {
      resourceName,
      resourceType: found.resource.type,
      ...(shapes.some((fault) => fault.dropList) ? {} : { autoSnapshots: rows }),
    };
  },
  GetOperation: ({ call, input, world }) => {
    const id = bodyText(input, 'operationId');
    const operation = world.poll(call.region, id);
    if (!operation) throw missing('operation', id);
    return { operation };
  },
  GetOperations: ({ call, input, struck, world, pageSize }) => {
    const page = pageOf(world.operations(call.region), pageSize, input.pageToken, call.operation, call.region, struck);
    return { operations: page.rows, nextPageToken: page.next };
  },
  TagResource: taggingOperation(({ call, input, world }, resource, row, name) => {
    const tags = requestedTags(input);
    const keys = new Set([...(row.tags ?? []), ...tags].map((tag) => tag.key));
    if (keys.size > 50) throw invalidInput('A resource has at most 50 tags.');
    return () => world.tag(call.region, name, tags, resource.list);
  }),
  UntagResource: taggingOperation(({ call, input, world }, resource, _row, name) => {
    const keys = input.tagKeys;
    if (!Array.isArray(keys)) throw invalidInput('tagKeys is missing.');
    return () => world.untag(call.region, name, keys.map(String), resource.list);
  }),
};

const OPERATIONS = new Map<string, OperationRow>([
  ...Object.entries(GENERAL),
  ...RESOURCES.flatMap((resource): [string, OperationRow][] => [
    [resource.listOperation, listing(resource)],
    [resource.getOperation, reading(resource)],
    ...(resource.deleteOperation === null
      ? []
      : [[resource.deleteOperation, deleting(resource)] as [string, OperationRow]]),
  ]),
]);

const NAME_FIELDS = [...RESOURCES.map((resource) => resource.nameMember), 'resourceName', 'operationId'];

/** What a Lightsail call names, if anything. */
export const requestedName = (input: Input): string | null =>
  NAME_FIELDS.map((member) => input[member]).find((value): value is string => typeof value === 'string') ?? null;

/** Carries out one Lightsail operation and returns the JSON of its answer. Throws a Refusal for an error answer. */
export function answerLightsail(request: Request): string {
  const operation = OPERATIONS.get(request.call.operation);
  if (!operation)
    throw new ServiceRefusal({
      code: 'UnknownOperationException',
      message: `There is no operation ${request.call.operation}.`,
    });
  const answer = operation(request);
  return typeof answer === 'string' ? answer : JSON.stringify(answer);
}

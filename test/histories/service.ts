import type { Kind } from '../../lambda/core/snapshot/snapshot';
import { DELETE_FAULTS, type DeleteFault, HIDDEN_MS, READ_FAULTS, SLOW, STALE_MS } from './faults';
import type { DeleteRecord, Oracle } from './oracle';
import type { Process, Reply } from './process';
import type { Simulation } from './simulation';
import type { SnapshotRow, SourceRow, TagMap, World } from './world';

/** A command of the SDK, as far as a service needs it. */
interface Command {
  readonly constructor: { readonly name: string };
  readonly input: Readonly<Record<string, unknown>>;
  readonly middlewareStack?: { resolve(handler: unknown, context: unknown): (args: unknown) => Promise<unknown> };
}

/** A client of one region as the code under test uses it. */
export interface FakeClient {
  send(command: Command, options?: { readonly abortSignal?: AbortSignal }): Promise<unknown>;
}

interface Named {
  readonly kind: Kind;
  readonly of: 'snapshot' | 'source';
  /** The member of an answer that has the rows or the row. */
  readonly member: string;
  /** The member of the input that has the name. */
  readonly input: string;
}

const KINDS = [
  { kind: 'instance', type: 'Instance', member: 'instance' },
  { kind: 'disk', type: 'Disk', member: 'disk' },
  { kind: 'database', type: 'RelationalDatabase', member: 'relationalDatabase' },
] as const;

const NAMED = KINDS.flatMap(({ kind, type, member }) =>
  (['snapshot', 'source'] as const).map((of) => {
    const suffix = of === 'snapshot' ? 'Snapshot' : '';
    return { operation: `${type}${suffix}`, kind, of, member: `${member}${suffix}`, input: `${member}${suffix}Name` };
  }),
);
const READS = new Map<string, Named>(NAMED.map((named) => [`Get${named.operation}Command`, named]));
const LISTS = new Map<string, Named>(NAMED.map((named) => [`Get${named.operation}sCommand`, named]));
const DELETES = new Map<string, Named>(NAMED.map((named) => [`Delete${named.operation}Command`, named]));

const failure = ({ code, message = code }: { readonly code: string; readonly message?: string }): Error =>
  Object.assign(new Error(message), { name: /^E[A-Z]/.test(code) ? 'Error' : code, code, $metadata: {} });

const rawTags = (tags: TagMap): readonly object[] =>
  Object.entries(tags).map(([key, value]) => (value === null ? { key } : { key, value }));

function rawSnapshot(row: SnapshotRow): object {
  const from = KINDS.find(({ type }) => row.sourceArn.includes(`:${type}/`))?.member ?? 'instance';
  const prefix = `from${from.charAt(0).toUpperCase()}${from.slice(1)}`;
  return {
    arn: row.arn,
    name: row.name,
    createdAt: new Date(row.createdAt),
    state: row.state,
    sizeInGb: 20,
    tags: rawTags(row.tags),
    isFromAutoSnapshot: row.kind === 'database' ? undefined : row.isCopy,
    [`${prefix}Arn`]: row.sourceArn,
    [`${prefix}Name`]: row.sourceName,
  };
}

const rawSource = (row: SourceRow): object => ({ arn: row.arn, name: row.name, tags: rawTags(row.tags) });

interface RunningOperation {
  readonly id: string;
  readonly endsAt: number;
  readonly status: 'Succeeded' | 'Failed';
}

const LATENCY_MS = 20;
const TIMEOUT_MS = 30_000;

export interface ServiceOptions {
  readonly regions: readonly string[];
  readonly pageSize: number;
  /** Whether a snapshot that is being deleted shows it in its state. */
  readonly showsDeleting: boolean;
}

/**
 * The service: answers from the true state of the world, or with a fault, and carries deletes out, at once, late or
 * never.
 */
export class Service {
  private readonly simulation: Simulation;
  private readonly world: World;
  private readonly oracle: Oracle;
  private readonly options: ServiceOptions;
  private readonly operations = new Map<string, RunningOperation>();
  private readonly inProgress = new Set<string>();
  private readonly hidden = new Map<string, number>();
  /**
   * Snapshots that are gone though their operation says that it failed: no read says so too, or nothing could tell the
   * truth.
   */
  private readonly deniedDeletes = new Set<string>();
  constructor(simulation: Simulation, world: World, oracle: Oracle, options: ServiceOptions) {
    this.simulation = simulation;
    this.world = world;
    this.oracle = oracle;
    this.options = options;
  }

  /** The clients of one process. */
  clientsOf(process: Process): (region: string) => FakeClient {
    return (region) => ({
      send: (command) => {
        const name = command.constructor.name;
        const list = LISTS.get(name);
        if (list !== undefined) return this.list(process, region, list, command);
        const read = READS.get(name);
        if (read !== undefined) return this.read(process, region, read, command);
        const deletion = DELETES.get(name);
        if (deletion !== undefined && deletion.of === 'snapshot')
          return this.remove(process, region, deletion, command);
        if (name === 'GetOperationCommand') return this.operation(process, String(command.input.operationId));
        if (name === 'GetRegionsCommand') return this.regions(process, command);
        throw new Error(`nothing may send ${name}`);
      },
    });
  }

  /** No list omits anything from now on. */
  showAll(): void {
    this.hidden.clear();
  }

  private choose(category: 'fault' | 'reading' | 'list', options: number): number {
    return this.simulation.choices.choose(category, options);
  }

  private get slowness(): number {
    return SLOW[this.simulation.choices.choose('slow', SLOW.length + 1) - 1] ?? LATENCY_MS;
  }

  /** Asks, and lets the process notice where its credentials are no longer accepted. */
  private ask<T>(process: Process, what: string, answer: () => Reply<T>): Promise<T> {
    return process.call(what, LATENCY_MS, () => {
      this.simulation.onCall();
      if (!process.isSignedOut) return answer();
      return {
        afterMs: LATENCY_MS,
        error: failure({ code: 'ExpiredTokenException', message: 'The security token is expired' }),
      };
    });
  }

  private readFault<T>(
    process: Process,
    what: string,
    category: 'fault' | 'reading',
  ): Reply<T> | 'empty' | 'before' | null {
    const last = category === 'reading' ? READ_FAULTS.findIndex((each) => 'answer' in each) : READ_FAULTS.length;
    const fault = READ_FAULTS[this.choose(category, last + 1) - 1];
    if (fault === undefined) return null;
    process.note(`${what}: ${fault.name}`);
    if ('answer' in fault) return fault.answer;
    if (fault.error.code === 'ExpiredTokenException') process.isSignedOut = true;
    return { afterMs: fault.afterMs, error: failure(fault.error) };
  }

  private async regions(process: Process, command: Command): Promise<unknown> {
    const output = await this.ask(process, 'GetRegions', () => {
      const fault = this.readFault<object>(process, 'GetRegions', 'reading');
      if (fault !== null && typeof fault === 'object') return fault;
      return {
        afterMs: this.slowness,
        value: { at: this.simulation.now, regions: this.options.regions.map((name) => ({ name })) },
      };
    });
    const { at, regions } = output as { readonly at: number; readonly regions: readonly object[] };
    const answer = { response: { headers: { date: new Date(at).toUTCString() } }, output: { regions } };
    await command.middlewareStack?.resolve(async () => answer, {})({});
    return answer.output;
  }

  private list(process: Process, region: string, { kind, of, member }: Named, { input }: Command): Promise<unknown> {
    const what = `list the ${kind} ${of}s of ${region}${input.pageToken === undefined ? '' : ` ${input.pageToken}`}`;
    return this.ask<object>(process, what, () => {
      const fault = this.readFault<object>(process, what, 'reading');
      if (fault !== null && typeof fault === 'object') return fault;
      const from = Number(String(input.pageToken ?? 'row 0').slice(4));
      const { pageSize } = this.options;
      const rows = this.listed(process, what, region, kind, of);
      const page = rows.slice(from, from + pageSize);
      const next = from + pageSize < rows.length ? { nextPageToken: `row ${from + pageSize}` } : {};
      if (of === 'snapshot') this.oracle.listedSnapshots(process, page as readonly SnapshotRow[]);
      else this.oracle.listedSources(process, { kind, region }, page as readonly SourceRow[]);
      const raw = page.map((row) =>
        of === 'snapshot' ? rawSnapshot(row as SnapshotRow) : rawSource(row as SourceRow),
      );
      return { afterMs: this.slowness, value: { [`${member}s`]: raw, ...next } };
    });
  }

  /** The rows of a list, newest first: as they are, as they were a while ago, or without one of them. */
  private listed(
    process: Process,
    what: string,
    region: string,
    kind: Kind,
    of: Named['of'],
  ): readonly (SnapshotRow | SourceRow)[] {
    const { now } = this.simulation;
    const rowsAt = (at: number): readonly (SnapshotRow | SourceRow)[] => {
      const { snapshots, sources } = this.world.versionAt(at);
      const all: readonly (SnapshotRow | SourceRow)[] = of === 'snapshot' ? snapshots : sources;
      return all
        .filter((row) => row.kind === kind && row.region === region && (this.hidden.get(row.arn) ?? 0) <= now)
        .reverse();
    };
    const rows = rowsAt(now);
    const choice = this.choose('list', rows.length + 2);
    if (choice === 0) return rows;
    const omitted = rows[choice - 1];
    if (omitted === undefined) {
      process.note(`${what}: the list is as it was ${STALE_MS / 1_000} s ago`);
      return rowsAt(now - STALE_MS);
    }
    process.note(`${what}: lists omit ${omitted.name} for ${HIDDEN_MS / 1_000} s`);
    this.hidden.set(omitted.arn, now + HIDDEN_MS);
    return rowsAt(now);
  }

  private read(
    process: Process,
    region: string,
    { kind, of, member, input: key }: Named,
    { input }: Command,
  ): Promise<unknown> {
    const name = String(input[key]);
    const what = `read the ${kind} ${of} ${name}`;
    return this.ask<object>(process, what, () => {
      const fault = this.readFault<object>(process, what, 'fault');
      if (fault !== null && typeof fault === 'object') return fault;
      if (fault === 'empty') return { afterMs: LATENCY_MS, value: {} };
      const now = this.find(of, kind, region, name);
      const before = fault === 'before' ? this.find(of, kind, region, name, this.simulation.now - 20_000) : undefined;
      const row = now ?? (before !== undefined && this.deniedDeletes.has(before.arn) ? undefined : before);
      const where = { kind, region, name };
      const asOf = this.simulation.now - (now === undefined && row !== undefined ? 20_000 : 0);
      if (of === 'snapshot') this.oracle.readSnapshot(process, where, row as SnapshotRow | undefined, asOf);
      else this.oracle.readSource(process, where, row as SourceRow | undefined, asOf);
      if (row === undefined)
        return { afterMs: LATENCY_MS, error: failure({ code: 'DoesNotExist', message: `${name} does not exist` }) };
      const raw = of === 'snapshot' ? rawSnapshot(row as SnapshotRow) : rawSource(row as SourceRow);
      return { afterMs: this.slowness, value: { [member]: raw } };
    });
  }

  private find(
    of: Named['of'],
    kind: Kind,
    region: string,
    name: string,
    at?: number,
  ): SnapshotRow | SourceRow | undefined {
    const version = at === undefined ? this.world.current : this.world.versionAt(at);
    const rows: readonly (SnapshotRow | SourceRow)[] = of === 'snapshot' ? version.snapshots : version.sources;
    return rows.find((row) => row.kind === kind && row.region === region && row.name === name);
  }

  private operation(process: Process, id: string): Promise<unknown> {
    return this.ask<object>(process, `read the operation ${id}`, () => {
      const fault = this.readFault<object>(process, `read the operation ${id}`, 'fault');
      if (fault !== null && typeof fault === 'object') return fault;
      return { afterMs: this.slowness, value: { operation: this.rawOperation(id) } };
    });
  }

  private rawOperation(id: string): object {
    const operation = this.operations.get(id);
    if (operation === undefined) throw new Error(`there is no operation ${id}`);
    const { endsAt, status } = operation;
    if (endsAt > this.simulation.now) return { id, status: 'Started', isTerminal: false };
    const failed = status === 'Failed' ? { errorCode: 'OperationFailure', errorDetails: 'it failed' } : {};
    return { id, status, isTerminal: true, ...failed };
  }

  private start(status: 'Succeeded' | 'Failed', afterMs: number): string {
    const id = `op-${this.operations.size + 1}`;
    this.operations.set(id, { id, status, endsAt: this.simulation.now + afterMs });
    return id;
  }

  private remove(process: Process, region: string, { kind, input: key }: Named, { input }: Command): Promise<unknown> {
    const name = String(input[key]);
    const what = `delete the ${kind} snapshot ${name}`;
    process.note(what);
    const record = this.oracle.deleteSent(process, { kind, region, name });
    const fault: DeleteFault | undefined = DELETE_FAULTS[this.choose('fault', DELETE_FAULTS.length + 1) - 1];
    const answered = process.call<object>(what, LATENCY_MS, () => this.answerDelete(process, what, record, fault));
    if (!process.alive) this.oracle.deleteUnsent(record);
    return answered;
  }

  private answerDelete(
    process: Process,
    what: string,
    record: DeleteRecord,
    fault: DeleteFault | undefined,
  ): Reply<object> {
    this.simulation.onCall();
    const expired = failure({ code: 'ExpiredTokenException', message: 'The security token is expired' });
    if (process.isSignedOut || fault?.error?.code === 'ExpiredTokenException') {
      process.isSignedOut = true;
      this.oracle.deleteAnswered(record, LATENCY_MS, true);
      return { afterMs: LATENCY_MS, error: expired };
    }
    if (fault !== undefined) process.note(`${what}: ${fault.name}`);
    const afterMs = fault?.afterMs ?? LATENCY_MS;
    if (fault?.arrivesMs !== undefined) this.simulation.after(fault.arrivesMs, () => this.carryOut(record, fault));
    const answer = fault?.arrivesMs === undefined ? this.carryOut(record, fault) : null;
    if (fault?.error !== undefined) {
      this.oracle.deleteAnswered(record, afterMs, fault.effect === 'none' && fault.error.code !== 'ECONNRESET');
      return { afterMs, error: failure(fault.error) };
    }
    this.oracle.deleteAnswered(record, afterMs, true);
    if (answer !== null) return { afterMs, value: answer };
    return { afterMs, error: failure({ code: 'NotFoundException', message: `${record.where.name} does not exist` }) };
  }

  /** Lets a delete do what it does when it arrives: null where nothing has the name. */
  private carryOut(record: DeleteRecord, fault: DeleteFault | undefined): object | null {
    const { kind, region, name } = record.where;
    const row = this.world.findSnapshot(kind, region, name);
    const effect = fault?.effect ?? 'now';
    if (row === undefined) return null;
    if (this.inProgress.has(row.arn)) {
      const id = this.start('Failed', 0);
      return { operations: [{ ...this.rawOperation(id), errorDetails: 'another operation is in progress' }] };
    }
    if (effect === 'now' && fault?.operations?.some(({ status }) => status === 'Failed'))
      this.deniedDeletes.add(row.arn);
    if (effect === 'now') this.kill(record, row.arn);
    else if (effect !== 'none') {
      this.inProgress.add(row.arn);
      if (this.options.showsDeleting) this.world.editSnapshot(row.arn, { state: 'deleting' });
      this.oracle.deleteAccepted(record, row.arn);
      this.simulation.after(effect.lateMs, () => this.kill(record, row.arn));
    }
    const operations = (fault?.operations ?? [{ status: 'Succeeded' as const }]).map(
      ({ status, afterMs = 0, hangs, unnamed }) => {
        const { id: own, ...raw } = this.rawOperation(this.start(status, hangs ? TIMEOUT_MS * 1_000 : afterMs)) as {
          readonly id: string;
        };
        return unnamed === true ? raw : { id: own, ...raw };
      },
    );
    return { operations };
  }

  private kill(record: DeleteRecord, arn: string): void {
    this.inProgress.delete(arn);
    if (!this.world.hasSnapshot(arn)) return;
    this.oracle.killed(record, arn);
    this.world.removeSnapshot(arn);
    this.simulation.note('service', `${record.where.name} (${arn.split('/')[1]}) is deleted`);
  }
}

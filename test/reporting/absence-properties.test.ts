import {
  GetDiskSnapshotsCommand,
  GetDisksCommand,
  GetInstanceCommand,
  GetInstanceSnapshotsCommand,
  GetInstancesCommand,
  GetRegionsCommand,
  GetRelationalDatabaseSnapshotsCommand,
  GetRelationalDatabasesCommand,
  type LightsailClient,
} from '@aws-sdk/client-lightsail';
import * as fc from 'fast-check';
import { makeReadInventory } from '../../lambda/aws/lightsail-inventory';
import type { ReportState } from '../../lambda/core/report/report-diff';
import type { Report } from '../../lambda/core/report/report-model';
import { snapshotKinds } from '../../lambda/kinds/registry';
import { makeReport, stateOf } from '../../lambda/reporting/make-report';
import { digestOf } from '../../lambda/runtime/digest';
import { aConfig } from '../support/config-builder';
import { DAY, NOW } from '../support/report-builder';

const ACCOUNT = '123456789012';
const REGION = 'us-east-1';
const CONFIG = aConfig({
  policies: { short: { keep: { last: 1 } } },
  rules: [{ name: 'orphans', match: { orphaned: true, name: '*-odd-*' }, policy: 'short' }],
  default: 'short',
});

interface Instance {
  readonly name: string;
  readonly arn: string;
  readonly tags: readonly { readonly key: string }[];
}

interface Row {
  readonly name: string;
  readonly arn: string;
  readonly source: Instance;
  readonly createdAt: Date;
}

/** What happens just before a call of a list, counted over all calls of both lists. */
type Event =
  | {
      readonly what: 'delete-instance' | 'delete-snapshot' | 'create-instance' | 'reuse-name';
      readonly at: number;
      readonly pick: number;
    }
  | { readonly what: 'omit-instance' | 'stale' | 'refuse-by-name'; readonly at: number; readonly pick: number };

const event: fc.Arbitrary<Event> = fc.record({
  what: fc.constantFrom(
    ...([
      'delete-instance',
      'delete-snapshot',
      'create-instance',
      'reuse-name',
      'omit-instance',
      'stale',
      'refuse-by-name',
    ] as const),
  ),
  at: fc.nat(24),
  pick: fc.nat(11),
});

const history = fc.record({
  instances: fc.array(fc.constantFrom('held', 'free', 'gone'), { minLength: 1, maxLength: 9 }),
  pageSize: fc.integer({ min: 1, max: 5 }),
  events: fc.array(event, { maxLength: 8 }),
  reports: fc.integer({ min: 1, max: 3 }),
});

/** A small service of one region whose lists are paged by offset, and to which things happen while they are read. */
class Service {
  living: Instance[] = [];
  snapshots: Row[] = [];
  /** Every instance that was deleted at any time, or never was in this history. */
  readonly dead = new Set<string>();
  private former: readonly Instance[];
  private readonly omitted = new Set<string>();
  private readonly refused = new Set<string>();
  private stale = false;
  private calls = 0;
  private made = 0;

  constructor(
    kinds: readonly string[],
    private readonly pageSize: number,
    private readonly events: readonly Event[],
  ) {
    for (const [index, kind] of kinds.entries()) {
      const instance = this.anInstance(`web-${index % 2 === 0 ? 'even' : 'odd'}-${index}`, kind === 'held');
      if (kind === 'gone') this.dead.add(instance.arn);
      else this.living.push(instance);
      for (const age of [1, 2, 3]) {
        const name = `${instance.name}-${age}`;
        const arn = `arn:aws:lightsail:${REGION}:${ACCOUNT}:InstanceSnapshot/${name}`;
        this.snapshots.push({ name, arn, source: instance, createdAt: new Date(NOW - age * 2 * DAY) });
      }
    }
    this.former = this.living;
  }

  private anInstance(name: string, held: boolean): Instance {
    this.made += 1;
    const arn = `arn:aws:lightsail:${REGION}:${ACCOUNT}:Instance/${this.made}`;
    return { name, arn, tags: held ? [{ key: 'retention:hold' }] : [] };
  }

  private happen({ what, pick }: Event): void {
    const one = this.living[pick % Math.max(1, this.living.length)];
    switch (what) {
      case 'delete-instance':
      case 'reuse-name':
        if (one === undefined) return;
        this.living = this.living.filter((other) => other !== one);
        this.dead.add(one.arn);
        if (what === 'reuse-name') this.living = [this.anInstance(one.name, false), ...this.living];
        return;
      case 'create-instance':
        this.living = [this.anInstance(`new-${this.made}`, false), ...this.living];
        return;
      case 'delete-snapshot':
        this.snapshots = this.snapshots.filter((_, index) => index !== pick);
        return;
      case 'omit-instance':
        if (one !== undefined) this.omitted.add(one.arn);
        return;
      case 'refuse-by-name':
        if (one !== undefined) this.refused.add(one.name);
        return;
      case 'stale':
        this.stale = !this.stale;
    }
  }

  private page<T>(
    all: readonly T[],
    token: string | undefined,
  ): { readonly rows: readonly T[]; readonly nextPageToken?: string } {
    const from = Number(token ?? 0);
    const to = from + this.pageSize;
    return { rows: all.slice(from, to), ...(to < all.length ? { nextPageToken: String(to) } : {}) };
  }

  private passTime(): void {
    for (const each of this.events) if (each.at === this.calls) this.happen(each);
    this.calls += 1;
  }

  send(command: object): unknown {
    if (command instanceof GetRegionsCommand) return { regions: [{ name: REGION }] };
    if (command instanceof GetDiskSnapshotsCommand) return { diskSnapshots: [] };
    if (command instanceof GetDisksCommand) return { disks: [] };
    if (command instanceof GetRelationalDatabaseSnapshotsCommand) return { relationalDatabaseSnapshots: [] };
    if (command instanceof GetRelationalDatabasesCommand) return { relationalDatabases: [] };
    if (command instanceof GetInstancesCommand) {
      this.passTime();
      const listed = (this.stale ? this.former : this.living).filter(({ arn }) => !this.omitted.has(arn));
      const { rows, ...next } = this.page(listed, command.input.pageToken);
      return { instances: rows, ...next };
    }
    if (command instanceof GetInstanceSnapshotsCommand) {
      this.passTime();
      const { rows, ...next } = this.page(this.snapshots, command.input.pageToken);
      const instanceSnapshots = rows.map(({ source, ...row }) => ({
        ...row,
        state: 'available',
        sizeInGb: 20,
        fromInstanceName: source.name,
        fromInstanceArn: source.arn,
      }));
      return { instanceSnapshots, ...next };
    }
    if (command instanceof GetInstanceCommand) {
      const name = command.input.instanceName ?? '';
      if (this.refused.has(name)) throw Object.assign(new Error('no'), { name: 'AccessDeniedException' });
      const instance = this.living.find((other) => other.name === name);
      if (instance === undefined) throw Object.assign(new Error('no such instance'), { name: 'NotFoundException' });
      return { instance };
    }
    throw new Error(`no answer for ${command.constructor.name}`);
  }
}

/** What of a report says of a living source that it is gone. */
const untruths = (report: Report, service: Service): readonly string[] =>
  report.items.flatMap(({ snapshot, verdict, sourceExists }) => {
    const arn = snapshot.source?.arn ?? '';
    if (service.dead.has(arn)) return [];
    const held = service.living.some((instance) => instance.arn === arn && instance.tags.length > 0);
    const expires = report.items.some((other) => other.snapshot.source?.arn === arn && other.verdict === 'expire');
    return [
      ...(held && verdict === 'expire' ? [`${snapshot.name} expires, and its source is held`] : []),
      ...(expires && sourceExists === false
        ? [`${snapshot.name}: something of its source expires, and that is called gone`]
        : []),
    ];
  });

describe('whatever happens to the lists while they are read', () => {
  it('no living held source is treated as gone, by any of the reports', async () => {
    await fc.assert(
      fc.asyncProperty(history, async ({ instances, pageSize, events, reports }) => {
        const service = new Service(instances, pageSize, events);
        const client = { send: async (command: object) => service.send(command) } as unknown as LightsailClient;
        const readInventory = makeReadInventory({
          clients: () => client,
          kinds: snapshotKinds,
          firstRegion: REGION,
          account: ACCOUNT,
          clock: () => NOW,
        });
        const inventory = { regions: 'all', kinds: CONFIG.kinds, deadline: null } as const;
        let previous: ReportState | null = null;
        for (let number = 0; number < reports; number += 1) {
          const request = {
            reportId: `2026112${number}T080000Z-1a2b3c4d`,
            config: CONFIG,
            at: null,
            inventory,
            previous,
          };
          const { report } = await makeReport({ clock: () => NOW, digest: digestOf, readInventory }, request);
          expect(untruths(report, service)).toEqual([]);
          previous = stateOf(report);
        }
      }),
      { numRuns: 300 },
    );
  });
});

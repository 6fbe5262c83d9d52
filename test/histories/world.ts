import type { Kind } from '../../lambda/core/snapshot/snapshot';

export type TagMap = Readonly<Record<string, string | null>>;

/** A snapshot as it is in the service. `createdAt` is epoch ms. */
export interface SnapshotRow {
  readonly arn: string;
  readonly name: string;
  readonly kind: Kind;
  readonly region: string;
  readonly createdAt: number;
  readonly state: string;
  readonly tags: TagMap;
  readonly sourceArn: string;
  readonly sourceName: string;
  readonly isCopy: boolean;
}

export interface SourceRow {
  readonly arn: string;
  readonly name: string;
  readonly kind: Kind;
  readonly region: string;
  readonly tags: TagMap;
}

/** All that exists from an instant on, until the next version. */
export interface Version {
  readonly at: number;
  readonly snapshots: readonly SnapshotRow[];
  readonly sources: readonly SourceRow[];
}

export const ACCOUNT = '123456789012';
const TYPES: Readonly<Record<Kind, string>> = { instance: 'Instance', disk: 'Disk', database: 'RelationalDatabase' };
export const FINISHED: Readonly<Record<Kind, string>> = {
  instance: 'available',
  disk: 'completed',
  database: 'available',
};

/** The true state of one account, with its past. */
export class World {
  private readonly versions: Version[];
  private readonly clock: () => number;
  private ids = 0;
  constructor(clock: () => number) {
    this.clock = clock;
    this.versions = [{ at: Number.NEGATIVE_INFINITY, snapshots: [], sources: [] }];
  }

  get current(): Version {
    return this.versionAt(Number.POSITIVE_INFINITY);
  }

  /** What existed at an instant. */
  versionAt(at: number): Version {
    for (let index = this.versions.length - 1; index >= 0; index -= 1) {
      const version = this.versions[index];
      if (version !== undefined && version.at <= at) return version;
    }
    throw new Error('there is no version before the first');
  }

  /** All that existed at some instant of a period, the newest first. */
  versionsOf(from: number, to: number): readonly Version[] {
    const first = this.versionAt(from);
    return this.versions.filter((version) => version === first || (version.at > from && version.at <= to)).reverse();
  }

  newArn(region: string, kind: Kind, of: 'snapshot' | 'source'): string {
    this.ids += 1;
    return `arn:aws:lightsail:${region}:${ACCOUNT}:${TYPES[kind]}${of === 'snapshot' ? 'Snapshot' : ''}/${of[1]}${this.ids}`;
  }

  findSnapshot(kind: Kind, region: string, name: string): SnapshotRow | undefined {
    return this.current.snapshots.find((row) => row.kind === kind && row.region === region && row.name === name);
  }

  findSource(kind: Kind, region: string, name: string): SourceRow | undefined {
    return this.current.sources.find((row) => row.kind === kind && row.region === region && row.name === name);
  }

  hasSnapshot(arn: string): boolean {
    return this.current.snapshots.some((row) => row.arn === arn);
  }

  addSource(row: SourceRow): void {
    this.change({ sources: [...this.current.sources, row] });
  }

  addSnapshot(row: SnapshotRow): void {
    this.change({ snapshots: [...this.current.snapshots, row] });
  }

  removeSnapshot(arn: string): void {
    this.change({ snapshots: this.current.snapshots.filter((row) => row.arn !== arn) });
  }

  removeSource(arn: string): void {
    this.change({ sources: this.current.sources.filter((row) => row.arn !== arn) });
  }

  editSnapshot(arn: string, edit: Partial<SnapshotRow>): void {
    this.change({ snapshots: this.current.snapshots.map((row) => (row.arn === arn ? { ...row, ...edit } : row)) });
  }

  editSource(arn: string, edit: Partial<SourceRow>): void {
    this.change({ sources: this.current.sources.map((row) => (row.arn === arn ? { ...row, ...edit } : row)) });
  }

  private change(change: Partial<Omit<Version, 'at'>>): void {
    this.versions.push({ ...this.current, ...change, at: this.clock() });
  }
}

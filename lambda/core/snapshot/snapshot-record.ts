import type { AttachedDisk, Defect, Kind, Snapshot, SourceRef, Tags } from './snapshot';

/** The fields that differ between the snapshots of a source. */
export type OwnFields = Pick<Snapshot, 'arn' | 'name' | 'createdAt' | 'supportCode' | 'defects'>;

/** The fields that snapshots of a source have in common, in one object for all of them. */
export type CommonFields = Required<Omit<Snapshot, keyof OwnFields>>;

/** A snapshot in memory. Common fields are stored once, which saves a third of the memory of a large account. */
export class SnapshotRecord implements Snapshot {
  readonly arn: string | null;
  readonly name: string | null;
  readonly createdAt: number | null;
  readonly supportCode: string | undefined;
  readonly defects: readonly Defect[] | undefined;

  constructor(
    private readonly common: CommonFields,
    { arn, name, createdAt, supportCode, defects }: OwnFields,
  ) {
    this.arn = arn;
    this.name = name;
    this.createdAt = createdAt;
    this.supportCode = supportCode;
    this.defects = defects;
  }

  get kind(): Kind {
    return this.common.kind;
  }

  get account(): string | null {
    return this.common.account;
  }

  get region(): string {
    return this.common.region;
  }

  get sizeGb(): number | null {
    return this.common.sizeGb;
  }

  get state(): string | null {
    return this.common.state;
  }

  get fromAutoSnapshot(): boolean {
    return this.common.fromAutoSnapshot;
  }

  get tags(): Tags {
    return this.common.tags;
  }

  get source(): SourceRef | null {
    return this.common.source;
  }

  get blueprint(): string | undefined {
    return this.common.blueprint;
  }

  get bundle(): string | undefined {
    return this.common.bundle;
  }

  get engine(): string | undefined {
    return this.common.engine;
  }

  get engineVersion(): string | undefined {
    return this.common.engineVersion;
  }

  get attachedDisks(): readonly AttachedDisk[] | undefined {
    return this.common.attachedDisks;
  }

  /** The same snapshot with a further defect. */
  withDefect(defect: Defect): SnapshotRecord {
    return new SnapshotRecord(this.common, { ...this, defects: [...(this.defects ?? []), defect] });
  }

  /**
   * Whether another record has the same content, without defects. Compares tags, sources and disks by identity: they
   * are interned.
   */
  hasContentOf(other: SnapshotRecord): boolean {
    return (
      this.arn === other.arn &&
      this.name === other.name &&
      this.createdAt === other.createdAt &&
      this.supportCode === other.supportCode &&
      isSame(this.common, other.common)
    );
  }
}

/** Whether all common fields are equal; objects are compared by identity. */
export function isSame(a: CommonFields, b: CommonFields): boolean {
  return (
    a === b ||
    (a.source === b.source &&
      a.tags === b.tags &&
      a.sizeGb === b.sizeGb &&
      a.state === b.state &&
      a.attachedDisks === b.attachedDisks &&
      a.fromAutoSnapshot === b.fromAutoSnapshot &&
      a.blueprint === b.blueprint &&
      a.bundle === b.bundle &&
      a.engine === b.engine &&
      a.engineVersion === b.engineVersion &&
      a.kind === b.kind &&
      a.region === b.region &&
      a.account === b.account)
  );
}

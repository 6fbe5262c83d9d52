/** A tag as it is on the wire: a key-only one has no `value` member. */
export interface Tag {
  readonly key: string;
  readonly value?: string;
}

/**
 * A resource as it is on the wire. Every member is optional, as in the service's model; what is not here is not sent.
 */
export interface Row {
  readonly name?: string;
  readonly arn?: string;
  /** Epoch seconds. */
  readonly createdAt?: number;
  readonly tags?: readonly Tag[];
  readonly [member: string]: unknown;
}

/** The members of a region's data that are lists of resources, by the member name of the list operation's answer. */
export const LISTS = [
  'instanceSnapshots',
  'diskSnapshots',
  'relationalDatabaseSnapshots',
  'instances',
  'disks',
  'relationalDatabases',
] as const;
export type List = (typeof LISTS)[number];

/** What one region holds. Lists left out are empty. */
export interface RegionData extends Readonly<Partial<Record<List, readonly Row[]>>> {
  /** Automatic snapshots by the name of their source. */
  readonly autoSnapshots?: Readonly<Record<string, readonly Row[]>>;
}

/** What a usage type costs in a month. The other members have the values of ordinary usage of Lightsail. */
export interface BillRow {
  /** `2026-10`. */
  readonly month: string;
  readonly usageType: string;
  /** Decimal texts. */
  readonly amount: string;
  readonly quantity?: string | undefined;
  readonly unit?: string | undefined;
  readonly service?: string | undefined;
  readonly recordType?: string | undefined;
  readonly account?: string | undefined;
}

/**
 * A whole account as plain JSON. `regions` are the names that GetRegions answers with; a region may hold data without
 * being named.
 */
export interface AccountData {
  readonly accountId: string;
  readonly regions: readonly string[];
  readonly data: Readonly<Record<string, RegionData>>;
  /** What Cost Explorer tells; absent: nothing was billed. */
  readonly bill?: readonly BillRow[] | undefined;
}

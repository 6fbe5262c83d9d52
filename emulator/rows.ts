import { createHash } from 'node:crypto';
import type { Row, Tag } from './account';

/** A source as the sample and large accounts describe it; instants are epoch milliseconds. */
export interface SourceSpec {
  readonly accountId: string;
  readonly region: string;
  readonly name: string;
  /** Distinguishes resources that have the same name one after the other. */
  readonly generation?: number;
  readonly createdAt: number;
  readonly sizeInGb: number;
  readonly blueprint: string;
  readonly bundle: string;
  readonly engine?: string;
  readonly engineVersion?: string;
  readonly tags?: readonly Tag[];
  /** State of the automatic snapshot add-on; none: it was never enabled. */
  readonly addOn?: 'Enabled' | 'Disabled';
  /** Attached disks beside the system disk. */
  readonly disks?: readonly { readonly name: string; readonly sizeInGb: number }[];
}

/** What differs between snapshots of one source. */
export interface SnapshotSpec {
  readonly name: string;
  readonly createdAt: number;
  /** Default: the source's region. A copy lives elsewhere. */
  readonly region?: string;
  readonly tags?: readonly Tag[];
  readonly state?: string;
  readonly fromAuto?: boolean;
}

/** A GUID that is always the same for the same text. */
export function guidOf(text: string): string {
  const hex = createHash('sha1').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

export const arnOf = (accountId: string, region: string, type: string, key: string): string =>
  `arn:aws:lightsail:${region}:${accountId}:${type}/${guidOf(`${region} ${type} ${key}`)}`;

const seconds = (ms: number): number => ms / 1000;
const sourceArn = (spec: SourceSpec, type: string): string =>
  arnOf(spec.accountId, spec.region, type, `${spec.name} ${spec.generation ?? 1}`);
const support = (kind: string, key: string): string =>
  `621291663362/${kind}-${guidOf(key).replaceAll('-', '').slice(0, 17)}`;

/** The prefix of a support code by the type of the resource. */
const SUPPORT_PREFIX: Readonly<Record<string, string>> = {
  Instance: 'i',
  Disk: 'vol',
  InstanceSnapshot: 'ami',
  DiskSnapshot: 'snap',
};

function sourceFields(spec: SourceSpec, type: string): Row {
  return {
    name: spec.name,
    arn: sourceArn(spec, type),
    supportCode: support(SUPPORT_PREFIX[type] ?? 'ls', `${spec.region} ${spec.name}`),
    createdAt: seconds(spec.createdAt),
    location: { availabilityZone: `${spec.region}a`, regionName: spec.region },
    resourceType: type,
    tags: spec.tags ?? [],
  };
}

function addOns(spec: SourceSpec): Row {
  return spec.addOn === undefined
    ? {}
    : {
        addOns: [
          { name: 'AutoSnapshot', status: spec.addOn, snapshotTimeOfDay: '06:00', nextSnapshotTimeOfDay: '06:00' },
        ],
      };
}

/** The row of an instance. */
export function instanceRow(spec: SourceSpec): Row {
  return {
    ...sourceFields(spec, 'Instance'),
    blueprintId: spec.blueprint,
    blueprintName: spec.blueprint,
    bundleId: spec.bundle,
    ...addOns(spec),
    isStaticIp: false,
    privateIpAddress: '172.26.4.18',
    publicIpAddress: '203.0.113.18',
    ipAddressType: 'dualstack',
    hardware: {
      cpuCount: 2,
      disks: [systemDisk(spec), ...(spec.disks ?? []).map(attachedDiskRow(spec))],
      ramSizeInGb: 2,
    },
    state: { code: 16, name: 'running' },
    username: 'admin',
  };
}

const systemDisk = (spec: SourceSpec): Row => ({
  createdAt: seconds(spec.createdAt),
  sizeInGb: spec.sizeInGb,
  isSystemDisk: true,
  iops: 3 * spec.sizeInGb,
  path: '/dev/xvda',
  attachedTo: spec.name,
  attachmentState: 'attached',
});

const attachedDiskRow =
  (spec: SourceSpec) =>
  (disk: { readonly name: string; readonly sizeInGb: number }, index: number): Row => ({
    name: disk.name,
    arn: arnOf(spec.accountId, spec.region, 'Disk', `${disk.name} 1`),
    sizeInGb: disk.sizeInGb,
    isSystemDisk: false,
    iops: 3 * disk.sizeInGb,
    path: `/dev/xvd${String.fromCharCode(102 + index)}`,
    attachedTo: spec.name,
    attachmentState: 'attached',
  });

/** The row of a disk. */
export const diskRow = (spec: SourceSpec): Row => ({
  ...sourceFields(spec, 'Disk'),
  ...addOns(spec),
  sizeInGb: spec.sizeInGb,
  isSystemDisk: false,
  iops: 3 * spec.sizeInGb,
  path: '/dev/xvdf',
  state: 'in-use',
  isAttached: true,
  attachmentState: 'attached',
});

/** The row of a database. Never with a password: the service sends none either. */
export const databaseRow = (spec: SourceSpec): Row => ({
  ...sourceFields(spec, 'RelationalDatabase'),
  relationalDatabaseBlueprintId: spec.blueprint,
  relationalDatabaseBundleId: spec.bundle,
  masterDatabaseName: 'main',
  hardware: { cpuCount: 2, diskSizeInGb: spec.sizeInGb, ramSizeInGb: 1 },
  state: 'available',
  backupRetentionEnabled: true,
  pendingModifiedValues: {},
  engine: spec.engine,
  engineVersion: spec.engineVersion,
  masterUsername: 'admin',
  publiclyAccessible: false,
  pendingMaintenanceActions: [],
});

function snapshotFields(spec: SourceSpec, shot: SnapshotSpec, type: string): Row {
  const region = shot.region ?? spec.region;
  return {
    name: shot.name,
    arn: arnOf(spec.accountId, region, type, shot.name),
    supportCode: support(SUPPORT_PREFIX[type] ?? 'ls', `${region} ${shot.name}`),
    createdAt: seconds(shot.createdAt),
    location: { availabilityZone: 'all', regionName: region },
    resourceType: type,
    tags: shot.tags ?? [],
  };
}

/** The row of an instance's snapshot. */
export const instanceSnapshotRow = (spec: SourceSpec, shot: SnapshotSpec): Row => ({
  ...snapshotFields(spec, shot, 'InstanceSnapshot'),
  state: shot.state ?? 'available',
  fromAttachedDisks:
    (spec.disks ?? []).length === 0 ? [] : [systemDisk(spec), ...(spec.disks ?? []).map(attachedDiskRow(spec))],
  fromInstanceName: spec.name,
  fromInstanceArn: sourceArn(spec, 'Instance'),
  fromBlueprintId: spec.blueprint,
  fromBundleId: spec.bundle,
  isFromAutoSnapshot: shot.fromAuto ?? false,
  sizeInGb: spec.sizeInGb,
});

/** The row of a disk's snapshot; of an instance's system disk with `ofInstance`. */
export const diskSnapshotRow = (spec: SourceSpec, shot: SnapshotSpec, ofInstance = false): Row => ({
  ...snapshotFields(spec, shot, 'DiskSnapshot'),
  sizeInGb: spec.sizeInGb,
  state: shot.state ?? 'completed',
  progress: shot.state === 'pending' ? '37%' : '100%',
  ...(ofInstance
    ? { fromInstanceName: spec.name, fromInstanceArn: sourceArn(spec, 'Instance') }
    : { fromDiskName: spec.name, fromDiskArn: sourceArn(spec, 'Disk') }),
  isFromAutoSnapshot: shot.fromAuto ?? false,
});

/** The row of a database's snapshot. */
export const databaseSnapshotRow = (spec: SourceSpec, shot: SnapshotSpec): Row => ({
  ...snapshotFields(spec, shot, 'RelationalDatabaseSnapshot'),
  engine: spec.engine,
  engineVersion: spec.engineVersion,
  sizeInGb: spec.sizeInGb,
  state: shot.state ?? 'available',
  fromRelationalDatabaseName: spec.name,
  fromRelationalDatabaseArn: sourceArn(spec, 'RelationalDatabase'),
  fromRelationalDatabaseBundleId: spec.bundle,
  fromRelationalDatabaseBlueprintId: spec.blueprint,
});

/** Automatic snapshots, one a day: the newest `newest` days old. */
export const autoSnapshotRows = (now: number, count: number, newest = 0): readonly Row[] =>
  Array.from({ length: count }, (_, i) => {
    const createdAt = now - (newest + i) * 86_400_000 - 7_200_000;
    return {
      date: new Date(createdAt).toISOString().slice(0, 10),
      createdAt: seconds(createdAt),
      status: 'Success',
      fromAttachedDisks: [],
    };
  });

import { PolicyStatement } from 'aws-cdk-lib/aws-iam';

/** Every Lightsail operation that a report calls. Never `Get*`: that would hand out database passwords and access details. */
export const LIGHTSAIL_READS: readonly string[] = [
  'lightsail:GetRegions',
  'lightsail:GetInstanceSnapshots',
  'lightsail:GetInstances',
  'lightsail:GetDiskSnapshots',
  'lightsail:GetDisks',
  'lightsail:GetRelationalDatabaseSnapshots',
  'lightsail:GetRelationalDatabases',
  'lightsail:GetAutoSnapshots',
];

/** Permission to list snapshots and their sources, and nothing else. Lightsail knows no resource-level permission for these: `*` it is. */
export function readStatement(): PolicyStatement {
  return new PolicyStatement({ actions: [...LIGHTSAIL_READS], resources: ['*'] });
}

import type { LightsailClient } from '@aws-sdk/client-lightsail';
import type { Kind } from '../core/snapshot/snapshot';
import type { SnapshotKind } from '../ports/snapshot-kind';
import { databaseKind } from './database';
import { diskKind } from './disk';
import { instanceKind } from './instance';
import { makeShare } from './interning';

/**
 * All kinds. Those of one call share equal tag sets, sources and texts among their records: make them again for each
 * run.
 */
export function snapshotKinds(): Readonly<Record<Kind, SnapshotKind<LightsailClient>>> {
  const share = makeShare();
  return { instance: instanceKind(share), disk: diskKind(share), database: databaseKind(share) };
}

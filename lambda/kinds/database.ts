import {
  GetRelationalDatabaseCommand,
  GetRelationalDatabaseSnapshotCommand,
  GetRelationalDatabaseSnapshotsCommand,
  GetRelationalDatabasesCommand,
  type LightsailClient,
  type RelationalDatabaseSnapshot,
} from '@aws-sdk/client-lightsail';
import type { SnapshotRecord } from '../core/snapshot/snapshot-record';
import type { ListedIn, SnapshotKind } from '../ports/snapshot-kind';
import type { Share } from './interning';
import { KIND_FACTS } from './kind-metadata';
import { makeRecord, normalizeSource, optionalText, textOf } from './normalize';
import { fromToken, toPage } from './page';

function normalizeDatabase(raw: RelationalDatabaseSnapshot, where: ListedIn, share: Share): SnapshotRecord {
  const source = share.source(textOf(raw.fromRelationalDatabaseName), textOf(raw.fromRelationalDatabaseArn));
  return makeRecord(raw, source, KIND_FACTS.database, where, share, {
    blueprint: optionalText(raw.fromRelationalDatabaseBlueprintId),
    bundle: optionalText(raw.fromRelationalDatabaseBundleId),
    engine: optionalText(raw.engine),
    engineVersion: optionalText(raw.engineVersion),
  });
}

/** Relational database snapshots and the databases they come from. */
export function databaseKind(share: Share): SnapshotKind<LightsailClient> {
  return {
    kind: 'database',
    sourceType: KIND_FACTS.database.sourceType,
    operations: { listSnapshots: 'GetRelationalDatabaseSnapshots', listSources: 'GetRelationalDatabases' },
    async listSnapshots(client, token, where, options) {
      const { relationalDatabaseSnapshots, nextPageToken, $metadata } = await client.send(
        new GetRelationalDatabaseSnapshotsCommand(fromToken(token)),
        options,
      );
      return toPage(
        'GetRelationalDatabaseSnapshots',
        relationalDatabaseSnapshots,
        nextPageToken,
        (raw) => normalizeDatabase(raw, where, share),
        $metadata,
      );
    },
    async listSources(client, token, options) {
      const { relationalDatabases, nextPageToken } = await client.send(
        new GetRelationalDatabasesCommand(fromToken(token)),
        options,
      );
      return toPage('GetRelationalDatabases', relationalDatabases, nextPageToken, (raw) => normalizeSource(raw, share));
    },
    async readSnapshot(client, name, where, options) {
      const { relationalDatabaseSnapshot } = await client.send(
        new GetRelationalDatabaseSnapshotCommand({ relationalDatabaseSnapshotName: name }),
        options,
      );
      return relationalDatabaseSnapshot === undefined
        ? null
        : normalizeDatabase(relationalDatabaseSnapshot, where, share);
    },
    async readSource(client, name, options) {
      const { relationalDatabase } = await client.send(
        new GetRelationalDatabaseCommand({ relationalDatabaseName: name }),
        options,
      );
      return relationalDatabase === undefined ? null : normalizeSource(relationalDatabase, share);
    },
  };
}

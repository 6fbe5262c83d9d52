import {
  type DiskSnapshot,
  GetDiskCommand,
  GetDiskSnapshotCommand,
  GetDiskSnapshotsCommand,
  GetDisksCommand,
  type LightsailClient,
} from '@aws-sdk/client-lightsail';
import type { SnapshotRecord } from '../core/snapshot/snapshot-record';
import type { ListedIn, SnapshotKind } from '../ports/snapshot-kind';
import type { Share } from './interning';
import { KIND_FACTS } from './kind-metadata';
import { makeRecord, normalizeSource, textOf } from './normalize';
import { fromToken, toPage } from './page';

/** Its source is a disk, or else the instance whose system disk it was. */
function normalizeDisk(raw: DiskSnapshot, where: ListedIn, share: Share): SnapshotRecord {
  const source =
    share.source(textOf(raw.fromDiskName), textOf(raw.fromDiskArn)) ??
    share.source(textOf(raw.fromInstanceName), textOf(raw.fromInstanceArn));
  return makeRecord(raw, source, KIND_FACTS.disk, where, share);
}

/** Disk snapshots and the disks they come from. */
export function diskKind(share: Share): SnapshotKind<LightsailClient> {
  return {
    kind: 'disk',
    sourceType: KIND_FACTS.disk.sourceType,
    operations: { listSnapshots: 'GetDiskSnapshots', listSources: 'GetDisks' },
    async listSnapshots(client, token, where, options) {
      const { diskSnapshots, nextPageToken, $metadata } = await client.send(
        new GetDiskSnapshotsCommand(fromToken(token)),
        options,
      );
      return toPage(
        'GetDiskSnapshots',
        diskSnapshots,
        nextPageToken,
        (raw) => normalizeDisk(raw, where, share),
        $metadata,
      );
    },
    async listSources(client, token, options) {
      const { disks, nextPageToken } = await client.send(new GetDisksCommand(fromToken(token)), options);
      return toPage('GetDisks', disks, nextPageToken, (raw) => normalizeSource(raw, share));
    },
    async readSnapshot(client, name, where, options) {
      const { diskSnapshot } = await client.send(new GetDiskSnapshotCommand({ diskSnapshotName: name }), options);
      return diskSnapshot === undefined ? null : normalizeDisk(diskSnapshot, where, share);
    },
    async readSource(client, name, options) {
      const { disk } = await client.send(new GetDiskCommand({ diskName: name }), options);
      return disk === undefined ? null : normalizeSource(disk, share);
    },
  };
}

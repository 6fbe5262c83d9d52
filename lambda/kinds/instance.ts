import {
  type Disk,
  GetInstanceCommand,
  GetInstanceSnapshotCommand,
  GetInstanceSnapshotsCommand,
  GetInstancesCommand,
  type InstanceSnapshot,
  type LightsailClient,
} from '@aws-sdk/client-lightsail';
import type { AttachedDisk } from '../core/snapshot/snapshot';
import type { SnapshotRecord } from '../core/snapshot/snapshot-record';
import type { ListedIn, SnapshotKind } from '../ports/snapshot-kind';
import type { Share } from './interning';
import { KIND_FACTS } from './kind-metadata';
import { makeRecord, normalizeSource, optionalText, sizeOf, textOf } from './normalize';
import { fromToken, toPage } from './page';

const attachedDisk = (disk: Disk | null): AttachedDisk => ({
  name: textOf(disk?.name),
  path: textOf(disk?.path),
  sizeGb: sizeOf(disk?.sizeInGb),
  system: disk?.isSystemDisk === true,
});

function normalizeInstance(raw: InstanceSnapshot, where: ListedIn, share: Share): SnapshotRecord {
  const source = share.source(textOf(raw.fromInstanceName), textOf(raw.fromInstanceArn));
  return makeRecord(raw, source, KIND_FACTS.instance, where, share, {
    blueprint: optionalText(raw.fromBlueprintId),
    bundle: optionalText(raw.fromBundleId),
    attachedDisks: Array.isArray(raw.fromAttachedDisks)
      ? share.disks(raw.fromAttachedDisks.map(attachedDisk))
      : undefined,
  });
}

/** Instance snapshots and the instances they come from. */
export function instanceKind(share: Share): SnapshotKind<LightsailClient> {
  return {
    kind: 'instance',
    sourceType: KIND_FACTS.instance.sourceType,
    operations: { listSnapshots: 'GetInstanceSnapshots', listSources: 'GetInstances' },
    async listSnapshots(client, token, where, options) {
      const { instanceSnapshots, nextPageToken, $metadata } = await client.send(
        new GetInstanceSnapshotsCommand(fromToken(token)),
        options,
      );
      return toPage(
        'GetInstanceSnapshots',
        instanceSnapshots,
        nextPageToken,
        (raw) => normalizeInstance(raw, where, share),
        $metadata,
      );
    },
    async listSources(client, token, options) {
      const { instances, nextPageToken } = await client.send(new GetInstancesCommand(fromToken(token)), options);
      return toPage('GetInstances', instances, nextPageToken, (raw) => normalizeSource(raw, share));
    },
    async readSnapshot(client, name, where, options) {
      const { instanceSnapshot } = await client.send(
        new GetInstanceSnapshotCommand({ instanceSnapshotName: name }),
        options,
      );
      return instanceSnapshot === undefined ? null : normalizeInstance(instanceSnapshot, where, share);
    },
    async readSource(client, name, options) {
      const { instance } = await client.send(new GetInstanceCommand({ instanceName: name }), options);
      return instance === undefined ? null : normalizeSource(instance, share);
    },
  };
}

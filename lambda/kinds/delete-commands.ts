import {
  DeleteDiskSnapshotCommand,
  DeleteInstanceSnapshotCommand,
  DeleteRelationalDatabaseSnapshotCommand,
} from '@aws-sdk/client-lightsail';
import type { Kind } from '../core/snapshot/snapshot';

type DeleteCommand =
  | DeleteInstanceSnapshotCommand
  | DeleteDiskSnapshotCommand
  | DeleteRelationalDatabaseSnapshotCommand;

/**
 * The command that deletes the snapshot that currently has this name. Separate from the kinds, so that no bundle that
 * only reports contains it.
 */
export const DELETE_COMMANDS: Readonly<Record<Kind, (name: string) => DeleteCommand>> = {
  instance: (name) => new DeleteInstanceSnapshotCommand({ instanceSnapshotName: name }),
  disk: (name) => new DeleteDiskSnapshotCommand({ diskSnapshotName: name }),
  database: (name) => new DeleteRelationalDatabaseSnapshotCommand({ relationalDatabaseSnapshotName: name }),
};

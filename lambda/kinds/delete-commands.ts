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

/** The command that deletes the snapshot that bears this name now. Apart from the kinds, so that no program that only reports carries it. */
export const DELETE_COMMANDS: Readonly<Record<Kind, (name: string) => DeleteCommand>> = {
  instance: (name) => new DeleteInstanceSnapshotCommand({ instanceSnapshotName: name }),
  disk: (name) => new DeleteDiskSnapshotCommand({ diskSnapshotName: name }),
  database: (name) => new DeleteRelationalDatabaseSnapshotCommand({ relationalDatabaseSnapshotName: name }),
};

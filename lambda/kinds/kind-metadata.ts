import type { Kind } from '../core/snapshot/snapshot';

/**
 * What is known of a kind without any SDK: ARN resource types and IAM actions. `list` and `confirm` are those of a
 * report: the lists, and the reading of a source that is in none of them. A deletion reads snapshots by name as well.
 */
export interface KindFacts {
  readonly kind: Kind;
  readonly sourceType: string;
  readonly snapshotType: string;
  readonly actions: {
    readonly list: readonly string[];
    readonly confirm: string;
    readonly read: readonly string[];
    readonly delete: string;
  };
}

function kindFacts<K extends Kind>(kind: K, sourceType: string) {
  return {
    kind,
    sourceType,
    snapshotType: `${sourceType}Snapshot`,
    actions: {
      list: [`lightsail:Get${sourceType}Snapshots`, `lightsail:Get${sourceType}s`],
      confirm: `lightsail:Get${sourceType}`,
      read: [`lightsail:Get${sourceType}Snapshot`],
      delete: `lightsail:Delete${sourceType}Snapshot`,
    },
  } as const satisfies KindFacts;
}

/** Every kind's facts. */
export const KIND_FACTS: Readonly<Record<Kind, KindFacts>> = {
  instance: kindFacts('instance', 'Instance'),
  disk: kindFacts('disk', 'Disk'),
  database: kindFacts('database', 'RelationalDatabase'),
};

/** What an inventory reads besides the lists of the kinds. */
export const INVENTORY_ACTIONS = ['lightsail:GetRegions', 'lightsail:GetAutoSnapshots'] as const;

/** What following a deletion to its end reads. */
export const OPERATION_ACTIONS = ['lightsail:GetOperation', 'lightsail:GetOperations'] as const;

import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { INVENTORY_ACTIONS, KIND_FACTS } from '../lambda/kinds/kind-metadata';

/**
 * The actions that list snapshots and their sources, and read a source by name: never `Get*`, which would hand out
 * database passwords and access details. All kinds, whatever the configuration says, since a snapshot's source can be
 * of another kind.
 */
export const readActions = (): string[] => [
  ...INVENTORY_ACTIONS,
  ...Object.values(KIND_FACTS).flatMap(({ actions }) => [...actions.list, actions.confirm]),
];

/** Permission for these actions. Lightsail knows no resource-level permission for them. */
export const readStatement = (): PolicyStatement => new PolicyStatement({ actions: readActions(), resources: ['*'] });

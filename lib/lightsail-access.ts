import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { INVENTORY_ACTIONS, KIND_FACTS } from '../lambda/kinds/kind-metadata';

/**
 * Permission to list snapshots and their sources, and to read a source by name, operation by operation: never `Get*`,
 * which would hand out database passwords and access details. All kinds, whatever the configuration says, since a
 * snapshot's source can be of another kind. Lightsail knows no resource-level permission for these.
 */
export function readStatement(): PolicyStatement {
  const reads = Object.values(KIND_FACTS).flatMap(({ actions }) => [...actions.list, actions.confirm]);
  return new PolicyStatement({ actions: [...INVENTORY_ACTIONS, ...reads], resources: ['*'] });
}

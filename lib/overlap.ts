import { Annotations, Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import type { Config } from '../lambda/core/policy/config';
import { refusedProperty } from './refused-property';

/** What a deployment reads, and whether it can delete. */
export interface Reach {
  /** May be known at deployment only. */
  readonly account: string;
  readonly regions: Config['regions'];
  readonly kinds: Config['kinds'];
  readonly deletes: boolean;
}

const share = <T>(one: readonly T[], other: readonly T[]): boolean => one.some((each) => other.includes(each));

function overlap(one: Reach, other: Reach): boolean {
  const isSameRegion = one.regions === 'all' || other.regions === 'all' || share(one.regions, other.regions);
  return one.account === other.account && isSameRegion && share(one.kinds, other.kinds);
}

/**
 * Warns of another deployment of the app that reads the same snapshots. Refuses it where both delete: the floors of one
 * policy do not hold against the other.
 */
export function checkOverlap(
  scope: IConstruct,
  own: Reach,
  others: readonly (IConstruct & { readonly reach: Reach })[],
): void {
  const other = others.find(({ reach }) => overlap(own, reach));
  if (other === undefined) return;
  const both = `it reads snapshots that ${other.node.path} reads too`;
  const remedy = 'give each regions or kinds of its own, or deploy one with rules for all';
  // Stacks without an account may be deployed to two.
  if (own.deletes && other.reach.deletes && !Token.isUnresolved(own.account))
    throw refusedProperty(
      'deletion',
      `deletion: ${both}, and both delete: what one keeps the other may delete; expected one of them to delete: ${remedy}`,
    );
  Annotations.of(scope).addWarningV2(
    'lightsail-retention:overlap',
    `${both}: if both are deployed to one account, every report comes twice; ${remedy}`,
  );
}

import { Stack } from 'aws-cdk-lib';
import { type Conditions, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import type { Config } from '../lambda/core/policy/config';
import { KIND_FACTS } from '../lambda/kinds/kind-metadata';
import { acknowledgeWildcard } from './acknowledge';

/**
 * Holds of these forms end on a day, in a zone that a policy does not know: whether one is in force, the code
 * evaluates.
 */
const DATED = ['until ????-??-??', '????-??-??'];

/** A stack that owns a snapshot marks it with this, among others. */
const OWNED = 'aws:cloudformation:stack-name';

const DELETES = Object.values(KIND_FACTS).map(({ actions }) => actions.delete);

const tagCondition = (key: string): string => `aws:ResourceTag/${key}`;

/**
 * All of them in one word. A denial may reach further than what is allowed, and IAM counts the characters of a role's
 * policies.
 */
const ANY_DELETE = ['lightsail:Delete*Snapshot'];

/** The most hold tags whose denials have a name and spell out each delete. */
const MAX_SPELLED_OUT = 10;

/** Denials of deleting what is held, whatever allows it: a tag key each. A hold with a date is left to the code. */
function holds({ tagPrefix, holdTags }: Pick<Config, 'tagPrefix' | 'holdTags'>): readonly PolicyStatement[] {
  const dated = [...new Set(['retention:hold', `${tagPrefix}:hold`])];
  const plain = [OWNED, ...holdTags].filter((key) => !dated.includes(key));
  const isShort = plain.length > MAX_SPELLED_OUT;
  const denied = (sid: string, conditions: Conditions): PolicyStatement =>
    new PolicyStatement({
      ...(isShort ? {} : { sid }),
      effect: Effect.DENY,
      actions: isShort ? ANY_DELETE : DELETES,
      resources: ['*'],
      conditions,
    });
  return [
    ...dated.map((key, index) =>
      denied(`HeldByTag${index}`, {
        Null: { [tagCondition(key)]: 'false' },
        StringNotLike: { [tagCondition(key)]: DATED },
      }),
    ),
    ...plain.map((key, index) => denied(`HeldAsWell${index}`, { Null: { [tagCondition(key)]: 'false' } })),
  ];
}

/**
 * Permission to carry out plans: the reads that a deletion makes, operation by operation, and the three snapshot
 * deletes, on snapshots of this account alone, never under a hold. The code's own check is the lock; this one holds
 * should the code be wrong.
 */
export function deletionStatements(
  role: IConstruct,
  config: Pick<Config, 'tagPrefix' | 'holdTags'>,
): readonly PolicyStatement[] {
  const { account, partition } = Stack.of(role);
  const kinds = Object.values(KIND_FACTS);
  const reads = kinds.flatMap(({ actions }) => [...actions.list, actions.confirm, ...actions.read]);
  const deletes = kinds.map(({ snapshotType, actions }) => {
    const [home, snapshots] = [`arn:${partition}:lightsail:*:${account}`, `:${snapshotType}/*`];
    acknowledgeWildcard(
      role,
      home,
      snapshots,
      'Which snapshots a plan will name is not known yet; those that are held are denied.',
    );
    return new PolicyStatement({ actions: [actions.delete], resources: [`${home}${snapshots}`] });
  });
  return [
    new PolicyStatement({ actions: ['lightsail:GetRegions', 'lightsail:GetOperation', ...reads], resources: ['*'] }),
    ...deletes,
    ...holds(config),
  ];
}

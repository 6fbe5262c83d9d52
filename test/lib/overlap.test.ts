import { Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { SnapshotRetention, type SnapshotRetentionProps } from '../../lib/snapshot-retention';
import { PROPS, quickApp } from './synthesized';

const HERE = { account: '111111111111', region: 'eu-central-1' };
const OWN = (more: object = {}): Pick<SnapshotRetentionProps, 'configuration'> => ({
  configuration: { origin: 'retention.yaml', config: { version: 1, ...more } },
});

/** The second of two deployments of one app, in a stack each. */
function second(
  one: Partial<SnapshotRetentionProps>,
  two: Partial<SnapshotRetentionProps>,
  there: object = HERE,
): Stack {
  const app = quickApp();
  new SnapshotRetention(new Stack(app, 'One', { env: HERE }), 'Retention', { ...PROPS, ...OWN(), ...one });
  const stack = new Stack(app, 'Two', { env: there });
  new SnapshotRetention(stack, 'Retention', { ...PROPS, ...OWN(), ...two });
  return stack;
}
const warningsOf = (stack: Stack): readonly string[] =>
  Annotations.fromStack(stack)
    .findWarning('*', Match.stringLikeRegexp('reads too'))
    .map(({ entry }) => String(entry.data));

describe('two deployments of one app over one account', () => {
  test.each<[string, Partial<SnapshotRetentionProps>]>([
    ['neither deletes', {}],
    ['one of them deletes', { deletion: 'automatic' }],
  ])('are warned of where %s', (_, two) => {
    expect(warningsOf(second({}, two))).toEqual([
      expect.stringMatching(/^it reads snapshots that One\/Retention reads too: .*every report comes twice/),
    ]);
  });

  test('are refused where both delete', () => {
    expect(() => second({ deletion: 'approve' }, { deletion: 'automatic' })).toThrow(
      /^deletion: it reads snapshots that One\/Retention reads too, and both delete: .*expected one of them to delete/,
    );
  });

  test.each<[string, Partial<SnapshotRetentionProps>, object]>([
    ['in two accounts', {}, { account: '222222222222', region: 'eu-central-1' }],
    ['of two regions', OWN({ regions: ['us-east-1'] }), HERE],
    ['of two kinds', OWN({ kinds: ['disk'] }), HERE],
  ])('are nothing to say of %s, whether they delete or not', (_, two, there) => {
    const one = OWN({ regions: ['eu-central-1'], kinds: ['instance'] });
    const both = { ...OWN({ regions: ['eu-central-1'], kinds: ['instance'] }), ...two, deletion: 'approve' } as const;
    expect(warningsOf(second({ ...one, deletion: 'approve' }, both, there))).toEqual([]);
  });

  test('are warned of and not refused where the accounts are known at deployment only', () => {
    const app = quickApp();
    const stacks = ['One', 'Two'].map((id) => {
      const stack = new Stack(app, id);
      new SnapshotRetention(stack, 'Retention', { ...PROPS, ...OWN(), deletion: 'approve' });
      return stack;
    });
    expect(stacks.map((stack) => warningsOf(stack).length)).toEqual([0, 1]);
  });
});

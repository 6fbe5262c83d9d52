import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { memberRoleTemplate } from '../../lib/member-role';
import { actionsByRole, actionsOfAws, identityStatements, type ResourcesOfTemplate } from '../../scripts/role-actions';
import {
  actionsOf,
  elsewhere,
  type GivenProps,
  ownKey,
  type Statement,
  statementsOf,
  synthesized,
} from './synthesized';

const GOLDEN = join(__dirname, '..', 'golden', 'role-actions.json');

const OWN = { origin: 'retention.yaml', config: { version: 1, tagPrefix: 'backup', holdTags: ['no_delete'] } };

const VARIANTS: Readonly<Record<string, GivenProps>> = {
  'report only': {},
  'report only, with a key': ownKey,
  'report only, with a bucket and a topic from elsewhere': elsewhere,
  'report only, not watched': { monitoring: 'off' },
  'report only, with the bill and events': {
    configuration: { origin: 'retention.yaml', config: { version: 1, report: { spend: true } } },
    events: true,
  },
  'report on an organization': {
    organization: { targets: ['arn:aws:organizations::123456789012:root/o-a1b2c3d4e5/r-ab12'] },
  },
  approve: { deletion: 'approve', configuration: OWN },
  'approve, with the dashboard': { deletion: 'approve', approval: 'dashboard', configuration: OWN },
  automatic: { deletion: 'automatic', configuration: OWN },
  'automatic, with a key': (stack) => ({ deletion: 'automatic', configuration: OWN, ...ownKey(stack) }),
  'automatic, with a bucket and a topic from elsewhere': (stack) => ({
    deletion: 'automatic',
    configuration: OWN,
    ...elsewhere(stack),
  }),
};

const templates: Readonly<Record<string, ResourcesOfTemplate>> = {
  ...Object.fromEntries(
    Object.entries(VARIANTS).map(([name, given]) => [name, synthesized(given).toJSON() as ResourcesOfTemplate]),
  ),
  'report only, in each account of an organization': memberRoleTemplate() as ResourcesOfTemplate,
};

const rolesOf = ({ Resources }: ResourcesOfTemplate): readonly string[] =>
  Object.keys(Resources).filter((id) => Resources[id]?.Type === 'AWS::IAM::Role');

describe('what each role may do, of all actions that AWS has', () => {
  test('is what the golden file lists, in every variant', async () => {
    const found: Record<string, unknown> = {};
    for (const [name, template] of Object.entries(templates)) found[name] = await actionsByRole(template);
    const text = `${JSON.stringify(found, null, 2)}\n`;
    if (process.env.UPDATE_GOLDENS !== undefined) writeFileSync(GOLDEN, text);
    expect(JSON.parse(readFileSync(GOLDEN, 'utf8'))).toEqual(found);
  });

  test('is read from a reference that knows AWS: thousands of actions, among them each that is named here', async () => {
    const known = await actionsOfAws();
    expect(known.size).toBeGreaterThan(20_000);
    const named = Object.values(templates).flatMap((template) =>
      rolesOf(template).flatMap((role) => (identityStatements(template, role) as Statement[]).flatMap(actionsOf)),
    );
    const spelling = new Set([...known.keys()].map((action) => action.toLowerCase()));
    expect([...new Set(named)].filter((action) => !spelling.has(action.toLowerCase()))).toEqual([]);
    expect(named.length).toBeGreaterThan(100);
  });

  test('leaves every change in Lightsail to the deletion role', async () => {
    for (const [name, template] of Object.entries(templates))
      for (const [role, { changes }] of Object.entries(await actionsByRole(template)))
        expect([name, role, changes.filter((action) => action.startsWith('lightsail:'))]).toEqual([
          name,
          role,
          role === 'RetentionDeletionRole'
            ? [
                'lightsail:DeleteDiskSnapshot',
                'lightsail:DeleteInstanceSnapshot',
                'lightsail:DeleteRelationalDatabaseSnapshot',
              ]
            : [],
        ]);
  });
});

const ACCOUNT = '123456789012';
const arn = (type: string, account = ACCOUNT): string => `arn:aws:lightsail:eu-central-1:${account}:${type}/0a1b`;
const OWN_SNAPSHOTS: Readonly<Record<string, string>> = {
  'lightsail:DeleteInstanceSnapshot': arn('InstanceSnapshot'),
  'lightsail:DeleteDiskSnapshot': arn('DiskSnapshot'),
  'lightsail:DeleteRelationalDatabaseSnapshot': arn('RelationalDatabaseSnapshot'),
};
const RESOURCES: readonly string[] = [
  ...Object.values(OWN_SNAPSHOTS),
  ...['Instance', 'Disk', 'RelationalDatabase', 'Bucket', 'Domain', 'StaticIp', 'KeyPair'].map((type) => arn(type)),
  ...['InstanceSnapshot', 'DiskSnapshot', 'RelationalDatabaseSnapshot'].map((type) => arn(type, '210987654321')),
  '*',
];
const TAGS: Readonly<Record<string, readonly [tags: Readonly<Record<string, string>>, isHeld: boolean]>> = {
  'no tags': [{}, false],
  'other tags': [{ env: 'prod', 'backup:policy': 'short' }, false],
  'a hold without end': [{ 'retention:hold': '' }, true],
  'a hold under the own prefix': [{ 'backup:hold': 'forever' }, true],
  'a hold through a day, which the code evaluates': [{ 'retention:hold': 'until 2027-01-31' }, false],
  'a hold tag of the configuration': [{ no_delete: '2027-01-31' }, true],
  'the tag of a CloudFormation stack': [{ 'aws:cloudformation:stack-name': 'shop' }, true],
};

/** `*` and `?` as IAM reads them. */
const like = (pattern: string, value: string, flags = ''): boolean =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    flags,
  ).test(value);

/** A resource of a statement, with this account and partition for their references; another reference is no snapshot. */
function resourcesOf({ Resource }: Statement): readonly string[] {
  return [Resource].flat().map((each) => {
    const parts = (each as { 'Fn::Join'?: [string, unknown[]] })?.['Fn::Join']?.[1] ?? [each];
    return parts
      .map((part) => {
        if (typeof part === 'string') return part;
        const { Ref } = part as { Ref?: string };
        if (Ref === 'AWS::AccountId') return ACCOUNT;
        return Ref === 'AWS::Partition' ? 'aws' : 'another-resource';
      })
      .join('');
  });
}

/** Whether every operator holds for every one of its keys. A negated one holds where the key is absent. */
function holds({ Condition = {} }: Statement, tags: Readonly<Record<string, string>>): boolean {
  return Object.entries(Condition).every(([operator, keys]) =>
    Object.entries(keys).every(([key, expected]) => {
      const value = tags[key.replace('aws:ResourceTag/', '')];
      if (operator === 'Null') return (value === undefined) === (expected === 'true');
      if (operator === 'StringNotLike')
        return value === undefined || ![expected].flat().some((pattern) => like(pattern, value));
      throw new Error(`a statement about Lightsail has the condition ${operator}, which this test does not evaluate`);
    }),
  );
}

const matches = (statement: Statement, action: string, resource: string): boolean =>
  actionsOf(statement).some((pattern) => like(pattern, action, 'i')) &&
  resourcesOf(statement).some((pattern) => like(pattern, resource));

function isAllowed(
  statements: readonly Statement[],
  action: string,
  resource: string,
  tags: Readonly<Record<string, string>>,
): boolean {
  const struck = statements.filter((statement) => matches(statement, action, resource) && holds(statement, tags));
  return struck.some(({ Effect }) => Effect === 'Allow') && !struck.some(({ Effect }) => Effect === 'Deny');
}

describe.each(Object.entries(templates))(
  'every change in Lightsail, on every kind of resource: %s',
  (name, template) => {
    test('is denied but for the delete of a snapshot of this account that no tag holds, by the deletion role', async () => {
      const changes = [...(await actionsOfAws())].filter(
        ([action, does]) => action.startsWith('lightsail:') && does === 'changes',
      );
      expect(changes.length).toBeGreaterThan(80);
      let allowed = 0;
      for (const role of rolesOf(template)) {
        const statements = statementsOf(identityStatements(template, role)).filter((statement) =>
          actionsOf(statement).some((action) => /^(lightsail:|\*)/i.test(action)),
        );
        for (const [action] of changes)
          for (const resource of RESOURCES)
            for (const [tagged, [tags, isHeld]] of Object.entries(TAGS)) {
              const right = role.startsWith('RetentionDeletionRole') && OWN_SNAPSHOTS[action] === resource && !isHeld;
              const may = isAllowed(statements, action, resource, tags);
              if (may) allowed += 1;
              if (may !== right)
                expect([role, action, resource, tagged, may]).toEqual([role, action, resource, tagged, right]);
            }
      }
      // Three kinds, each without a tag that holds: three of the cases above.
      expect(allowed).toBe(name.startsWith('report') ? 0 : 9);
    });
  },
);

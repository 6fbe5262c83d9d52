import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KINDS } from '../../lambda/core/snapshot/snapshot';
import { DELETE_COMMANDS } from '../../lambda/kinds/delete-commands';
import { INVENTORY_ACTIONS, KIND_FACTS, OPERATION_ACTIONS } from '../../lambda/kinds/kind-metadata';
import { snapshotKinds } from '../../lambda/kinds/registry';

describe('the facts of the kinds', () => {
  it('name the ARN types and the IAM actions of each kind, read and delete apart', () => {
    expect(KIND_FACTS.database).toEqual({
      kind: 'database',
      sourceType: 'RelationalDatabase',
      snapshotType: 'RelationalDatabaseSnapshot',
      actions: {
        list: ['lightsail:GetRelationalDatabaseSnapshots', 'lightsail:GetRelationalDatabases'],
        confirm: 'lightsail:GetRelationalDatabase',
        read: ['lightsail:GetRelationalDatabaseSnapshot'],
        delete: 'lightsail:DeleteRelationalDatabaseSnapshot',
      },
    });
  });

  it('name no action for reading that does more than read, and none by a pattern', () => {
    const reading = [
      ...KINDS.flatMap((kind) => [
        ...KIND_FACTS[kind].actions.list,
        KIND_FACTS[kind].actions.confirm,
        ...KIND_FACTS[kind].actions.read,
      ]),
      ...INVENTORY_ACTIONS,
      ...OPERATION_ACTIONS,
    ];
    expect(reading.filter((action) => !/^lightsail:Get[A-Za-z]+$/.test(action))).toEqual([]);
    expect(new Set(reading).size).toBe(reading.length);
  });

  it('name what the deletion sends: the snapshot of the kind, never its source', () => {
    for (const kind of KINDS) {
      const command = DELETE_COMMANDS[kind]('victim');
      expect(`lightsail:${command.constructor.name}`).toBe(`${KIND_FACTS[kind].actions.delete}Command`);
      expect(command.constructor.name).toMatch(/SnapshotCommand$/);
      expect(Object.values(command.input)).toEqual(['victim']);
    }
  });

  it('name what the registry lists', () => {
    const kinds = snapshotKinds();
    for (const kind of KINDS) {
      const { operations } = kinds[kind];
      expect([operations.listSnapshots, operations.listSources].map((name) => `lightsail:${name}`)).toEqual(
        KIND_FACTS[kind].actions.list,
      );
      expect(kinds[kind].kind).toBe(kind);
    }
  });

  it('can be had without loading an SDK', () => {
    const text = readFileSync(join(__dirname, '../../lambda/kinds/kind-metadata.ts'), 'utf8');
    expect([...text.matchAll(/from '([^']+)'/g)].map((match) => match[1])).toEqual(['../core/snapshot/snapshot']);
  });
});

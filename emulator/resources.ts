import type { List } from './account';

/** One resource type: its list, how it is read and deleted by name, and the members of those calls. */
export interface Resource {
  readonly type: string;
  readonly list: List;
  readonly listOperation: string;
  readonly getOperation: string;
  /** Null: not deleted by the operations that are emulated. */
  readonly deleteOperation: string | null;
  /** Input member that names the resource. */
  readonly nameMember: string;
  /** Output member of the single read. */
  readonly member: string;
}

const resource = (type: string, deletable: boolean): Resource => {
  const member = type.charAt(0).toLowerCase() + type.slice(1);
  return {
    type,
    list: `${member}s` as List,
    listOperation: `Get${type}s`,
    getOperation: `Get${type}`,
    deleteOperation: deletable ? `Delete${type}` : null,
    nameMember: `${member}Name`,
    member,
  };
};

/** The resource types, snapshots first: the order in which a bare name is looked up. */
export const RESOURCES: readonly Resource[] = [
  resource('InstanceSnapshot', true),
  resource('DiskSnapshot', true),
  resource('RelationalDatabaseSnapshot', true),
  resource('Instance', false),
  resource('Disk', false),
  resource('RelationalDatabase', false),
];

const BY_LIST = new Map(RESOURCES.map((each) => [each.list, each]));

/** The resource type that a list holds. */
export function resourceOf(list: List): Resource {
  const found = BY_LIST.get(list);
  if (!found) throw new Error(`no resource type has the list ${list}`);
  return found;
}

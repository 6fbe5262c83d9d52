import type { FaultInput } from '../../emulator/fault';
import { instanceRow, instanceSnapshotRow } from '../../emulator/rows';
import { ACCOUNT, aged, aSpec, CONFIG, HERE, outcomes, type Rig, startRig, upTo } from './rig';

/**
 * `web`, held, behind five others in the list of instances; six snapshots each of `web` and of `left`, an instance that
 * is gone.
 */
const account = () => {
  const [web, left] = [aSpec('web'), aSpec('left')];
  const others = ['a', 'b', 'c', 'd', 'e'].map((name) => instanceRow(aSpec(name)));
  const held = { ...instanceRow(web), tags: [{ key: 'retention:hold' }] };
  return {
    accountId: ACCOUNT,
    regions: [HERE],
    data: {
      [HERE]: { instances: [...others, held], instanceSnapshots: [...aged(web, upTo(6)), ...aged(left, upTo(6))] },
    },
  };
};

const GONE = ['left-04', 'left-05', 'left-06'];
const HELD = ['web-04', 'web-05', 'web-06'];

describe('a living, held source that its list does not show', () => {
  let rig: Rig;

  beforeEach(async () => {
    rig = await startRig(account());
    rig.emulator.pageSize = 2;
  });
  afterEach(() => rig.close());

  /** Makes a plan that lists the snapshots of `web` too: the hold is put on it later. */
  async function plan(): Promise<void> {
    rig.emulator.world.untag(HERE, 'web', ['retention:hold'], 'instances');
    const made = await rig.plan();
    expect(made.plan.items.map(({ name }) => name).sort()).toEqual([...GONE, ...HELD]);
    rig.emulator.world.tag(HERE, 'web', [{ key: 'retention:hold' }], 'instances');
  }

  const LIST = { operations: 'GetInstances', regions: HERE } as const;
  it.each<[string, readonly FaultInput[]]>([
    ['leaves it out', [{ fault: 'omit', rows: 'web', ...LIST }]],
    ['leaves everything out', [{ fault: 'omit', rows: '*', ...LIST }]],
    ['is without its last pages, because it lags', [{ fault: 'omit', rows: ['c', 'd', 'e', 'web'], ...LIST }]],
    ['moves up while its first reading is paged', [{ fault: 'shift', ...LIST, after: 2, times: 1 }]],
    ['moves up in each of its readings', [{ fault: 'shift', ...LIST, after: 2, every: 3 }]],
    ['moves up before each page', [{ fault: 'shift', ...LIST, after: 1, times: 4 }]],
  ])('keeps its snapshots when a plan that lists them is applied and the list %s', async (_, faults) => {
    await plan();
    rig.emulator.setFaults(faults);
    const result = await rig.apply();
    expect(outcomes(result)).toEqual({
      ...Object.fromEntries(GONE.map((name) => [name, 'deleted'])),
      ...Object.fromEntries(HELD.map((name) => [name, 'spared hold'])),
    });
    expect(rig.names().filter((name) => name.startsWith('web'))).toHaveLength(6);
  });

  it('keeps its snapshots in a report, whose plan does not list them', async () => {
    rig.emulator.setFaults([{ fault: 'omit', rows: '*', ...LIST }]);
    expect((await rig.plan()).plan.items.map(({ name }) => name)).toEqual(GONE);
  });

  it.each<[string, FaultInput]>([
    ['is denied', { fault: 'deny', operations: 'GetInstance', names: 'web', by: 'nothing-allows' }],
    ['fails', { fault: 'error', code: 'ServiceException', operations: 'GetInstance', names: 'web' }],
  ])('keeps its snapshots as unconfirmed where reading it by name %s, and the others are deleted', async (_, fault) => {
    await plan();
    rig.emulator.setFaults([{ fault: 'omit', rows: '*', ...LIST }, fault]);
    const result = await rig.apply();
    expect(outcomes(result)).toEqual({
      ...Object.fromEntries(GONE.map((name) => [name, 'deleted'])),
      ...Object.fromEntries(HELD.map((name) => [name, 'spared source.unconfirmed'])),
    });
  });
});

it('a source that is gone is read by name in every apply', async () => {
  const rig = await startRig(account());
  const asked = () =>
    rig.emulator.requests.list().filter(({ operation, name }) => operation === 'GetInstance' && name === 'left');
  try {
    await rig.plan();
    rig.emulator.requests.clear();
    await rig.prepare();
    await rig.prepare();
    expect(asked()).toHaveLength(2);
  } finally {
    await rig.close();
  }
});

it('a rule for orphaned snapshots does not reach those of a living source that its list does not show', async () => {
  const rig = await startRig(account());
  try {
    const config = {
      ...CONFIG,
      rules: [
        {
          name: 'orphans',
          policy: 'standard',
          matches: ({ orphaned }: { readonly orphaned: boolean | null }) => orphaned === true,
        },
      ],
      defaultPolicy: null,
    } as typeof CONFIG;
    rig.emulator.world.untag(HERE, 'web', ['retention:hold'], 'instances');
    rig.emulator.setFaults([{ fault: 'omit', rows: '*', operations: 'GetInstances' }]);
    expect((await rig.plan(config)).plan.items.map(({ name }) => name)).toEqual(GONE);
  } finally {
    await rig.close();
  }
});

it('a snapshot that does not name its source keeps its group, because the source cannot be read by name', async () => {
  const left = aSpec('left');
  const nameless = upTo(6).map((age) => {
    const { fromInstanceName: _, ...row } = instanceSnapshotRow(left, {
      name: `left-${age}`,
      createdAt: Date.now() - age * 86_400_000,
    });
    return row;
  });
  const rig = await startRig({
    accountId: ACCOUNT,
    regions: [HERE],
    data: { [HERE]: { instanceSnapshots: nameless } },
  });
  try {
    expect((await rig.plan()).plan.items).toEqual([]);
  } finally {
    await rig.close();
  }
});

it('a snapshot whose source is there with its ARN in other letter case is kept: nothing tells whether it is the same', async () => {
  const [web, left] = [aSpec('web'), aSpec('left')];
  const held = { ...instanceRow(web), tags: [{ key: 'retention:hold' }] };
  const shouting = aged(web, upTo(6)).map((row) => ({
    ...row,
    fromInstanceArn: String(row.fromInstanceArn).replace(/[^/]+$/, (id) => id.toUpperCase()),
  }));
  const data = { [HERE]: { instances: [held], instanceSnapshots: [...shouting, ...aged(left, upTo(6))] } };
  const rig = await startRig({ accountId: ACCOUNT, regions: [HERE], data });
  try {
    expect((await rig.plan()).plan.items.map(({ name }) => name)).toEqual(GONE);
  } finally {
    await rig.close();
  }
});

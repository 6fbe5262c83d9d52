import type { FaultInput } from '../../emulator/fault';
import type { Emulator } from '../../emulator/server';
import { startDeadline } from '../../lambda/aws/deadline';
import { movedUp, readSnapshotList } from '../../lambda/aws/read-snapshot-list';
import type { SnapshotRecord } from '../../lambda/core/snapshot/snapshot-record';
import { arn, namesOf, rows, scopeOf, smallAccount, withEmulator } from './reading';

const HERE = 'eu-central-1';
const LIST = 'GetInstanceSnapshots';
const here = (fault: object): FaultInput => ({ regions: HERE, operations: LIST, ...fault }) as FaultInput;

const withSnapshots = (count: number) =>
  smallAccount({ [HERE]: { instanceSnapshots: rows(HERE, 'instanceSnapshots', count, 'snap') } });
/** Seven instance snapshots in Frankfurt, on four pages. */
const SEVEN = withSnapshots(7);
const snaps = (...numbers: readonly number[]): string[] => numbers.map((number) => `snap-${number}`);
const ONLY = { regions: [HERE], kinds: ['instance'] } as const;

describe('a first page that is read again', () => {
  it.each([
    ['is the same', 'abc', 'abc', false],
    ['has new rows at the front', 'abc', 'nab', false],
    ['has as many new rows as fit before one that stayed', 'abc', 'mna', false],
    ['is shorter, because the end of the list is gone', 'abc', 'ab', false],
    ['is empty, because the list is', 'abc', '', false],
    ['has a row that follows one that stayed', 'abc', 'acd', true],
    ['begins with its second row', 'abc', 'bcd', true],
    ['has a new row at the front and lacks one before one that stayed', 'abc', 'nac', true],
    ['has none of its rows any longer', 'abc', 'def', true],
    ['has a new row between two that stayed', 'abc', 'axb', true],
    ['lacks a row of a list that is shorter now', 'abc', 'ac', true],
    ['had no row at first', '', 'abc', false],
  ])('%s: %s and then %s: rows moved up: %s', (_, before, now, expected) => {
    expect(movedUp([...before], [...now])).toBe(expected);
  });
});

describe('a snapshot list that changes while it is read', () => {
  it('is read again when a row of the first page is deleted, so that no row is missing', () =>
    withEmulator(
      { account: SEVEN, faults: [here({ fault: 'shift', after: 1, times: 1 })] },
      async ({ read, emulator }) => {
        const { inventory } = await read(ONLY);
        expect(namesOf(inventory)).toEqual(snaps(2, 3, 4, 5, 6, 7));
        expect(inventory.problems).toEqual([]);
        expect(inventory.complete).toBe(true);
        expect(scopeOf(inventory, HERE, 'instance')).toMatchObject({ status: 'read', pages: 3, snapshots: 6 });
        // Twice three pages and the first again.
        expect(emulator.requests.count(LIST, HERE)).toBe(2 * (3 + 1));
      },
    ));

  it.each([1, 2])('is read again when the whole first page vanishes while page %d is read', (after) =>
    withEmulator({ account: SEVEN, faults: [here({ fault: 'shift', rows: 2, after, times: 1 })] }, async ({ read }) => {
      const { inventory } = await read(ONLY);
      expect(namesOf(inventory)).toEqual(snaps(3, 4, 5, 6, 7));
      expect(inventory.problems).toEqual([]);
    }),
  );

  it('is not read again for new rows at the front', () =>
    withEmulator({ account: SEVEN }, async ({ read, emulator }) => {
      let calls = 0;
      emulator.before(LIST, () => {
        calls += 1;
        const list = emulator.world.rows(HERE, 'instanceSnapshots') as { name: string }[];
        if (calls === 3)
          list.unshift({ ...list[0], name: 'new', arn: arn(HERE, 'InstanceSnapshot', 99) } as { name: string });
      });
      const { inventory } = await read(ONLY);
      // Rows that were pushed to the next page came twice, and count once; the new one is in the next report.
      expect(namesOf(inventory)).toEqual(snaps(1, 2, 3, 4, 5, 6, 7));
      expect(inventory.problems).toEqual([]);
      expect(emulator.requests.count(LIST, HERE)).toBe(4 + 1);
    }));

  it('counts as read after three readings, with one problem, and has what any of them had', () =>
    withEmulator({ account: withSnapshots(9) }, async ({ read, emulator }) => {
      // Before each first page that ends a reading, the first row goes.
      const first = () => emulator.world.rows(HERE, 'instanceSnapshots')[0]?.name ?? '';
      let calls = 0;
      emulator.before(LIST, ({ body }) => {
        calls += 1;
        if (!body.includes('pageToken') && calls > 1) emulator.world.remove(HERE, 'instanceSnapshots', first());
      });
      const { inventory, progress } = await read(ONLY);
      expect(inventory.problems).toEqual([
        { code: 'list.changing', arn: null, message: expect.stringContaining(`instance snapshots in ${HERE} changed`) },
      ]);
      expect(inventory.complete).toBe(true);
      expect(scopeOf(inventory, HERE, 'instance').status).toBe('read');
      expect(namesOf(inventory)).toEqual(snaps(1, 2, 3, 4, 5, 6, 7, 8, 9));
      const counted = progress.flatMap((event) => (event.event === 'page' ? [event.snapshots] : []));
      expect(counted.reduce((sum, snapshots) => sum + snapshots, 0)).toBe(9);
    }));

  it('of one page is read once', () =>
    withEmulator({ account: SEVEN, pageSize: 7 }, async ({ read, emulator }) => {
      await read(ONLY);
      expect(emulator.requests.count(LIST, HERE)).toBe(1);
      expect(emulator.requests.count('GetInstances', HERE)).toBe(1);
    }));

  it.each([
    ['is refused', { fault: 'error', code: 'AccessDeniedException' }, 'AccessDeniedException'],
    ['comes without its list', { fault: 'shape', dropList: true }, 'inventory.absent-list'],
  ])('is not read where its first page %s the second time; what was read stays', (_, fault, code) =>
    withEmulator({ account: SEVEN, faults: [here({ ...fault, after: 4 })] }, async ({ read }) => {
      const { inventory } = await read(ONLY);
      expect(scopeOf(inventory, HERE, 'instance')).toMatchObject({
        status: 'failed',
        pages: 4,
        snapshots: 7,
        error: { code },
      });
      expect(inventory.complete).toBe(false);
    }),
  );

  it('keeps what its first reading had where the second one fails', () =>
    withEmulator(
      {
        account: SEVEN,
        faults: [
          here({ fault: 'shift', after: 4, times: 1 }),
          here({ fault: 'error', code: 'AccessDeniedException', after: 6 }),
        ],
      },
      async ({ read }) => {
        const { inventory } = await read(ONLY);
        expect(scopeOf(inventory, HERE, 'instance')).toMatchObject({ status: 'failed', snapshots: 7 });
      },
    ));
});

describe('a first page without rows', () => {
  const row = (name: string) =>
    ({ arn: name, name, kind: 'instance', region: HERE, hasContentOf: () => true }) as unknown as SnapshotRecord;

  it.each([
    ['at first', [true]],
    ['when it is read again', [false, true]],
    ['each time', [true, true, true]],
  ])('is not the one that is compared, %s', async (_, empties) => {
    let names = ['a', 'b', 'c', 'd', 'e'];
    let walks = 0;
    const list = await readSnapshotList({
      operation: LIST,
      async ask(token) {
        if (token === null && empties[walks++] === true) return { rows: [], next: 'first' };
        const from = token === null || token === 'first' ? 0 : Number(token);
        const page = names.slice(from, from + 2).map(row);
        const next = from + 2 < names.length ? String(from + 2) : null;
        // As soon as the first page was read, its first row goes: the third moves up to it.
        if (from === 0) names = names.filter((name) => name !== 'a');
        return { rows: page, next };
      },
      deadline: startDeadline(null, Date.now),
      maxPages: 100,
      onPage: () => undefined,
      onPageAgain: () => undefined,
    });
    expect(list).toMatchObject({ error: null, changing: false });
    expect(list.snapshots.map(({ name }) => name)).toEqual(['b', 'c', 'd', 'e']);
  });
});

describe('a source list of more than one page', () => {
  const sources = smallAccount({ [HERE]: { instances: rows(HERE, 'instances', 5, 'web') } });

  it.each([1, 2])('is read twice, so that a source which moves up while page %d is read is not missing', (after) =>
    withEmulator(
      { account: sources, faults: [{ fault: 'shift', operations: 'GetInstances', regions: HERE, after, times: 1 }] },
      async ({ read, emulator }) => {
        const { inventory } = await read(ONLY);
        // The first one was deleted meanwhile: it was there when the reading began.
        for (const n of [1, 2, 3, 4, 5]) expect(inventory.sources(arn(HERE, 'Instance', n)).state).toBe('exists');
        expect(emulator.requests.count('GetInstances', HERE)).toBe(after + 1 + 2);
        expect(inventory.complete).toBe(true);
      },
    ),
  );

  it('has a source whose tags change between the two readings as unread: one of them could be a hold', () =>
    withEmulator({ account: sources }, async ({ read, emulator }) => {
      let calls = 0;
      emulator.before('GetInstances', () => {
        calls += 1;
        if (calls === 4) emulator.world.tag(HERE, 'web-4', [{ key: 'retention:hold' }], 'instances');
      });
      const { inventory } = await read(ONLY);
      expect(inventory.sources(arn(HERE, 'Instance', 4)).state).toBe('unread');
      expect(inventory.problems).toMatchObject([{ code: 'source.unread', arn: arn(HERE, 'Instance', 4) }]);
    }));

  it.each([
    ['is refused', { fault: 'error', code: 'AccessDeniedException' }, 'AccessDeniedException'],
    ['comes without its list', { fault: 'shape', dropList: true }, 'inventory.absent-list'],
  ])('is not read where the second reading %s', (_, fault, code) =>
    withEmulator(
      { account: sources, faults: [{ ...fault, operations: 'GetInstances', regions: HERE, after: 3 } as FaultInput] },
      async ({ read }) => {
        const { inventory } = await read(ONLY);
        expect(scopeOf(inventory, HERE, 'instance')).toMatchObject({ sources: 'failed', error: { code } });
        expect(inventory.sources(arn(HERE, 'Instance', 1)).state).toBe('unread');
      },
    ),
  );
});

/** What asking by name says of the first instance in Frankfurt, and of what has no such name. */
async function asked(emulator: Emulator, names: readonly string[], n = 1): Promise<object | undefined> {
  const { makeAskSources } = await import('../../lambda/aws/ask-sources');
  const { makeLightsailClients } = await import('../../lambda/aws/lightsail-client');
  const { snapshotKinds } = await import('../../lambda/kinds/registry');
  const { FAST } = await import('./reading');
  const config = { endpoint: emulator.url, credentials: { accessKeyId: 'key', secretAccessKey: 'secret' } };
  const clients = makeLightsailClients({ config, pace: { ...FAST, attempts: 3 } });
  const ask = makeAskSources({ kinds: snapshotKinds, clients, clock: Date.now, until: null });
  const source = arn(HERE, 'Instance', n);
  return (await ask([{ arn: source, names }])).get(source);
}

describe('a source that is asked for by name', () => {
  const GET = { operations: 'GetInstance', regions: HERE } as const;

  it('exists, with its name and its tags, though no list has it', () =>
    withEmulator({ faults: [{ fault: 'omit', rows: '*' }] }, async ({ emulator }) => {
      expect(await asked(emulator, ['web-1'])).toEqual({
        state: 'exists',
        name: 'web-1',
        tags: new Map([['env', 'prod']]),
      });
    }));

  it.each(['NotFoundException', 'DoesNotExist'])('is gone where the service says %s', (code) =>
    withEmulator({ faults: [{ fault: 'error', code, ...GET }] }, async ({ emulator }) => {
      expect(await asked(emulator, ['web-1'])).toEqual({ state: 'gone' });
    }),
  );

  it('is gone where another has its name', () =>
    withEmulator({}, async ({ emulator }) => {
      expect(await asked(emulator, ['web-1'], 7)).toEqual({ state: 'gone' });
    }));

  it('exists where one of the names that snapshots give it is its own', () =>
    withEmulator({}, async ({ emulator }) => {
      expect(await asked(emulator, ['former', 'web-1'])).toMatchObject({ state: 'exists', name: 'web-1' });
    }));

  it.each<[string, FaultInput]>([
    ['permission is missing', { fault: 'deny', by: 'nothing-allows', ...GET }],
    ['the service stays down', { fault: 'error', code: 'ServiceException', ...GET }],
    ['it is throttled for too long', { fault: 'throttle', ...GET }],
    ['the connection is cut', { fault: 'reset', ...GET }],
    ['a proxy answers', { fault: 'answer', status: 200, body: '<html>', ...GET }],
    ['the name is refused', { fault: 'error', code: 'InvalidInputException', ...GET }],
    [
      'the answer names no resource',
      { fault: 'answer', status: 200, body: '{}', contentType: 'application/x-amz-json-1.1', ...GET },
    ],
    ['the answer has no ARN', { fault: 'shape', drop: ['arn'], ...GET }],
    ['the answer has another name', { fault: 'shape', add: { name: 'web-2' }, ...GET }],
    [
      'the answer has another name and another ARN',
      { fault: 'shape', add: { name: 'web-2', arn: arn(HERE, 'Instance', 9) }, ...GET },
    ],
    [
      'the answer has another ARN and no name',
      { fault: 'shape', drop: ['name'], add: { arn: arn(HERE, 'Instance', 9) }, ...GET },
    ],
    ['the answer has the ARN of a disk', { fault: 'shape', add: { arn: arn(HERE, 'Disk', 9) }, ...GET }],
    [
      'the answer has an ARN of another region',
      { fault: 'shape', add: { arn: arn('us-east-1', 'Instance', 9) }, ...GET },
    ],
    [
      'the answer has an ARN of another account',
      { fault: 'shape', add: { arn: arn(HERE, 'Instance', 9).replace('123456789012', '999999999999') }, ...GET },
    ],
    [
      'its tags contradict each other',
      { fault: 'shape', add: { tags: [{ key: 'a', value: '1' }, { key: 'a' }] }, ...GET },
    ],
  ])('is unconfirmed where %s', (_, fault) =>
    withEmulator({ faults: [fault] }, async ({ emulator }) => {
      expect(await asked(emulator, ['web-1'])).toEqual({ state: 'unconfirmed', why: expect.stringMatching(/./) });
    }),
  );

  it('is asked for again after a throttle and a transient error', () =>
    withEmulator(
      {
        faults: [
          { fault: 'throttle', ...GET, times: 1 },
          { fault: 'error', code: 'ServiceException', ...GET, times: 1 },
        ],
      },
      async ({ emulator }) => {
        expect(await asked(emulator, ['web-1'])).toMatchObject({ state: 'exists' });
      },
    ));

  it('is unconfirmed where no snapshot names it: it cannot be asked for', () =>
    withEmulator({}, async ({ emulator }) => {
      expect(await asked(emulator, [])).toEqual({
        state: 'unconfirmed',
        why: expect.stringContaining('do not name it'),
      });
    }));
});

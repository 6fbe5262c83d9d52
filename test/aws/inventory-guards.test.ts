import { arn, namesIn, namesOf, notRead, rows, scopeOf, smallAccount, withEmulator } from './reading';

const HERE = 'eu-central-1';

describe('a list that cannot be trusted', () => {
  it.each(['GetInstanceSnapshots', 'GetInstances'])(
    'ends with a repeated token of %s: the scope is not read, the others are',
    (operation) =>
      withEmulator(
        { faults: [{ fault: 'tokens', mode: 'repeated', operations: operation, regions: HERE }] },
        async ({ read, emulator }) => {
          const { inventory } = await read();
          const scope = scopeOf(inventory, HERE, 'instance');
          expect(scope).toMatchObject(
            operation === 'GetInstances'
              ? { status: 'read', sources: 'failed' }
              : { status: 'failed', sources: 'read' },
          );
          expect(scope.error).toEqual({
            code: 'inventory.repeated-token',
            message: expect.stringContaining(operation),
          });
          expect(inventory.complete).toBe(false);
          expect(emulator.requests.count(operation, HERE)).toBe(2);
          expect(
            inventory.scopes.filter(({ status, sources }) => status === 'failed' || sources === 'failed'),
          ).toHaveLength(1);
        },
      ),
  );

  it('ends at the page limit when every page brings a fresh token', () =>
    withEmulator(
      { faults: [{ fault: 'tokens', mode: 'endless', operations: 'GetDiskSnapshots', regions: HERE }] },
      async ({ read, emulator }) => {
        const { inventory } = await read({}, { maxPages: 7 });
        expect(scopeOf(inventory, HERE, 'disk')).toMatchObject({
          status: 'failed',
          pages: 7,
          error: { code: 'inventory.page-limit' },
        });
        expect(emulator.requests.count('GetDiskSnapshots', HERE)).toBe(7);
      },
    ));

  it('is read when its pages are exactly as many as the limit', () =>
    withEmulator({}, async ({ read }) => {
      expect((await read({}, { maxPages: 3 })).inventory.complete).toBe(true);
      expect((await read({}, { maxPages: 2 })).inventory.complete).toBe(false);
    }));

  it('keeps what was read before it failed, and counts it', () =>
    withEmulator(
      {
        faults: [
          {
            fault: 'error',
            code: 'AccessDeniedException',
            operations: 'GetInstanceSnapshots',
            regions: HERE,
            after: 1,
          },
        ],
      },
      async ({ read }) => {
        const { inventory } = await read();
        expect(scopeOf(inventory, HERE, 'instance')).toMatchObject({ status: 'failed', pages: 1, snapshots: 2 });
        expect(inventory.snapshots.filter(({ region, kind }) => region === HERE && kind === 'instance')).toHaveLength(
          2,
        );
      },
    ));

  it('counts a row that appears on two pages once', () =>
    withEmulator({ faults: [{ fault: 'rows', mode: 'duplicate', operations: 'Get*Snapshots' }] }, async ({ read }) => {
      const { inventory } = await read();
      expect(namesOf(inventory)).toEqual(namesIn(smallAccount()));
      expect(inventory.problems).toEqual([]);
      expect(inventory.complete).toBe(true);
    }));

  it('keeps a row once that appears twice with different content, with a defect and one problem; the scope counts as read', () =>
    withEmulator(
      { faults: [{ fault: 'rows', mode: 'conflict', operations: 'GetInstanceSnapshots', regions: HERE }], pageSize: 3 },
      async ({ read }) => {
        const { inventory } = await read();
        expect(namesOf(inventory)).toEqual(namesIn(smallAccount()));
        const torn = inventory.snapshots.filter(({ defects }) => defects !== undefined);
        expect(torn.map(({ name, sizeGb }) => [name, sizeGb])).toEqual([[`web-${HERE}-3`, 40]]);
        expect(torn[0]?.defects).toEqual([{ code: 'snapshot.conflict', message: expect.any(String) }]);
        expect(inventory.problems).toEqual([
          { code: 'snapshot.conflict', arn: torn[0]?.arn, message: expect.stringContaining(`web-${HERE}-3`) },
        ]);
        expect(scopeOf(inventory, HERE, 'instance')).toMatchObject({ status: 'read', snapshots: 5 });
        expect(inventory.complete).toBe(true);
      },
    ));

  it.each([
    ['tags', { tags: [{ key: 'retention:hold' }] }],
    ['state', { state: 'pending' }],
    ['createdAt', { createdAt: 1_700_000_000 }],
    ['an attached disk', { fromAttachedDisks: [{ name: 'd', sizeInGb: 8 }] }],
  ])('sees that two rows of one ARN differ by %s', (_, difference) => {
    const [row = {}] = rows(HERE, 'instanceSnapshots', 1, 'web');
    return withEmulator(
      { account: smallAccount({ [HERE]: { instanceSnapshots: [row, { ...row, ...difference }] } }) },
      async ({ read }) => {
        const { inventory } = await read();
        const [snapshot] = inventory.snapshots.filter(({ region, kind }) => region === HERE && kind === 'instance');
        expect(snapshot?.defects).toHaveLength(1);
      },
    );
  });

  it('ignores members that it does not know', () =>
    withEmulator(
      { faults: [{ fault: 'shape', operations: 'Get*', add: { novel: { deep: [1] }, unheardOf: 'x' } }] },
      async ({ read }) => {
        const { inventory } = await read();
        expect(namesOf(inventory)).toEqual(namesIn(smallAccount()));
        expect(inventory.problems).toEqual([]);
      },
    ));

  it('takes an absent list of a single page for an empty one', () =>
    withEmulator(
      { faults: [{ fault: 'shape', dropList: true, operations: 'GetDiskSnapshots', regions: HERE }] },
      async ({ read }) => {
        const { inventory } = await read();
        expect(scopeOf(inventory, HERE, 'disk')).toMatchObject({ status: 'read', pages: 1, snapshots: 0 });
        expect(inventory.complete).toBe(true);
      },
    ));

  it.each(['{}', '{"diskSnapshots":null,"nextPageToken":null}'])(
    'refuses to take %s for an empty list where the previous report listed snapshots',
    (body) =>
      withEmulator(
        { faults: [{ fault: 'answer', status: 200, body, operations: ['GetDiskSnapshots', 'GetInstanceSnapshots'] }] },
        async ({ read }) => {
          const { inventory } = await read({
            kinds: ['disk', 'instance'],
            previouslyListed: [{ region: HERE, kind: 'disk' }],
          });
          expect(notRead(inventory)).toEqual([`${HERE} disk`]);
          expect(scopeOf(inventory, HERE, 'disk')).toMatchObject({
            status: 'failed',
            snapshots: 0,
            error: { code: 'inventory.absent-list', message: expect.stringContaining('GetDiskSnapshots') },
          });
          expect(inventory.complete).toBe(false);
        },
      ),
  );

  it('is empty where the previous report listed snapshots and the answer says that there are none', () =>
    withEmulator({ account: smallAccount({ [HERE]: { diskSnapshots: [] } }) }, async ({ read }) => {
      const { inventory } = await read({ previouslyListed: [{ region: HERE, kind: 'disk' }] });
      expect(scopeOf(inventory, HERE, 'disk')).toMatchObject({ status: 'read', snapshots: 0 });
      expect(inventory.complete).toBe(true);
    }));

  it.each([0, 1, 2])(
    'refuses to take one page of several without its list for an empty one: that after %i others',
    (after) =>
      withEmulator(
        {
          faults: [
            { fault: 'shape', dropList: true, operations: 'GetInstanceSnapshots', regions: HERE, after, times: 1 },
          ],
        },
        async ({ read }) => {
          const { inventory } = await read();
          expect(scopeOf(inventory, HERE, 'instance')).toMatchObject({
            status: 'failed',
            error: { code: 'inventory.absent-list' },
          });
        },
      ),
  );

  it('refuses to call a source gone whose list is absent', () =>
    withEmulator(
      { faults: [{ fault: 'shape', dropList: true, operations: 'GetDisks', regions: HERE }] },
      async ({ read }) => {
        const { inventory } = await read();
        expect(inventory.sources(arn(HERE, 'Disk', 1))).toEqual({
          state: 'unread',
          list: { region: HERE, kind: 'disk' },
        });
        expect(scopeOf(inventory, HERE, 'disk')).toMatchObject({ status: 'read', sources: 'failed' });
        expect(inventory.problems.map(({ code }) => code)).toEqual(['source.unread']);
        expect(inventory.complete).toBe(false);
      },
    ));

  it.each([
    ['a proxy page', 502, '<html>bad gateway</html>'],
    ['half a body', 200, '{"instanceSnapshots":[{"na'],
    ['a list that is none', 200, '{"instanceSnapshots":"none"}'],
    ['a date that is none', 200, '{"instanceSnapshots":[{"createdAt":"yesterday"}]}'],
    ['an empty body', 200, ''],
    ['blanks', 200, ' \r\n\t'],
    ['no content', 204, ''],
    ['null', 200, 'null'],
    ['a list', 200, '[]'],
    ['a text', 200, '"text"'],
  ])('names %s as an answer that cannot be read', (_, status, body) =>
    withEmulator(
      { faults: [{ fault: 'answer', status, body, operations: 'GetInstanceSnapshots', regions: HERE }] },
      async ({ read }) => {
        const { inventory } = await read({}, { client: { pace: { attempts: 2 } } });
        const { status: outcome, error } = scopeOf(inventory, HERE, 'instance');
        expect(outcome).toBe('failed');
        expect(error?.code).toBe('inventory.unreadable-page');
        expect(error?.message).toContain('GetInstanceSnapshots');
        expect(error?.message).not.toContain('\n');
      },
    ),
  );

  it.each([301, 418, 429])('refused with nothing but the status %i says the status', (status) =>
    withEmulator(
      { faults: [{ fault: 'answer', status, body: '', operations: 'GetDiskSnapshots', regions: HERE }] },
      async ({ read }) => {
        const { inventory } = await read({}, { client: { pace: { attempts: 2 } } });
        expect(scopeOf(inventory, HERE, 'disk').error?.message).toContain(`HTTP ${status}`);
        expect(notRead(inventory)).toEqual([`${HERE} disk`]);
      },
    ),
  );

  it.each([
    ['an empty body', 200, ''],
    ['no content', 204, ''],
    ['null', 200, 'null'],
    ['a throttle', 200, '{"__type":"ThrottlingException","message":"Rate exceeded"}'],
  ])('is asked for again after %s', (_, status, body) =>
    withEmulator({ faults: [{ fault: 'answer', status, body, per: 'call', times: 1 }] }, async ({ read }) => {
      const { inventory } = await read();
      expect(inventory.complete).toBe(true);
      expect(namesOf(inventory)).toEqual(namesIn(smallAccount()));
    }),
  );

  it.each(['AccessDeniedException', 'com.amazonaws.lightsail#AccessDeniedException'])(
    'refuses to take %s for a success because of the status 200, and asks once',
    (code) =>
      withEmulator(
        {
          faults: [
            {
              fault: 'answer',
              status: 200,
              body: `{"__type":"${code}","message":"no","tip":"ask"}`,
              operations: ['GetDiskSnapshots', 'GetDisks'],
              regions: HERE,
            },
          ],
        },
        async ({ read, emulator }) => {
          const { inventory } = await read();
          expect(scopeOf(inventory, HERE, 'disk')).toMatchObject({
            status: 'failed',
            sources: 'failed',
            error: { code: 'AccessDeniedException', message: 'no', tip: 'ask' },
          });
          expect(inventory.complete).toBe(false);
          expect(emulator.requests.count('GetDiskSnapshots', HERE)).toBe(1);
        },
      ),
  );

  it('is read where a tag is called as the member that names an error', () => {
    const diskSnapshots = rows(HERE, 'diskSnapshots', 1, 'data', () => ({
      tags: [{ key: '__type', value: '__type' }],
    }));
    return withEmulator({ account: smallAccount({ [HERE]: { diskSnapshots } }) }, async ({ read }) => {
      const { inventory } = await read();
      expect(scopeOf(inventory, HERE, 'disk')).toMatchObject({ status: 'read', snapshots: 1 });
    });
  });
});

describe('an incomplete snapshot', () => {
  it.each([
    ['name', 'name'],
    ['arn', 'ARN'],
    ['createdAt', 'createdAt'],
  ])('without %s is kept and is a problem', (member, text) =>
    withEmulator(
      { faults: [{ fault: 'shape', drop: [member], operations: 'GetDiskSnapshots', regions: HERE }] },
      async ({ read }) => {
        const { inventory } = await read();
        const [snapshot] = inventory.snapshots.filter(({ region, kind }) => region === HERE && kind === 'disk');
        expect(snapshot?.defects).toEqual([{ code: 'snapshot.incomplete', message: expect.stringContaining(text) }]);
        expect(inventory.problems).toEqual([
          { code: 'snapshot.incomplete', arn: snapshot?.arn ?? null, message: expect.stringContaining(HERE) },
        ]);
        expect(inventory.complete).toBe(true);
      },
    ),
  );
});

import { largeAccount } from '../../emulator/large-account';
import { namesIn, namesOf, notRead, scopeOf, smallAccount, withEmulator } from './reading';

const HERE = 'eu-central-1';
const ALL = namesIn(smallAccount());

describe('a failed call', () => {
  it.each([
    { fault: 'throttle' as const },
    { fault: 'error' as const, code: 'TooManyRequestsException' },
    { fault: 'error' as const, code: 'ServiceException' },
    { fault: 'error' as const, code: 'InternalFailure' },
    { fault: 'error' as const, code: 'ServiceUnavailable' },
    { fault: 'error' as const, code: 'RequestTimeout' },
    { fault: 'error' as const, code: 'InvalidInputException', message: 'Please try again in a few minutes.' },
    { fault: 'error' as const, code: 'InvalidInputException', message: 'Please wait for it to complete.' },
    { fault: 'reset' as const },
    { fault: 'reset' as const, when: 'after' as const },
    { fault: 'answer' as const, status: 502, body: '<html>bad gateway</html>' },
  ])('is asked again until it succeeds: %j', (fault) =>
    withEmulator({ faults: [{ ...fault, per: 'call', times: 3 }] }, async ({ read }) => {
      const { inventory } = await read({ regions: [HERE, 'us-east-1'] });
      expect(inventory.complete).toBe(true);
      expect(namesOf(inventory)).toEqual(namesIn(smallAccount(), [HERE, 'us-east-1']));
    }),
  );

  it.each(['plain', 'namespaced', 'both', 'code'] as const)(
    'is evaluated by its code in the wire form "%s"',
    (errorForm) =>
      withEmulator({ errorForm, faults: [{ fault: 'throttle', per: 'call', times: 1 }] }, async ({ read }) => {
        expect((await read()).inventory.complete).toBe(true);
      }),
  );

  it('is asked at most nine times, however long the region throttles, and the scope says so', () =>
    withEmulator(
      { faults: [{ fault: 'throttle', regions: HERE, operations: 'GetDiskSnapshots' }] },
      async ({ read, emulator }) => {
        const { inventory } = await read();
        expect(emulator.requests.count('GetDiskSnapshots', HERE)).toBe(9);
        expect(scopeOf(inventory, HERE, 'disk')).toMatchObject({
          status: 'failed',
          error: { code: 'ThrottlingException', message: 'Rate exceeded' },
        });
        expect(notRead(inventory)).toEqual([`${HERE} disk`]);
      },
    ));

  it.each([
    [60, { fault: 'error' as const, code: 'ServiceUnavailable' }],
    [150, { fault: 'throttle' as const }],
  ])(
    'has its attempts whatever other calls cost: each of %i pages fails twice before it succeeds (%j)',
    (pages, fault) =>
      withEmulator(
        {
          account: largeAccount({ snapshots: 2 * pages, regions: ['us-east-1'], sources: 4 }),
          faults: [{ ...fault, operations: 'GetInstanceSnapshots', per: 'call', times: 2 }],
        },
        async ({ read, emulator }) => {
          const { inventory } = await read();
          expect(scopeOf(inventory, 'us-east-1', 'instance')).toMatchObject({
            status: 'read',
            pages,
            snapshots: 2 * pages,
          });
          // The first page is read once more at the end.
          expect(emulator.requests.count('GetInstanceSnapshots')).toBe(3 * pages + 1);
          expect(inventory.complete).toBe(true);
        },
      ),
  );

  it('that fails for good leaves the other lists of its region their attempts', () =>
    withEmulator(
      {
        faults: [
          { fault: 'error', code: 'InternalFailure', regions: HERE, per: 'call', times: 8 },
          { fault: 'error', code: 'InternalFailure', regions: HERE, operations: 'GetDisks' },
        ],
      },
      async ({ read }) => {
        expect(notRead((await read()).inventory)).toEqual([`${HERE} disk`]);
      },
    ));

  it.each(['InvalidInputException', 'OperationFailureException', 'NotFoundException'])(
    'is not asked again for %s',
    (code) =>
      withEmulator(
        { faults: [{ fault: 'error', code, message: 'wrong', regions: HERE, operations: 'GetDiskSnapshots' }] },
        async ({ read, emulator }) => {
          const { inventory } = await read();
          expect(emulator.requests.count('GetDiskSnapshots', HERE)).toBe(1);
          expect(notRead(inventory)).toEqual([`${HERE} disk`]);
        },
      ),
  );

  it.each([
    ['says nothing', 'before'],
    ['says that it is being answered, and is not', 'busy'],
    ['begins to be answered, and is not to the end', 'during'],
  ] as const)('that %s is given up and asked again', (_, when) =>
    withEmulator(
      { faults: [{ fault: 'hang', when, operations: 'GetDiskSnapshots', regions: HERE, times: 1 }] },
      async ({ read, emulator }) => {
        // The deadline is for the test alone, which would wait without end.
        const { inventory } = await read({ deadline: Date.now() + 30_000 }, { client: { requestTimeout: 400 } });
        expect(notRead(inventory)).toEqual([]);
        expect(namesOf(inventory)).toEqual(ALL);
        expect(emulator.requests.count('GetDiskSnapshots', HERE)).toBeGreaterThan(1);
      },
    ),
  );

  it('does not end the run: the other scopes are read', () =>
    withEmulator(
      {
        faults: [
          { fault: 'error', code: 'SomethingNew', status: 418, regions: HERE, operations: 'GetInstanceSnapshots' },
        ],
      },
      async ({ read }) => {
        const { inventory } = await read();
        expect(notRead(inventory)).toEqual([`${HERE} instance`]);
        expect(scopeOf(inventory, HERE, 'instance').error?.code).toBe('SomethingNew');
      },
    ));
});

describe('the deadline', () => {
  it('gives up what is under way, keeps what was read, and names the scopes that were not', () =>
    withEmulator(
      { faults: [{ fault: 'hang', regions: HERE, operations: 'GetInstanceSnapshots', after: 1 }] },
      async ({ read }) => {
        const { inventory } = await read({ deadline: Date.now() + 1_500 });
        expect(notRead(inventory)).toEqual([`${HERE} instance`]);
        expect(scopeOf(inventory, HERE, 'instance')).toMatchObject({
          status: 'failed',
          pages: 1,
          snapshots: 2,
          error: { code: 'deadline', message: expect.stringContaining('deadline') },
        });
        expect(inventory.complete).toBe(false);
      },
    ));

  it('that has already passed prevents every call', () =>
    withEmulator({}, async ({ read, emulator }) => {
      const { inventory } = await read({ deadline: Date.now() - 1, automaticSnapshots: true });
      expect(inventory.scopes.map(({ error }) => error?.code)).toEqual(['deadline', 'deadline', 'deadline']);
      expect(inventory.complete).toBe(false);
      expect(emulator.requests.total()).toBe(0);
    }));

  it('is kept by the given clock also between two pages', () =>
    withEmulator({}, async ({ read, emulator }) => {
      const start = Date.now();
      const { inventory } = await read(
        { deadline: start + 60_000, regions: [HERE], kinds: ['instance'] },
        { clock: () => (emulator.requests.count('GetInstanceSnapshots', HERE) >= 2 ? start + 60_000 : start) },
      );
      expect(scopeOf(inventory, HERE, 'instance')).toMatchObject({ pages: 2, error: { code: 'deadline' } });
    }));

  it('ends waiting for a retry too', () =>
    withEmulator(
      { faults: [{ fault: 'throttle', regions: HERE, operations: 'GetDisks' }] },
      async ({ read, emulator }) => {
        const { inventory } = await read(
          { deadline: Date.now() + 800 },
          { client: { pace: { attempts: 50, throttledDelayMs: 100_000, longestDelayMs: 3_000 } } },
        );
        expect(scopeOf(inventory, HERE, 'disk')).toMatchObject({ sources: 'failed', error: { code: 'deadline' } });
        expect(emulator.requests.count('GetDisks', HERE)).toBeLessThan(50);
      },
    ));

  it('reached while automatic snapshots are counted leaves the inventory complete', () =>
    withEmulator({ faults: [{ fault: 'hang', operations: 'GetAutoSnapshots' }] }, async ({ read }) => {
      const { inventory } = await read({ deadline: Date.now() + 1_500, automaticSnapshots: true });
      expect(inventory.complete).toBe(true);
      expect(inventory.problems.map(({ code }) => code)).toEqual(Array(3).fill('automatic.unread'));
    }));
});

import type { FaultInput } from '../../emulator/fault';
import { arn, notRead, rows, scopeOf, smallAccount, withEmulator } from './reading';

const OFF = 'ap-southeast-2';
const offFor = (code: string, more: Partial<FaultInput> = {}): FaultInput =>
  ({ fault: 'error', code, message: 'not enabled', regions: OFF, ...more }) as FaultInput;

describe('a region that is not enabled', () => {
  it.each(['OptInRequired', 'UnrecognizedClientException'])(
    'and answers every call with %s is disabled, which does not make the inventory incomplete',
    (code) =>
      withEmulator({ faults: [offFor(code)] }, async ({ read }) => {
        const { inventory, progress } = await read({ automaticSnapshots: true });
        expect(scopeOf(inventory, OFF, 'disk')).toMatchObject({ status: 'disabled', sources: 'disabled', pages: 0, snapshots: 0 });
        expect(notRead(inventory)).toHaveLength(3);
        expect(inventory.complete).toBe(true);
        expect(inventory.problems).toEqual([]);
        const told = progress.flatMap((event) => (event.event === 'scope' && event.region === OFF ? [event.status] : []));
        expect(told).toEqual(['disabled', 'disabled', 'disabled']);
      }),
  );

  it('but was read by the previous report has failed', () =>
    withEmulator({ faults: [offFor('OptInRequired')] }, async ({ read }) => {
      const { inventory, progress } = await read({ previouslyRead: new Set([OFF]) });
      expect(scopeOf(inventory, OFF, 'disk')).toMatchObject({ status: 'failed', sources: 'failed', error: { code: 'OptInRequired' } });
      expect(inventory.complete).toBe(false);
      expect(progress.filter((event) => event.event === 'scope' && event.status === 'failed')).toHaveLength(3);
    }));

  it('but answers one call has failed', () =>
    withEmulator(
      { faults: [offFor('OptInRequired', { operations: ['GetInstance*', 'GetDisk*', 'GetRelationalDatabaseSnapshots'] })] },
      async ({ read }) => {
        const { inventory } = await read();
        expect(scopeOf(inventory, OFF, 'instance').status).toBe('failed');
        expect(inventory.complete).toBe(false);
      },
    ));

  it('but only after the first page of each list has failed', () =>
    withEmulator(
      {
        account: smallAccount({ [OFF]: { instances: rows(OFF, 'instances', 3, 'web') } }),
        faults: ['GetInstances', 'GetInstanceSnapshots'].map((operations) => offFor('OptInRequired', { operations, after: 1 })),
      },
      async ({ read }) => {
        const { inventory } = await read({ kinds: ['instance'] });
        expect(scopeOf(inventory, OFF, 'instance')).toMatchObject({ status: 'failed', sources: 'failed', pages: 1, snapshots: 2 });
        expect(inventory.complete).toBe(false);
      },
    ));

  it('but refuses one call for another reason has failed', () =>
    withEmulator({ faults: [offFor('AccessDeniedException', { operations: 'GetDisks' }), offFor('OptInRequired')] }, async ({ read }) => {
      expect((await read()).inventory.complete).toBe(false);
    }));

  it('is not disabled while no other region was read: then the credentials are to blame', () =>
    withEmulator(
      { faults: [{ fault: 'error', code: 'UnrecognizedClientException', operations: ['GetInstance*', 'GetDisk*', 'GetRelational*'] }] },
      async ({ read }) => {
        const { inventory } = await read();
        expect(inventory.scopes.every(({ status }) => status === 'failed')).toBe(true);
        expect(inventory.complete).toBe(false);
      },
    ));

  it('is not disabled if it is the one that answered GetRegions', () =>
    withEmulator(
      { faults: [{ ...offFor('OptInRequired'), operations: ['GetInstance*', 'GetDisk*', 'GetRelational*'] }] },
      async ({ read }) => {
        const { inventory } = await read({}, { firstRegion: OFF });
        expect(scopeOf(inventory, OFF, 'disk').status).toBe('failed');
      },
    ));

  it('leaves the inventory incomplete if a copy elsewhere has its source there', () =>
    withEmulator(
      {
        account: smallAccount({
          'us-east-1': {
            instanceSnapshots: rows('us-east-1', 'instanceSnapshots', 1, 'copy', () => ({ fromInstanceArn: arn(OFF, 'Instance', 1) })),
          },
        }),
        faults: [offFor('OptInRequired')],
      },
      async ({ read }) => {
        const { inventory } = await read();
        expect(scopeOf(inventory, OFF, 'instance').status).toBe('disabled');
        expect(inventory.sources(arn(OFF, 'Instance', 1)).state).toBe('unread');
        expect(inventory.problems.map(({ code }) => code)).toEqual(['source.unread']);
        expect(inventory.complete).toBe(false);
      },
    ));
});

describe('a region that cannot be read', () => {
  it.each([
    'AccessDeniedException',
    'RegionSetupInProgressException',
    'AccountSetupInProgressException',
    'ExpiredTokenException',
    'UnauthenticatedException',
  ])('because of %s is named, with the tip, and asked only once for each list; the others are read', (code) =>
    withEmulator({ faults: [{ fault: 'error', code, message: 'no', tip: 'ask', regions: OFF }] }, async ({ read, emulator }) => {
      const { inventory } = await read();
      expect(notRead(inventory)).toEqual([`${OFF} database`, `${OFF} disk`, `${OFF} instance`]);
      expect(scopeOf(inventory, OFF, 'instance')).toMatchObject({
        status: 'failed',
        sources: 'failed',
        error: { code, message: 'no', tip: 'ask' },
      });
      expect(inventory.complete).toBe(false);
      expect(emulator.requests.count('GetDiskSnapshots', OFF)).toBe(1);
      expect(inventory.snapshots).toHaveLength(14);
    }),
  );

  it('for one kind only leaves the other kinds of that region read', () =>
    withEmulator(
      {
        faults: [{ fault: 'error', code: 'AccessDeniedException', operations: 'GetRelationalDatabase*', regions: OFF }],
        errorForm: 'code',
      },
      async ({ read }) => {
        const { inventory } = await read();
        expect(notRead(inventory)).toEqual([`${OFF} database`]);
        expect(scopeOf(inventory, OFF, 'database').error?.code).toBe('AccessDenied');
      },
    ));

  it('because it has no endpoint is failed', () =>
    withEmulator({ account: { ...smallAccount(), regions: ['us-east-1', 'eu-central-1'] } }, async ({ read, emulator }) => {
      emulator.setFaults([{ fault: 'reset', regions: 'eu-central-1' }]);
      const { inventory } = await read({}, { client: { pace: { attempts: 3 } } });
      expect(notRead(inventory)).toHaveLength(3);
      expect(scopeOf(inventory, 'eu-central-1', 'disk').error?.message).toContain('ECONNRESET');
    }));
});

describe('GetRegions', () => {
  it.each(['', 'null', '{"regions":['])('answering with %j is refused, with the same code as any list', (body) =>
    withEmulator({ faults: [{ fault: 'answer', status: 200, body, operations: 'GetRegions' }] }, async ({ read }) => {
      const { inventory } = await read({}, { client: { pace: { attempts: 2 } } });
      expect(inventory.complete).toBe(false);
      expect(inventory.scopes.map(({ error }) => error?.code)).toEqual(Array(3).fill('inventory.unreadable-page'));
    }),
  );

  it('failing makes every kind of the first region a failed scope with its error, and nothing else is asked', () =>
    withEmulator(
      { faults: [{ fault: 'error', code: 'AccessDeniedException', message: 'no regions', operations: 'GetRegions' }] },
      async ({ read, emulator }) => {
        const { inventory, progress } = await read({ regions: ['eu-central-1'], kinds: ['disk', 'instance'] }, { account: '123456789012' });
        expect(inventory).toMatchObject({
          account: '123456789012',
          complete: false,
          snapshots: [],
          sourceList: [],
          automatic: [],
          problems: [],
        });
        expect(inventory.scopes).toEqual(
          ['disk', 'instance'].map((kind) => ({
            account: '123456789012',
            region: 'us-east-1',
            kind,
            status: 'failed',
            sources: 'failed',
            pages: 0,
            snapshots: 0,
            error: { code: 'AccessDeniedException', message: 'GetRegions could not be read, so that no region was listed: no regions' },
          })),
        );
        expect(emulator.requests.total()).toBe(1);
        expect(progress.map(({ event }) => event)).toEqual(['regions', 'scope', 'scope']);
      },
    ));

  it.each([
    ['no list', '{}'],
    ['an empty list', '{"regions":[]}'],
    ['a region without a name', '{"regions":[{"name":"us-east-1"},{"displayName":"?"}]}'],
  ])('answering with %s is refused: a region could be missed', (_, body) =>
    withEmulator(
      { faults: [{ fault: 'answer', status: 200, contentType: 'application/x-amz-json-1.1', body, operations: 'GetRegions' }] },
      async ({ read }) => {
        const { inventory } = await read();
        expect(inventory.complete).toBe(false);
        expect(inventory.scopes.map(({ error }) => error?.code)).toEqual(Array(3).fill('region.unreadable'));
      },
    ),
  );
});

import type { FaultInput } from '../../emulator/fault';
import type { InventoryRequest } from '../../lambda/ports/ports';
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
        expect(scopeOf(inventory, OFF, 'disk')).toMatchObject({
          status: 'disabled',
          sources: 'disabled',
          pages: 0,
          snapshots: 0,
        });
        expect(notRead(inventory)).toHaveLength(3);
        expect(inventory.complete).toBe(true);
        expect(inventory.problems).toEqual([]);
        const told = progress.flatMap((event) =>
          event.event === 'scope' && event.region === OFF ? [event.status] : [],
        );
        expect(told).toEqual(['disabled', 'disabled', 'disabled']);
      }),
  );

  it('but was read by the previous report has failed', () =>
    withEmulator({ faults: [offFor('OptInRequired')] }, async ({ read }) => {
      const { inventory, progress } = await read({ previouslyRead: new Set([OFF]) });
      expect(scopeOf(inventory, OFF, 'disk')).toMatchObject({
        status: 'failed',
        sources: 'failed',
        error: { code: 'OptInRequired' },
      });
      expect(inventory.complete).toBe(false);
      expect(progress.filter((event) => event.event === 'scope' && event.status === 'failed')).toHaveLength(3);
    }));

  it('and that GetRegions no longer names has failed where the previous report read it', () =>
    withEmulator({}, async ({ read }) => {
      const { inventory } = await read({
        regions: 'all',
        kinds: ['disk'],
        previouslyRead: new Set(['eu-north-1', OFF]),
      });
      expect(scopeOf(inventory, 'eu-north-1', 'disk')).toMatchObject({
        status: 'failed',
        error: { code: 'region.unknown', message: expect.stringContaining('which the previous report read') },
      });
      expect(scopeOf(inventory, OFF, 'disk')).toMatchObject({ status: 'read' });
      expect(inventory.complete).toBe(false);
    }));

  it('but answers one call has failed', () =>
    withEmulator(
      {
        faults: [
          offFor('OptInRequired', { operations: ['GetInstance*', 'GetDisk*', 'GetRelationalDatabaseSnapshots'] }),
        ],
      },
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
        faults: ['GetInstances', 'GetInstanceSnapshots'].map((operations) =>
          offFor('OptInRequired', { operations, after: 1 }),
        ),
      },
      async ({ read }) => {
        const { inventory } = await read({ kinds: ['instance'] });
        expect(scopeOf(inventory, OFF, 'instance')).toMatchObject({
          status: 'failed',
          sources: 'failed',
          pages: 1,
          snapshots: 2,
        });
        expect(inventory.complete).toBe(false);
      },
    ));

  it('but refuses one call for another reason has failed', () =>
    withEmulator(
      { faults: [offFor('AccessDeniedException', { operations: 'GetDisks' }), offFor('OptInRequired')] },
      async ({ read }) => {
        expect((await read()).inventory.complete).toBe(false);
      },
    ));

  it('is not disabled while no other region was read: then the credentials are to blame', () =>
    withEmulator(
      {
        faults: [
          {
            fault: 'error',
            code: 'UnrecognizedClientException',
            operations: ['GetInstance*', 'GetDisk*', 'GetRelational*'],
          },
        ],
      },
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
            instanceSnapshots: rows('us-east-1', 'instanceSnapshots', 1, 'copy', () => ({
              fromInstanceArn: arn(OFF, 'Instance', 1),
            })),
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

describe('a region that a service control policy denies', () => {
  const denied = (more: Partial<FaultInput> = {}): FaultInput =>
    ({ fault: 'deny', regions: OFF, ...more }) as FaultInput;

  it.each(['plain', 'namespaced', 'both', 'code'] as const)(
    'in every call is denied, which does not make the inventory incomplete (errors written as %s)',
    (errorForm) =>
      withEmulator({ faults: [denied()], errorForm }, async ({ read }) => {
        const { inventory, progress } = await read({ automaticSnapshots: true });
        expect(scopeOf(inventory, OFF, 'disk')).toMatchObject({
          status: 'denied',
          sources: 'denied',
          pages: 0,
          snapshots: 0,
          error: { message: expect.stringContaining('with an explicit deny in a service control policy') },
        });
        expect(notRead(inventory)).toHaveLength(3);
        expect(inventory.complete).toBe(true);
        expect(inventory.problems).toEqual([]);
        const told = progress.flatMap((event) =>
          event.event === 'scope' && event.region === OFF ? [event.status] : [],
        );
        expect(told).toEqual(['denied', 'denied', 'denied']);
      }),
  );

  it.each([
    ['another policy', { by: 'identity-policy' }],
    ['no policy that allows it', { by: 'nothing-allows' }],
    ['a service control policy in one kind alone', { operations: ['GetDisks', 'GetDiskSnapshots'] }],
    ['a service control policy in snapshot lists alone', { operations: 'Get*Snapshots' }],
    [
      'a service control policy in source lists alone',
      { operations: ['GetInstances', 'GetDisks', 'GetRelationalDatabases'] },
    ],
  ] as const)('is failed where it is denied by %s', (_, more) =>
    withEmulator({ faults: [denied(more as Partial<FaultInput>)] }, async ({ read }) => {
      const { inventory } = await read();
      expect(inventory.complete).toBe(false);
      expect(inventory.scopes.some(({ status, sources }) => status === 'denied' || sources === 'denied')).toBe(false);
      expect(inventory.scopes.some(({ status, sources }) => status === 'failed' || sources === 'failed')).toBe(true);
    }),
  );

  it('in some calls, and answers the others as one that is not enabled, has failed', () =>
    withEmulator({ faults: [denied({ operations: 'GetDisk*' }), offFor('OptInRequired')] }, async ({ read }) => {
      expect((await read()).inventory.complete).toBe(false);
    }));

  it('but was read by the previous report has failed', () =>
    withEmulator({ faults: [denied()] }, async ({ read }) => {
      const { inventory } = await read({ previouslyRead: new Set([OFF]) });
      expect(scopeOf(inventory, OFF, 'disk')).toMatchObject({ status: 'failed', sources: 'failed' });
      expect(inventory.complete).toBe(false);
    }));

  it('is not denied while no other region was read', () =>
    withEmulator(
      { faults: [{ fault: 'deny', operations: ['GetInstance*', 'GetDisk*', 'GetRelational*'] }] },
      async ({ read }) => {
        const { inventory } = await read();
        expect(inventory.scopes.every(({ status }) => status === 'failed')).toBe(true);
        expect(inventory.complete).toBe(false);
      },
    ));

  it('is denied too if it is the first region, GetRegions included, and another region is named', () =>
    withEmulator({ faults: [denied()] }, async ({ read }) => {
      const { inventory } = await read({ regions: [OFF, 'us-east-1'] }, { firstRegion: OFF });
      expect(scopeOf(inventory, OFF, 'disk').status).toBe('denied');
      expect(inventory.complete).toBe(true);
      expect(inventory.problems.map(({ code }) => code)).toEqual(['regions.denied']);
    }));

  it('has failed if it is the first region, and that answered GetRegions', () =>
    withEmulator(
      { faults: [denied({ operations: ['GetInstance*', 'GetDisk*', 'GetRelational*'] })] },
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
            instanceSnapshots: rows('us-east-1', 'instanceSnapshots', 2, 'copy', () => ({
              fromInstanceArn: arn(OFF, 'Instance', 1),
            })),
          },
        }),
        faults: [denied()],
      },
      async ({ read }) => {
        const { inventory } = await read();
        expect(scopeOf(inventory, OFF, 'instance').status).toBe('denied');
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
    withEmulator(
      { faults: [{ fault: 'error', code, message: 'no', tip: 'ask', regions: OFF }] },
      async ({ read, emulator }) => {
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
      },
    ),
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
    withEmulator(
      { account: { ...smallAccount(), regions: ['us-east-1', 'eu-central-1'] } },
      async ({ read, emulator }) => {
        emulator.setFaults([{ fault: 'reset', regions: 'eu-central-1' }]);
        const { inventory } = await read({}, { client: { pace: { attempts: 3 } } });
        expect(notRead(inventory)).toHaveLength(3);
        expect(scopeOf(inventory, 'eu-central-1', 'disk').error?.message).toContain('ECONNRESET');
      },
    ));
});

describe('GetRegions', () => {
  it.each(['', 'null', '{"regions":['])('answering with %j is refused, with the same code as any list', (body) =>
    withEmulator({ faults: [{ fault: 'answer', status: 200, body, operations: 'GetRegions' }] }, async ({ read }) => {
      const { inventory } = await read({}, { client: { pace: { attempts: 2 } } });
      expect(inventory.complete).toBe(false);
      expect(inventory.scopes.map(({ error }) => error?.code)).toEqual(Array(3).fill('inventory.unreadable-page'));
    }),
  );

  it.each<[string, InventoryRequest['regions']]>([
    ['UnrecognizedClientException', ['eu-central-1']],
    ['ExpiredTokenException', ['eu-central-1']],
    ['RegionSetupInProgressException', ['eu-central-1']],
    ['RegionSetupInProgressException', 'all'],
  ])(
    'failing with %s makes every kind of the first region a failed scope with its error, and nothing else is asked (%s)',
    (code, regions) =>
      withEmulator(
        { faults: [{ fault: 'error', code, message: 'no regions', operations: 'GetRegions' }] },
        async ({ read, emulator }) => {
          const { inventory, progress } = await read(
            { regions, kinds: ['disk', 'instance'] },
            { account: '123456789012' },
          );
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
              error: { code, message: 'GetRegions could not be read, so that no region was listed: no regions' },
            })),
          );
          expect(emulator.requests.total()).toBe(1);
          expect(progress.map(({ event }) => event)).toEqual(['regions', 'scope', 'scope']);
        },
      ),
  );

  const DENIED_REGIONS: FaultInput = { fault: 'deny', by: 'nothing-allows', operations: 'GetRegions' };

  it('being denied makes the inventory incomplete where no region is named, and the error says what to do', () =>
    withEmulator({ faults: [DENIED_REGIONS] }, async ({ read, emulator }) => {
      const { inventory } = await read();
      expect(inventory.complete).toBe(false);
      expect(notRead(inventory)).toEqual(['us-east-1 database', 'us-east-1 disk', 'us-east-1 instance']);
      expect(scopeOf(inventory, 'us-east-1', 'disk').error).toMatchObject({
        code: 'AccessDeniedException',
        message: expect.stringMatching(
          /allow lightsail:GetRegions, or name the regions in the configuration or with --region$/,
        ),
      });
      expect(emulator.requests.total()).toBe(1);
    }));

  it('being denied lets the named regions be read, completely, and the report says so', () =>
    withEmulator({ faults: [DENIED_REGIONS] }, async ({ read, emulator }) => {
      const { inventory, progress } = await read({ regions: ['eu-central-1', 'ap-southeast-2'] });
      expect(inventory.complete).toBe(true);
      expect(notRead(inventory)).toEqual([]);
      expect(inventory.snapshots).toHaveLength(14);
      expect(inventory.problems).toEqual([
        { code: 'regions.denied', arn: null, message: expect.stringContaining('GetRegions was denied') },
      ]);
      expect(progress[0]).toEqual({ event: 'regions', regions: 2, scopes: 6 });
      expect(emulator.requests.count('GetInstances', 'us-east-1')).toBe(0);
    }));

  it('being denied lets a source be looked up in the region that its ARN names, though nobody named that', () => {
    const copies = rows('eu-central-1', 'instanceSnapshots', 1, 'copy', () => ({
      fromInstanceArn: arn('us-east-1', 'Instance', 1),
    }));
    return withEmulator(
      { account: smallAccount({ 'eu-central-1': { instanceSnapshots: copies } }), faults: [DENIED_REGIONS] },
      async ({ read }) => {
        const { inventory } = await read({ regions: ['eu-central-1'] });
        expect(inventory.sources(arn('us-east-1', 'Instance', 1)).state).toBe('exists');
        expect(inventory.complete).toBe(true);
      },
    );
  });

  it('being denied makes a named region that is none a failed scope', () =>
    withEmulator({ faults: [DENIED_REGIONS] }, async ({ read }) => {
      const { inventory } = await read(
        { regions: ['eu-nowhere-9', 'us-east-1'] },
        { client: { pace: { attempts: 2 } } },
      );
      expect(notRead(inventory)).toEqual(['eu-nowhere-9 database', 'eu-nowhere-9 disk', 'eu-nowhere-9 instance']);
      expect(inventory.complete).toBe(false);
    }));

  it.each([
    ['no list', '{}'],
    ['an empty list', '{"regions":[]}'],
    ['a region without a name', '{"regions":[{"name":"us-east-1"},{"displayName":"?"}]}'],
  ])('answering with %s is refused: a region could be missed', (_, body) =>
    withEmulator(
      {
        faults: [
          { fault: 'answer', status: 200, contentType: 'application/x-amz-json-1.1', body, operations: 'GetRegions' },
        ],
      },
      async ({ read }) => {
        const { inventory } = await read();
        expect(inventory.complete).toBe(false);
        expect(inventory.scopes.map(({ error }) => error?.code)).toEqual(Array(3).fill('region.unreadable'));
      },
    ),
  );
});

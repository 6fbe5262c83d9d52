import { ERROR_FORMS } from '../../emulator/service-error';
import { codeOf, HERE, outcomes, type Rig, startRig, takeOver } from './rig';

const DELETE = 'DeleteInstanceSnapshot';

/** What a service that hangs answers with. */
const NEVER = new Promise<void>(() => undefined);

describe('a faulty service', () => {
  let rig: Rig;
  const deletesOf = (name: string): number =>
    rig.emulator.requests.list().filter((call) => call.operation === DELETE && call.name === name).length;
  const itemOf = (result: Awaited<ReturnType<Rig['apply']>>, name: string) =>
    result.items.find((item) => item.name === name);

  beforeEach(async () => {
    rig = await startRig();
    await rig.plan();
  });
  afterEach(() => rig.close());

  it.each(['Succeeded', 'Completed'] as const)(
    'follows an operation until it ends as %s: first after 5 s, then every 3 s',
    async (status) => {
      rig.emulator.setFaults([{ fault: 'operation', operations: DELETE, names: 'web-05', polls: 3, status }]);
      const result = await rig.apply();
      expect(outcomes(result)['web-05']).toBe('deleted');
      expect(rig.slept).toEqual([5_000, 3_000, 3_000]);
      expect(rig.emulator.requests.count('GetOperation')).toBe(3);
    },
  );

  it('records failed with the code when an operation fails in the end, and continues with the others', async () => {
    rig.emulator.setFaults([
      {
        fault: 'operation',
        operations: DELETE,
        names: 'web-05',
        polls: 2,
        status: 'Failed',
        errorCode: 'InUse',
        errorDetails: 'it is being copied',
      },
    ]);
    const result = await rig.apply();
    expect(itemOf(result, 'web-05')).toMatchObject({
      outcome: 'failed',
      code: 'InUse',
      text: expect.stringContaining('it is being copied'),
    });
    expect(result.totals).toMatchObject({ deleted: 4, failed: 1 });
    expect({ status: result.status, left: rig.names().includes('web-05') }).toEqual({ status: 'finished', left: true });
  });

  it('records failed when the answer is 200 with an operation that failed', async () => {
    rig.emulator.setFaults([
      { fault: 'operation', operations: DELETE, names: 'web-05', status: 'Failed', errorCode: 'Nope' },
    ]);
    expect(outcomes(await rig.apply())['web-05']).toBe('failed Nope');
    expect(deletesOf('web-05')).toBe(1);
  });

  it('follows every operation of an answer, not only the first', async () => {
    rig.emulator.setFaults([
      {
        fault: 'operation',
        operations: DELETE,
        names: 'web-05',
        count: 3,
        polls: 1,
        status: 'Failed',
        errorCode: 'Third',
      },
    ]);
    expect(outcomes(await rig.apply())['web-05']).toBe('failed Third');
  });

  it('confirms by a reading when an answer names no operation', async () => {
    rig.emulator.setFaults([{ fault: 'operation', operations: DELETE, names: 'web-05', count: 0 }]);
    expect(outcomes(await rig.apply())['web-05']).toBe('deleted');
  });

  it('records failed when all operations are done and the snapshot still exists', async () => {
    rig.emulator.setFaults([{ fault: 'operation', operations: DELETE, names: 'web-05', count: 0, status: 'Failed' }]);
    expect(outcomes(await rig.apply())['web-05']).toBe('failed delete.unconfirmed');
    expect(rig.slept.reduce((sum, ms) => sum + ms, 0)).toBe(60_000);
  });

  it('gives up an operation that hangs after 20 minutes, and records that the snapshot may still be deleted', async () => {
    rig.emulator.setFaults([{ fault: 'operation', operations: DELETE, names: 'web-05', polls: 'never' }]);
    const result = await rig.apply();
    expect(itemOf(result, 'web-05')).toMatchObject({
      outcome: 'failed',
      code: 'operation.timeout',
      text: expect.stringContaining('may still be deleted'),
    });
    const waited = rig.slept.reduce((sum, ms) => sum + ms, 0);
    expect(waited).toBeGreaterThanOrEqual(20 * 60_000);
    expect(waited).toBeLessThan(20 * 60_000 + 3_000);
    expect(deletesOf('web-05')).toBe(1);
    expect(result.totals).toMatchObject({ deleted: 4, failed: 1 });
  });

  it('records that a snapshot may still be deleted when its delete started an operation without an id', async () => {
    rig.emulator.setFaults([
      { fault: 'operation', operations: DELETE, names: 'web-05', polls: 'never' },
      {
        fault: 'answer',
        operations: DELETE,
        names: 'web-05',
        status: 200,
        contentType: 'application/x-amz-json-1.1',
        body: '{"operations":[{"status":"Started","isTerminal":false}]}',
      },
    ]);
    const result = await rig.apply();
    expect(itemOf(result, 'web-05')).toMatchObject({
      outcome: 'failed',
      code: 'operation.unnamed',
      text: expect.stringContaining('may still be deleted'),
    });
  });

  it('records that a snapshot may still be deleted when its operation failed and a reading finds it unfinished', async () => {
    rig.emulator.setFaults([{ fault: 'operation', operations: DELETE, names: 'web-05', status: 'Failed' }]);
    rig.emulator.before('GetInstanceSnapshot', ({ name }, world) => {
      const row = world.find(HERE, 'instanceSnapshots', 'web-05');
      if (name !== 'web-05' || row === undefined || deletesOf('web-05') === 0) return;
      world.replace(HERE, 'instanceSnapshots', row, { ...row, state: 'deleting' });
    });
    expect(itemOf(await rig.apply(), 'web-05')).toMatchObject({ outcome: 'failed', mayStillBeDeleted: true });
  });

  it('waits for a snapshot whose operation ended with a status that is not known, and says that it may still be deleted', async () => {
    rig.emulator.setFaults([
      { fault: 'operation', operations: DELETE, names: 'web-05', polls: 'never' },
      {
        fault: 'answer',
        operations: DELETE,
        names: 'web-05',
        status: 200,
        contentType: 'application/x-amz-json-1.1',
        body: '{"operations":[{"id":"1","status":"Done","isTerminal":true}]}',
      },
    ]);
    expect(itemOf(await rig.apply(), 'web-05')).toMatchObject({
      outcome: 'failed',
      code: 'operation.unclear',
      mayStillBeDeleted: true,
    });
    expect(rig.slept.reduce((sum, ms) => sum + ms, 0)).toBe(60_000);
  });

  it('waits for a snapshot that is going after the answer to its delete was lost', async () => {
    rig.emulator.setFaults([
      { fault: 'operation', operations: DELETE, names: 'web-05', polls: 'never' },
      { fault: 'reset', when: 'after', operations: DELETE, names: 'web-05', times: 1 },
    ]);
    let readings = 0;
    rig.emulator.before('GetInstanceSnapshot', ({ name }, world) => {
      if (name !== 'web-05' || deletesOf('web-05') === 0) return;
      readings += 1;
      const row = world.find(HERE, 'instanceSnapshots', 'web-05');
      if (row !== undefined) world.replace(HERE, 'instanceSnapshots', row, { ...row, state: 'deleting' });
      if (readings === 3) world.remove(HERE, 'instanceSnapshots', 'web-05');
    });
    expect(outcomes(await rig.apply())['web-05']).toBe('deleted');
    expect(deletesOf('web-05')).toBe(1);
  });

  it('records that a snapshot may still be deleted when it is held after the answer to its delete was lost, and sends no other delete', async () => {
    rig.emulator.setFaults([{ fault: 'reset', operations: DELETE, names: 'web-05', times: 1 }]);
    rig.emulator.before('GetInstanceSnapshot', ({ name }, world) => {
      if (name === 'web-05' && deletesOf('web-05') > 0) world.tag(HERE, 'web-05', [{ key: 'retention:hold' }]);
    });
    const result = await rig.apply();
    expect(itemOf(result, 'web-05')).toMatchObject({
      outcome: 'failed',
      code: 'hold',
      text: expect.stringContaining('may still be deleted'),
    });
    expect(deletesOf('web-05')).toBe(1);
    expect(rig.names()).toContain('web-05');
  });

  it('trusts a reading of the snapshot when an operation cannot be followed', async () => {
    rig.emulator.setFaults([
      { fault: 'operation', operations: DELETE, names: 'web-05', polls: 1 },
      { fault: 'operation', operations: DELETE, names: 'web-06', polls: 'never' },
      { fault: 'error', operations: 'GetOperation', code: 'AccessDeniedException' },
    ]);
    rig.emulator.before('GetInstanceSnapshot', ({ name }, world) => {
      if (name === 'web-05' && deletesOf('web-05') > 0) world.remove(HERE, 'instanceSnapshots', 'web-05');
    });
    expect(outcomes(await rig.apply())).toMatchObject({
      'web-05': 'deleted',
      'web-06': 'failed AccessDeniedException',
    });
  });

  it('reads an operation again whose reading is throttled or lost', async () => {
    rig.emulator.setFaults([
      { fault: 'operation', operations: DELETE, names: 'web-05', polls: 1 },
      { fault: 'throttle', operations: 'GetOperation', times: 7 },
      { fault: 'reset', operations: 'GetOperation', after: 7, times: 4 },
    ]);
    expect(outcomes(await rig.apply())['web-05']).toBe('deleted');
  });

  it.each([
    ['its connection is cut before', { fault: 'reset', when: 'before' }],
    ['its answer is lost', { fault: 'reset', when: 'after' }],
    ['a proxy answers in its place', { fault: 'answer', status: 502, body: '<html>bad gateway</html>' }],
    [
      'half an answer comes',
      { fault: 'answer', status: 200, contentType: 'application/x-amz-json-1.1', body: '{"operations":[{"id"' },
    ],
    ['the service is out of order', { fault: 'error', code: 'ServiceException', status: 500 }],
    [
      'the service asks to try again in a few minutes',
      { fault: 'error', code: 'InvalidInputException', message: 'Please try again in a few minutes' },
    ],
  ] as const)('reads the snapshot again before it sends a delete again when %s', async (_, fault) => {
    rig.emulator.setFaults([{ ...fault, operations: DELETE, names: 'web-05', times: 2 }]);
    const result = await rig.apply();
    expect(outcomes(result)['web-05']).toBe('deleted');
    const calls = rig.emulator.requests.list().filter(({ name, region }) => region === HERE && name === 'web-05');
    const at = calls.flatMap(({ operation }, index) => (operation === DELETE ? [index] : []));
    for (const index of at) expect(calls[index - 1]?.operation).toBe('GetInstanceSnapshot');
    expect(at.length).toBeGreaterThan(0);
  });

  it('treats an answer of no known kind as a delete that may have been carried out', async () => {
    const body = '{"__type":"SomethingNew","message":"x"}';
    rig.emulator.setFaults([
      {
        fault: 'answer',
        operations: DELETE,
        names: 'web-05',
        status: 409,
        contentType: 'application/x-amz-json-1.1',
        body,
      },
      { fault: 'error', operations: DELETE, names: 'web-06', code: 'SomethingNew', status: 409 },
    ]);
    const result = await rig.apply();
    expect(itemOf(result, 'web-05')).toMatchObject({
      outcome: 'deleted',
      text: expect.stringContaining('the answer was lost'),
    });
    expect(itemOf(result, 'web-06')).toMatchObject({
      outcome: 'failed',
      text: expect.stringContaining('may still be deleted'),
    });
  });

  it('does not record a snapshot as deleted that a person deleted after the service had answered to try again later', async () => {
    const message = 'Please try again in a few minutes';
    rig.emulator.setFaults([
      { fault: 'error', code: 'InvalidInputException', message, operations: DELETE, names: 'web-05', times: 1 },
    ]);
    rig.emulator.before('GetInstanceSnapshot', ({ name }, world) => {
      if (name === 'web-05' && deletesOf('web-05') > 0) world.remove(HERE, 'instanceSnapshots', 'web-05');
    });
    expect(outcomes(await rig.apply())['web-05']).toBe('already-gone snapshot.gone');
  });

  it('waits longer each time while a region throttles for minutes, then deletes the rest', async () => {
    rig.emulator.setFaults([{ fault: 'throttle', operations: DELETE, times: 9 }]);
    const result = await rig.apply();
    expect(result.totals).toMatchObject({ deleted: 5, failed: 0 });
    expect(rig.slept.slice(0, 9)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it('slows down in a region that has throttled, and speeds up with each success', async () => {
    rig.emulator.setFaults([{ fault: 'throttle', operations: DELETE, names: 'web-04', times: 3 }]);
    await rig.apply();
    expect(rig.slept.slice(0, 5)).toEqual([1_000, 2_000, 4_000, 2_000, 1_000]);
  });

  it('gives up a snapshot that is throttled for ten minutes, and records that', async () => {
    rig.emulator.setFaults([{ fault: 'throttle', operations: DELETE, names: 'web-04' }]);
    const result = await rig.apply();
    expect(outcomes(result)).toMatchObject({
      'web-04': 'failed ThrottlingException',
      'web-05': 'deleted',
      'web-06': 'deleted',
    });
    expect(rig.slept.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(10 * 60_000);
  });

  it('stops waiting for a throttled snapshot when it is told to end, and leaves it for the next run', async () => {
    const controller = new AbortController();
    rig.emulator.setFaults([{ fault: 'throttle', operations: DELETE }]);
    rig.emulator.before('GetInstanceSnapshot', () => {
      if (deletesOf('web-04') > 1) controller.abort();
    });
    const result = await rig.apply({ signal: controller.signal });
    expect(outcomes(result)).not.toHaveProperty('web-04');
    rig.emulator.setFaults([]);
    expect((await rig.apply()).totals.deleted).toBe(5);
  });

  it.each([
    [
      'deleted by hand',
      'already-gone snapshot.gone',
      () => void rig.emulator.world.remove(HERE, 'instanceSnapshots', 'web-04'),
    ],
    ['held', 'spared hold', () => void rig.emulator.world.tag(HERE, 'web-04', [{ key: 'retention:hold' }])],
  ])(
    'records no delete of its own for a snapshot that it left after throttles, and that was %s then',
    async (_, outcome, meddle) => {
      const controller = new AbortController();
      rig.emulator.setFaults([{ fault: 'throttle', operations: DELETE }]);
      rig.emulator.before('GetInstanceSnapshot', () => {
        if (deletesOf('web-04') > 1) controller.abort();
      });
      expect(outcomes(await rig.apply({ signal: controller.signal }))).not.toHaveProperty('web-04');
      rig.emulator.setFaults([]);
      meddle();
      expect(outcomes(await rig.apply())['web-04']).toBe(outcome);
    },
  );

  it.each([
    ['source', 'GetInstance', 'web'],
    ['kept sibling', 'GetInstanceSnapshot', 'web-01'],
    ['snapshot', 'GetInstanceSnapshot', 'web-04'],
  ])(
    'does not wait for a %s whose reading hangs when it is told to end before anything was sent, and leaves all open',
    async (_, operation, name) => {
      const controller = new AbortController();
      let asked = 0;
      const answered = rig.emulator.before(operation, async (call) => {
        if (call.name !== name) return;
        asked += 1;
        controller.abort();
        await NEVER;
      });
      const result = await rig.apply({ signal: controller.signal });
      expect(outcomes(result)).not.toHaveProperty('web-04');
      expect(asked).toBe(1);
      answered();
      rig.emulator.world.tag(HERE, 'web-04', [{ key: 'retention:hold' }]);
      expect(outcomes(await rig.apply())).toMatchObject({ 'web-04': 'spared hold', 'web-05': 'deleted' });
    },
  );

  it.each([
    ['source', 'GetInstance', 'web'],
    ['snapshot', 'GetInstanceSnapshot', 'web-04'],
  ])(
    'waits for the %s when it is told to end after a delete was sent and its answer lost',
    async (_, operation, name) => {
      const controller = new AbortController();
      rig.emulator.setFaults([
        { fault: 'reset', operations: DELETE, names: 'web-04', when: 'after' },
        { fault: 'latency', operations: ['GetInstance', 'GetInstanceSnapshot'], ms: 50 },
      ]);
      rig.emulator.before(
        operation,
        (call) => void (call.name === name && deletesOf('web-04') > 0 && controller.abort()),
      );
      const result = await rig.apply({ signal: controller.signal });
      expect({ told: controller.signal.aborted, outcome: outcomes(result)['web-04'] }).toEqual({
        told: true,
        outcome: 'deleted',
      });
      expect(outcomes(result)).not.toHaveProperty('web-05');
    },
  );

  it('records failed with the code when the role may not delete, and continues with the other region', async () => {
    rig.emulator.setFaults([
      { fault: 'error', operations: DELETE, code: 'AccessDeniedException', message: 'not yours' },
    ]);
    const result = await rig.apply();
    expect(outcomes(result)).toMatchObject({
      'web-04': 'failed AccessDeniedException',
      'data-04': 'deleted',
      'data-05': 'deleted',
    });
    expect(deletesOf('web-04')).toBe(1);
  });

  it('records failed when a snapshot cannot be read right before its delete, and does not delete it', async () => {
    rig.emulator.setFaults([
      { fault: 'error', operations: 'GetInstanceSnapshot', names: 'web-05', code: 'AccessDeniedException' },
    ]);
    expect(outcomes(await rig.apply())['web-05']).toBe('failed AccessDeniedException');
    expect(deletesOf('web-05')).toBe(0);
  });

  it('does not delete a snapshot when the reading answers without it', async () => {
    rig.emulator.setFaults([
      {
        fault: 'answer',
        operations: 'GetInstanceSnapshot',
        names: 'web-05',
        status: 200,
        contentType: 'application/x-amz-json-1.1',
        body: '{}',
      },
    ]);
    expect(outcomes(await rig.apply())['web-05']).toBe('failed answer.empty');
    expect(deletesOf('web-05')).toBe(0);
  });

  it.each([
    ['source', 'GetInstance', 'web'],
    ['kept sibling', 'GetInstanceSnapshot', 'web-01'],
  ])('deletes nothing of a group whose %s cannot be read again', async (_, operation, name) => {
    rig.emulator.setFaults([{ fault: 'error', operations: operation, names: name, code: 'AccessDeniedException' }]);
    const result = await rig.apply();
    expect(outcomes(result)).toMatchObject({ 'web-04': 'failed AccessDeniedException', 'data-04': 'deleted' });
    expect(rig.emulator.requests.count(DELETE)).toBe(0);
  });

  it('reads floor and source through throttles', async () => {
    rig.emulator.setFaults([{ fault: 'throttle', operations: ['GetInstance', 'GetInstanceSnapshot'], times: 12 }]);
    expect((await rig.apply()).totals.deleted).toBe(5);
  });

  it.each(ERROR_FORMS)(
    'takes a snapshot that is not found on delete for gone, however the error is written (%s)',
    async (form) => {
      rig.emulator.errorForm = form;
      rig.emulator.before(
        DELETE,
        ({ name }, world) => void (name === 'web-05' && world.remove(HERE, 'instanceSnapshots', 'web-05')),
      );
      expect(outcomes(await rig.apply())['web-05']).toBe('already-gone snapshot.gone');
    },
  );

  it('does not take a snapshot for gone when a delete does not find it and a reading does', async () => {
    rig.emulator.setFaults([
      { fault: 'error', operations: DELETE, names: 'web-05', code: 'DoesNotExist', status: 404 },
    ]);
    expect(outcomes(await rig.apply())['web-05']).toBe('failed DoesNotExist');
  });

  it.each([6 * 60_000, -6 * 60_000])('refuses when the clocks differ by %i ms', async (offset) => {
    rig.emulator.clockOffset = offset;
    expect(await codeOf(rig.apply())).toBe('clock.skew');
    expect(rig.names()).toHaveLength(11);
  });

  it('accepts clocks that differ by less than five minutes', async () => {
    rig.emulator.clockOffset = 4 * 60_000;
    expect((await rig.apply()).totals.deleted).toBe(5);
  });

  describe('that still deletes what a run had sent that was stopped then', () => {
    /** A run that dies once the delete of web-05 was sent; the snapshot is going from then on. */
    const crashed = async (state: string): Promise<void> => {
      const { deletion } = rig;
      await expect(
        rig.apply({
          deletion: {
            ...deletion,
            async deleteSnapshot(named, maySend) {
              if (named.name === 'web-05') throw new Error('power failure');
              return deletion.deleteSnapshot(named, maySend);
            },
          },
        }),
      ).rejects.toThrow('power failure');
      const row = rig.emulator.world.find(HERE, 'instanceSnapshots', 'web-05');
      if (row !== undefined) rig.emulator.world.replace(HERE, 'instanceSnapshots', row, { ...row, state });
    };

    it('waits for it', async () => {
      await crashed('deleting');
      let readings = 0;
      rig.emulator.before('GetInstanceSnapshot', ({ name }, world) => {
        if (name !== 'web-05') return;
        readings += 1;
        if (readings === 3) world.remove(HERE, 'instanceSnapshots', 'web-05');
      });
      const result = await rig.apply();
      expect(itemOf(result, 'web-05')).toMatchObject({
        outcome: 'deleted',
        text: 'it is gone: an earlier run may have sent its delete, or it was deleted manually',
      });
      expect({ readings, sent: deletesOf('web-05') }).toEqual({ readings: 3, sent: 0 });
    });

    it('never records spared for it, and gives up after 20 minutes', async () => {
      await crashed('deleting');
      const before = rig.slept.length;
      const result = await rig.apply();
      expect(itemOf(result, 'web-05')).toMatchObject({
        outcome: 'failed',
        text: expect.stringContaining('may still be deleted'),
      });
      expect(rig.slept.slice(before).reduce((sum, ms) => sum + ms, 0)).toBeGreaterThanOrEqual(20 * 60_000);
      expect(deletesOf('web-05')).toBe(0);
    });

    it.each<[string, string, () => void]>([
      ['it is going', 'deleting', () => undefined],
      ['its floor went', 'available', () => void rig.emulator.world.remove(HERE, 'instanceSnapshots', 'web-01')],
    ])(
      'does not wait for its reading, and leaves it open, when it is told to end while %s',
      async (_, state, approved) => {
        await crashed(state);
        const controller = new AbortController();
        const answered = rig.emulator.before('GetInstanceSnapshot', async ({ name }) => {
          if (name !== 'web-05') return;
          controller.abort();
          await NEVER;
        });
        expect(outcomes(await rig.apply({ signal: controller.signal, approved }))).not.toHaveProperty('web-05');
        answered();
        rig.emulator.world.remove(HERE, 'instanceSnapshots', 'web-05');
        expect(itemOf(await rig.apply(), 'web-05')).toMatchObject({
          outcome: 'deleted',
          text: expect.stringContaining('an earlier run'),
        });
      },
    );

    it('waits for it when it begins to go after the inventory', async () => {
      await crashed('available');
      const result = await rig.apply({
        approved: () => {
          const row = rig.emulator.world.find(HERE, 'instanceSnapshots', 'web-05') ?? {};
          rig.emulator.world.replace(HERE, 'instanceSnapshots', row, { ...row, state: 'deleting' });
        },
      });
      expect(itemOf(result, 'web-05')).toMatchObject({
        outcome: 'failed',
        code: 'unfinished',
        text: expect.stringContaining('may still be deleted'),
      });
      expect(deletesOf('web-05')).toBe(0);
    });
  });

  it('knows the cost of a snapshot that was deleted between a crash and the next run', async () => {
    const { deletion } = rig;
    const dying: typeof deletion.deleteSnapshot = async (named, maySend) => {
      const answer = await deletion.deleteSnapshot(named, maySend);
      if (named.name === 'web-05') throw new Error('power failure');
      return answer;
    };
    await expect(rig.apply({ deletion: { ...deletion, deleteSnapshot: dying } })).rejects.toThrow('power failure');
    const result = await rig.apply();
    expect(itemOf(result, 'web-05')).toMatchObject({
      outcome: 'deleted',
      source: 'web',
      sizeGb: 40,
      monthlyCostCeiling: 2,
    });
    expect(result.totals).toMatchObject({ deleted: 5, freedGb: 200, freedMonthlyCostCeiling: 10 });
  });

  it('measures how long an operation hangs by the clock, however long its readings take', async () => {
    rig.emulator.setFaults([{ fault: 'operation', operations: DELETE, names: 'web-05', polls: 'never' }]);
    let offset = 0;
    const { deletion } = rig;
    const slow = (...args: Parameters<typeof deletion.readOperation>): ReturnType<typeof deletion.readOperation> => {
      offset += 5 * 60_000;
      return deletion.readOperation(...args);
    };
    const result = await rig.apply({
      deletion: { ...deletion, readOperation: slow },
      clock: () => Date.now() + offset,
    });
    expect(itemOf(result, 'web-05')).toMatchObject({ outcome: 'failed', code: 'operation.timeout' });
    expect(rig.emulator.requests.count('GetOperation')).toBe(4);
  });

  it('sends no further delete of a throttled snapshot when another run has taken it over', async () => {
    rig.emulator.setFaults([{ fault: 'throttle', operations: DELETE, names: 'web-04' }]);
    const { plan } = await rig.plan();
    const { deletion, store } = rig;
    const overtaken: typeof deletion.deleteSnapshot = async (named, maySend) => {
      const answer = await deletion.deleteSnapshot(named, maySend);
      if (named.name === 'web-04') await takeOver(store, plan, 'web-04');
      return answer;
    };
    expect(await codeOf(rig.apply({ deletion: { ...deletion, deleteSnapshot: overtaken } }))).toBe('plan.in-progress');
    expect(deletesOf('web-04')).toBe(1);
  });

  it('stops the whole run when an outcome cannot be recorded', async () => {
    const { store } = rig;
    let full = false;
    rig.emulator.after(DELETE, () => {
      full = true;
    });
    const failing = {
      ...store,
      put: async (object: Parameters<typeof store.put>[0]) => {
        if (full) throw new Error('no space left');
        await store.put(object);
      },
    };
    await expect(rig.apply({ store: failing })).rejects.toThrow('no space left');
    expect(rig.emulator.requests.count(DELETE)).toBe(1);
    expect(rig.emulator.requests.count('DeleteDiskSnapshot')).toBeLessThanOrEqual(1);
    const result = await rig.apply();
    expect(outcomes(result)['web-04']).toBe('deleted');
    expect(result.status).toBe('finished');
  });
});

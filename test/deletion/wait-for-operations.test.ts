import { makeBackoff, RETRY_SETTINGS } from '../../lambda/deletion/backoff';
import { followOperations } from '../../lambda/deletion/wait-for-operations';
import type { CallFailure, CallResult, Operation } from '../../lambda/ports/deletion-ports';

const operation = (
  id: string,
  state: Operation['state'],
  code: string | null = null,
  details: string | null = null,
): Operation => ({
  id,
  state,
  code,
  details,
});

/** Follows operations of which those that are pending end as these, by id. */
const follow = (started: readonly Operation[], ends: Readonly<Record<string, Operation | CallFailure>> = {}) =>
  followOperations(
    {
      readOperation: async (_, id): Promise<CallResult<Operation>> => {
        const end = ends[id] ?? operation(id, 'done');
        return 'class' in end ? { ok: false, failure: end } : { ok: true, value: end };
      },
    },
    { region: 'us-east-1', name: 'web-1' },
    started,
    makeBackoff(RETRY_SETTINGS, async () => undefined),
    () => 0,
  );

describe('the operations of a delete', () => {
  it.each([
    ['the first', [operation('a', 'failed', 'A', 'why'), operation('b', 'done')]],
    ['the last', [operation('b', 'done'), operation('c', 'done'), operation('a', 'failed', 'A', 'why')]],
    ['one beside a pending one', [operation('b', 'pending'), operation('a', 'failed', 'A', 'why')]],
  ])('failed when %s of them had failed already', async (_, started) => {
    expect(await follow(started)).toEqual({ state: 'failed', code: 'A', text: 'the operation failed: why' });
  });

  it('are lost when the service answers with one of another resource, which says nothing about the snapshot', async () => {
    const foreign = { ...operation('a', 'failed', 'A', 'why'), resourceName: 'db-1' };
    expect(await follow([foreign])).toMatchObject({ state: 'lost', code: 'operation.foreign' });
    expect(await follow([{ ...operation('a', 'failed', 'A', 'why'), resourceName: 'web-1' }])).toMatchObject({
      state: 'failed',
      code: 'A',
    });
  });

  it('are all named that failed, at once or later', async () => {
    const started = [
      operation('a', 'failed', 'A', 'one'),
      operation('b', 'failed', 'B', 'two'),
      operation('c', 'pending'),
    ];
    expect(await follow(started, { c: operation('c', 'failed', null, null) })).toEqual({
      state: 'failed',
      code: 'A',
      text: '3 operations failed: A: one; B: two; OperationFailed: no details',
    });
  });

  it.each<[string, Operation | CallFailure, string, string]>([
    [
      'does not end',
      operation('b', 'pending'),
      'operation.timeout',
      'the operation failed: why; the operation b did not end in 20 minutes',
    ],
    [
      'cannot be read',
      { class: 'refused', code: 'AccessDenied', message: 'no' },
      'AccessDenied',
      'the operation failed: why; the operation b could not be followed (no)',
    ],
    [
      'is never read',
      { class: 'transient', code: 'InternalError', message: 'later' },
      'operation.timeout',
      'the operation failed: why; the operation b did not end in 20 minutes',
    ],
  ])('are lost when one failed and another %s', async (_, end, code, text) => {
    const started = [operation('a', 'failed', 'A', 'why'), operation('b', 'pending')];
    expect(await follow(started, { b: end })).toEqual({ state: 'lost', code, text });
    expect(await follow([...started].reverse(), { b: end })).toEqual({ state: 'lost', code, text });
  });

  it.each([
    ['at once', [operation('a', 'done'), operation('b', 'unclear', null, 'Done')]],
    ['later', [operation('a', 'done'), operation('b', 'pending')]],
  ])('do not tell how they ended when one ends %s with a status that is not known', async (_, started) => {
    expect(await follow(started, { b: operation('b', 'unclear', null, 'Done') })).toEqual({
      state: 'unclear',
      code: 'operation.unclear',
      text: 'the operation ended with Done: it may have been carried out',
    });
  });

  it('are lost when one failed and another ends with a status that is not known', async () => {
    const started = [operation('a', 'failed', 'A', 'why'), operation('b', 'unclear')];
    expect(await follow(started)).toEqual({
      state: 'lost',
      code: 'operation.unclear',
      text: 'the operation failed: why; the operation ended with no status: it may have been carried out',
    });
  });

  it('are lost when one failed and another has no id', async () => {
    const unnamed: Operation = { id: null, state: 'pending', code: null, details: null };
    expect(await follow([operation('a', 'failed', 'A', 'why'), unnamed])).toEqual({
      state: 'lost',
      code: 'operation.unnamed',
      text: 'the operation failed: why; the service started an operation without an id',
    });
  });

  it('stop the run when the last reading of one that did not end had no answer', async () => {
    const offline: CallFailure = { class: 'transient', code: 'ENETDOWN', message: 'offline', unreachable: true };
    const started = [operation('a', 'failed', 'A', 'why'), operation('b', 'pending')];
    await expect(follow(started, { b: offline })).rejects.toMatchObject({ code: 'caller.failed' });
  });

  it('are done when all of them are', async () => {
    expect(await follow([operation('a', 'done'), operation('b', 'pending')])).toEqual({ state: 'done' });
  });
});

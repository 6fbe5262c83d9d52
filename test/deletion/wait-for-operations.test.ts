import { makeBackoff, RETRY_SETTINGS } from '../../lambda/deletion/backoff';
import { followOperations } from '../../lambda/deletion/wait-for-operations';
import type { Operation } from '../../lambda/ports/deletion-ports';

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
const follow = (started: readonly Operation[], ends: Readonly<Record<string, Operation>> = {}) =>
  followOperations(
    { readOperation: async (_, id) => ({ ok: true, value: ends[id] ?? operation(id, 'done') }) },
    'us-east-1',
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

  it('are done when all of them are', async () => {
    expect(await follow([operation('a', 'done'), operation('b', 'pending')])).toEqual({ state: 'done' });
  });
});

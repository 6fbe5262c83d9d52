import type { CandidateGroup } from '../../lambda/core/plan/recheck';
import type { Snapshot } from '../../lambda/core/snapshot/snapshot';
import { makeBackoff, RETRY_SETTINGS } from '../../lambda/deletion/backoff';
import { checkGroup } from '../../lambda/deletion/check-group';
import type { CallResult, SnapshotDeletion } from '../../lambda/ports/deletion-ports';
import type { Source } from '../../lambda/ports/snapshot-kind';
import { aSnapshot, aSource } from '../support/report-builder';
import { tagged } from '../support/snapshot-builder';

const KEPT = [aSnapshot({ name: 'web-1123' }), aSnapshot({ name: 'web-1122' })];
const SOURCE = { arn: aSource('web').arn, name: 'web', tags: tagged({}) };
const LIVING: Source = { ...SOURCE, defect: null, autoSnapshots: null };
const group = (overrides: Partial<CandidateGroup> = {}): CandidateGroup => ({
  region: 'us-east-1',
  items: [],
  floor: KEPT,
  source: SOURCE,
  absentSource: null,
  ...overrides,
});

/** Answers with these snapshots and this source; every other call fails the test. */
const deletionOf = (
  snapshots: readonly Snapshot[],
  source: CallResult<Source | null> = { ok: true, value: LIVING },
): SnapshotDeletion => ({
  readSnapshot: async ({ name }) => ({ ok: true, value: snapshots.find((snapshot) => snapshot.name === name) ?? null }),
  readSource: async () => source,
  deleteSnapshot: () => Promise.reject(new Error('a check deletes nothing')),
  readOperation: () => Promise.reject(new Error('a check follows nothing')),
  readClock: () => Promise.reject(new Error('a check reads no clock')),
});
const guard = (deletion: SnapshotDeletion, of = group(), minKeep = 2, inDoubt: readonly string[] = []) =>
  checkGroup(
    { deletion, backoff: makeBackoff(RETRY_SETTINGS, async () => undefined), inDoubt: new Set(inDoubt) },
    of,
    minKeep,
  );

describe('the check of a group', () => {
  it('finds nothing wrong with a group whose source and floor are unchanged', async () => {
    expect(await guard(deletionOf(KEPT))).toBeNull();
  });

  it('reads no source where there is none', async () => {
    expect(
      await guard(
        { ...deletionOf(KEPT), readSource: () => Promise.reject(new Error('there is none')) },
        group({ source: null }),
      ),
    ).toBeNull();
  });

  it('spares a group that has fewer kept snapshots than minKeep, without asking for anything', async () => {
    expect(await guard(deletionOf(KEPT), group(), 3)).toMatchObject({ outcome: 'spared', code: 'floor' });
    expect(await guard(deletionOf([]), group({ floor: [] }), 1)).toMatchObject({ outcome: 'spared', code: 'floor' });
  });

  it.each([
    ['without an ARN', null],
    ['of another region', SOURCE.arn.replace(/^(arn:[^:]*:[^:]*):[^:]*/, '$1:us-west-2')],
    ['of another account', SOURCE.arn.replace(/:\d{12}:/, ':999999999999:')],
    ['of another type', SOURCE.arn.replace(/:[A-Za-z]+\//, ':Database/')],
  ])('spares a group whose source no list had when reading it by name answers with one %s', async (_, arn) => {
    const absent = group({ source: null, absentSource: { arn: SOURCE.arn, name: SOURCE.name } });
    const answer = { ok: true, value: { ...LIVING, arn } } as const;
    expect(await guard(deletionOf(KEPT, answer), absent)).toMatchObject({
      outcome: 'spared',
      code: 'source.unconfirmed',
    });
    expect(await guard(deletionOf(KEPT, { ok: true, value: null }), absent)).toBeNull();
  });

  it('spares a group when any snapshot of its floor is gone', async () => {
    for (const left of KEPT)
      expect(await guard(deletionOf([left]))).toMatchObject({ outcome: 'spared', code: 'floor' });
  });

  it('spares a group when a delete of an earlier run may still remove a snapshot of its floor', async () => {
    for (const { arn } of KEPT)
      expect(await guard(deletionOf(KEPT), group(), 2, [arn ?? ''])).toMatchObject({
        outcome: 'spared',
        code: 'floor',
        text: expect.stringMatching(/^an earlier run may have sent a delete of its kept sibling web-112\d$/),
      });
  });

  it('reads the snapshots of a large floor side by side: one after the other they take longer than the check is valid', async () => {
    const floor = Array.from({ length: 100 }, (_, index) => aSnapshot({ name: `web-${index}` }));
    let [open, most, reads] = [0, 0, 0];
    const deletion = deletionOf(floor);
    const slow: SnapshotDeletion = {
      ...deletion,
      async readSnapshot(...asked) {
        open += 1;
        reads += 1;
        most = Math.max(most, open);
        await new Promise((resolve) => setImmediate(resolve));
        open -= 1;
        return deletion.readSnapshot(...asked);
      },
    };
    expect(await guard(slow, group({ floor }), 100)).toBeNull();
    expect(reads).toBe(100);
    expect(most).toBeGreaterThan(8);
  });

  it('spares a group whose source sends tags that contradict each other', async () => {
    const defective = { ok: true, value: { ...LIVING, defect: 'tag env came twice with different values' } } as const;
    expect(await guard(deletionOf(KEPT, defective))).toEqual({
      outcome: 'spared',
      code: 'source.changed',
      text: 'tag env came twice with different values',
    });
  });

  it('spares a group whose source or floor has no name to read it by', async () => {
    expect(await guard(deletionOf(KEPT), group({ source: { ...SOURCE, name: null } }))).toMatchObject({
      outcome: 'spared',
      code: 'source.unread',
    });
    expect(await guard(deletionOf(KEPT), group({ floor: [aSnapshot({ name: null })] }), 1)).toMatchObject({
      outcome: 'spared',
      code: 'floor',
    });
  });

  it('records failed with the code when a reading is refused', async () => {
    const denied = { ok: false, failure: { class: 'refused', code: 'AccessDeniedException', message: 'no' } } as const;
    expect(await guard(deletionOf(KEPT, denied))).toMatchObject({ outcome: 'failed', code: 'AccessDeniedException' });
    expect(await guard({ ...deletionOf(KEPT), readSnapshot: async () => denied })).toMatchObject({
      outcome: 'failed',
      code: 'AccessDeniedException',
    });
  });
});

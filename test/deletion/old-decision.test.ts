import { withinConfirmed } from '../../lambda/deletion/apply-plan';
import type { SnapshotDeletion } from '../../lambda/ports/deletion-ports';
import { codeOf, DAY, HERE, outcomes, type Rig, startRig } from './rig';

const MINUTE = 60_000;

describe('a decision that becomes old while its run deletes', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await startRig();
  });
  afterEach(() => rig.close());
  const deletes = (): number =>
    rig.emulator.requests.list().filter(({ operation }) => operation.startsWith('Delete')).length;

  /** Deletes as the rig does, and calls `then` once, after the first delete in us-east-1. */
  const afterFirst = (then: () => void): SnapshotDeletion => {
    let isDone = false;
    return {
      ...rig.deletion,
      async deleteSnapshot(named, maySend) {
        const answer = await rig.deletion.deleteSnapshot(named, maySend);
        if (!isDone && answer.ok && named.region === HERE) {
          isDone = true;
          then();
        }
        return answer;
      },
    };
  };
  const removeKept = (): void => {
    for (const name of ['web-02', 'web-03']) rig.emulator.world.remove(HERE, 'instanceSnapshots', name);
  };

  it('is made again after 10 minutes: what the new one keeps is not deleted', async () => {
    await rig.plan();
    const deletion = afterFirst(() => {
      removeKept();
      rig.advance(11 * MINUTE);
    });
    const result = await rig.apply({ deletion });
    expect(outcomes(result)).toMatchObject({ 'web-04': 'deleted', 'web-05': 'spared kept', 'web-06': 'spared kept' });
    expect(result).toMatchObject({ status: 'finished', totals: { deleted: 3, failed: 0 } });
  });

  it('lets a long run finish, with one new decision after another', async () => {
    await rig.plan();
    const deletion: SnapshotDeletion = {
      ...rig.deletion,
      async deleteSnapshot(named, maySend) {
        const answer = await rig.deletion.deleteSnapshot(named, maySend);
        rig.advance(11 * MINUTE);
        return answer;
      },
    };
    expect(await rig.apply({ deletion })).toMatchObject({ status: 'finished', totals: { deleted: 5, failed: 0 } });
  });

  it('ends the run with plan.expired when the plan has expired meanwhile, and leaves the rest open', async () => {
    await rig.plan();
    const deletion = afterFirst(() => rig.advance(8 * DAY));
    expect(await codeOf(rig.apply({ deletion }))).toBe('plan.expired');
    expect(deletes()).toBeLessThanOrEqual(2);
  });

  it('deletes nothing more where nothing can be prepared again, as in an invocation of the function', async () => {
    await rig.plan();
    const deletion = afterFirst(() => rig.advance(11 * MINUTE));
    const { status, totals } = await rig.apply({ deletion, prepareAgain: undefined });
    expect(status).toBe('unfinished');
    expect(totals.open).toBeGreaterThanOrEqual(3);
  });

  it('never gets more candidates than those that were shown when the count was confirmed', async () => {
    await rig.plan();
    const later = await rig.prepare();
    const shown = later.groups.map((group) => ({
      ...group,
      items: group.items.filter(({ item }) => item.name !== 'web-05'),
    }));
    const confirmed = withinConfirmed({ groups: shown }, later);
    const names = confirmed.groups.flatMap(({ items }) => items.map(({ item }) => item.name));
    expect([...names].sort()).toEqual(['data-04', 'data-05', 'web-04', 'web-06']);
    expect(confirmed.skipped.map(({ item, skipReason }) => [item.name, skipReason.code])).toEqual([
      ['web-05', 'not-confirmed'],
    ]);
  });

  it('is refused with clock.skew when the clock is corrected between it and the check of the clock', async () => {
    await rig.plan();
    let aheadMs = 6 * DAY;
    const deletion: SnapshotDeletion = {
      ...rig.deletion,
      readClock() {
        aheadMs = 0;
        return rig.deletion.readClock();
      },
    };
    expect(await codeOf(rig.prepare({ deletion, clock: () => Date.now() + aheadMs }))).toBe('clock.skew');
  });
});

import { checkLock, type LockPorts, takeLock } from '../../lambda/deletion/run-lock';
import { memoryStore } from '../fakes/memory-store';

const NOW = Date.parse('2026-11-23T08:00:00Z');
const MINUTE = 60_000;

describe('the lock of a place', () => {
  const portsAt = (now: number, store: LockPorts['store']): LockPorts => ({
    store,
    clock: () => now,
    owner: { host: 'here', pid: 1, run: 'first' },
    isAlive: () => null,
  });

  it.each([
    ['is there', 1, 'plan.in-progress'],
    ['has given no sign for an hour', 61, null],
    ['had a clock that was a month ahead', -30 * 24 * 60, null],
  ])('refuses another run where its run %s: %d minutes later, %s', async (_, minutes, code) => {
    const store = memoryStore();
    await takeLock(portsAt(NOW, store), 'plan');
    const check = checkLock(
      { ...portsAt(NOW + minutes * MINUTE, store), owner: { host: 'here', pid: 2, run: 'second' } },
      'plan',
    );
    await (code === null ? expect(check).resolves.toBeUndefined() : expect(check).rejects.toMatchObject({ code }));
  });
});

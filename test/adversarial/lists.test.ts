import { startDeadline } from '../../lambda/aws/deadline';
import { readSnapshotList } from '../../lambda/aws/read-snapshot-list';
import type { SnapshotRecord } from '../../lambda/core/snapshot/snapshot-record';
import type { CallOptions, Page } from '../../lambda/ports/snapshot-kind';

/** Pages of a list that changes between calls: rows go, come and move; tokens are offsets, or rows to begin behind. */
function makeRandom(seed: number) {
  let state = seed >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
  return { int: (n: number) => Math.floor(next() * n), chance: (p: number) => next() < p };
}

const row = (arn: string): SnapshotRecord =>
  ({
    arn,
    name: arn,
    kind: 'instance',
    region: 'us-east-1',
    hasContentOf: () => true,
    withDefect: () => row(arn),
  }) as unknown as SnapshotRecord;

async function history(seed: number): Promise<{ readonly missing: readonly string[]; readonly description: string }> {
  const random = makeRandom(seed);
  const rows = Array.from({ length: 4 + random.int(12) }, (_, index) => `s${index}`);
  const always = new Set(rows);
  const size = 1 + random.int(4);
  const empties = random.chance(0.3);
  let changes = random.int(4);
  const ask = async (token: string | null, _: CallOptions): Promise<Page<SnapshotRecord>> => {
    const [from = 0, kind = 'page'] = token === null ? [] : (JSON.parse(token) as [number, string]);
    if (empties && kind === 'page' && random.chance(0.3))
      return { rows: [], next: JSON.stringify([from, 'again', random.int(1e9)]) };
    const page = rows.slice(from, from + size).map(row);
    const end = from + size >= rows.length;
    // Only rows of the first page go: what goes behind it is not noticed, and the contract says so.
    if (changes > 0 && random.chance(0.4)) {
      changes -= 1;
      const [gone] = rows.splice(random.int(Math.min(size, rows.length)), 1);
      if (gone !== undefined) always.delete(gone);
    }
    return { rows: page, next: end ? null : JSON.stringify([from + size, 'page', 0]) };
  };
  const deadline = startDeadline(null, Date.now);
  const list = await readSnapshotList({
    operation: 'GetInstanceSnapshots',
    ask,
    deadline,
    maxPages: 1_000,
    onPage: () => undefined,
    onPageAgain: () => undefined,
  });
  deadline.clear();
  const have = new Set(list.snapshots.map(({ arn }) => arn));
  const missing = [...always].filter((arn) => !have.has(arn));
  return {
    missing: list.error === null && !list.changing ? missing : [],
    description: `${seed} size ${size} ${list.pages} pages`,
  };
}

test('a list that counts as read and unchanged has every row that stayed, where only rows of its first page go', async () => {
  const found: string[] = [];
  for (let seed = 1; seed <= 20_000; seed += 1) {
    const { missing, description } = await history(seed);
    if (missing.length > 0) found.push(`${description}: ${missing.join(', ')}`);
  }
  expect(found).toEqual([]);
}, 120_000);

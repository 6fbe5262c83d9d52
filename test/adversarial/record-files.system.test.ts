import { copyFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clean, makeFolder, planIn, run } from './rig';
import { accountOf, startService } from './service';

const recordDir = (folder: string, id: string): string => {
  const own = join(folder, 'results', id);
  const name = readdirSync(own, { withFileTypes: true }).find((each) => each.isDirectory())?.name ?? '';
  return join(own, name);
};

test('the visible files of a record are removed (rm results/ID/*/*): the plan goes on', async () => {
  const one = accountOf('111111111111', 5);
  const service = await startService({ keyA: one });
  const folder = makeFolder();
  const { id, count } = await planIn(folder, service.url);
  // The first run is stopped by credentials that end, which cancels the current attempt (a replacement, in a hidden
  // file).
  service.before = ({ op }) =>
    op === 'DeleteInstanceSnapshot'
      ? { status: 400, body: { __type: 'ExpiredTokenException', message: 'expired' } }
      : null;
  await run(folder, service.url, ['apply', 'plan.json', '--local', '--yes', String(count)]);
  const records = recordDir(folder, id);
  service.before = () => null;
  for (const name of readdirSync(records)) if (!name.startsWith('.')) rmSync(join(records, name));
  const second = await run(folder, service.url, ['apply', 'plan.json', '--local', '--yes', String(count)]);
  await run(folder, service.url, ['apply', 'plan.json', '--local', '--yes', String(count)]);
  expect(second.code).toBe(0);
  await service.close();
  clean(folder);
}, 120_000);

test.each(['', '{"arn":"arn:aws'])(
  'a record cut short (%j) by a crash on a file system without hard links is named, and nothing more is deleted',
  async (text) => {
    const one = accountOf('111111111111', 4);
    const service = await startService({ keyA: one });
    const folder = makeFolder();
    const { id, count } = await planIn(folder, service.url);
    service.before = ({ op }) =>
      op === 'DeleteInstanceSnapshot'
        ? { status: 400, body: { __type: 'ExpiredTokenException', message: 'expired' } }
        : null;
    await run(folder, service.url, ['apply', 'plan.json', '--local', '--yes', String(count)]);
    service.before = () => null;
    const records = recordDir(folder, id);
    for (const name of readdirSync(records)) rmSync(join(records, name));
    writeFileSync(join(records, '000002.attempt.json'), text);
    const second = await run(folder, service.url, ['apply', 'plan.json', '--local', '--yes', String(count)]);
    expect(second.code).toBe(2);
    expect(second.err).toContain('[result.unreadable]');
    expect(one.snapshots).toHaveLength(4);
    await service.close();
    clean(folder);
  },
  180_000,
);

test('another file beside the plan is not read for it', async () => {
  const one = accountOf('111111111111', 5);
  const service = await startService({ keyA: one });
  const folder = makeFolder();
  await planIn(folder, service.url);
  copyFileSync(join(folder, 'plan.json'), join(folder, '.plan.json.v1'));
  writeFileSync(join(folder, 'plan.json'), '{}');
  await run(folder, service.url, ['apply', 'plan.json', '--local', '--yes', '4']);
  expect(one.snapshots).toHaveLength(5);
  await service.close();
  clean(folder);
}, 60_000);

test('results that are a link to nothing, a file, a read-only folder', async () => {
  for (const kind of ['dangling', 'file', 'loop'] as const) {
    const one = accountOf('111111111111', 3);
    const service = await startService({ keyA: one });
    const folder = makeFolder();
    await planIn(folder, service.url);
    const results = join(folder, 'results');
    if (kind === 'dangling') symlinkSync(join(folder, 'nowhere'), results);
    if (kind === 'file') writeFileSync(results, 'x');
    if (kind === 'loop') symlinkSync(results, results);
    await run(folder, service.url, ['apply', 'plan.json', '--local', '--yes', '2']);
    expect(service.deletes).toHaveLength(0);
    await service.close();
    clean(folder);
  }
}, 60_000);

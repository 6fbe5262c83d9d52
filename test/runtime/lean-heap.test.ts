import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

/** Keeps hold of a part of what it makes, and says how large (MB) the space for new objects and the heap became. */
const PROGRAM = `
const { getHeapSpaceStatistics } = require('node:v8');
(async () => {
  const held = [];
  let most = 0;
  for (let i = 0; i < 2_000_000; i += 1) {
    held[i % 400_000] = { i, list: [i, i + 1], text: 'x' + i };
    if (i % 5_000 !== 0) continue;
    most = Math.max(most, getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size);
    await new Promise(setImmediate);
  }
  console.log(JSON.stringify({ most: most / 2 ** 20, total: process.memoryUsage().heapTotal / 2 ** 20, held: held.length }));
})();
`;

function run(prelude: string): { readonly most: number; readonly total: number } {
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', `${prelude}\n${PROGRAM}`], {
    encoding: 'utf8',
    env: {},
  });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

it('keeps the heap of a program that makes much and holds a part of it smaller, by half for new objects, by a quarter in all', () => {
  const { outputFiles } = buildSync({
    stdin: {
      contents: "require('./lambda/runtime/lean-heap').keepHeapLean()",
      resolveDir: join(__dirname, '..', '..'),
    },
    bundle: true,
    platform: 'node',
    write: false,
  });
  const plain = run('');
  const lean = run(outputFiles[0]?.text ?? '');
  expect(lean.most).toBeLessThan(plain.most / 2);
  expect(lean.total).toBeLessThan((plain.total * 3) / 4);
});

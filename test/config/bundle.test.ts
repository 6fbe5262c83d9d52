import { join } from 'node:path';
import { buildSync } from 'esbuild';

test('the validator, its libraries included, adds at most 64 KB to a bundle, and no YAML reader', () => {
  const { outputFiles, metafile } = buildSync({
    entryPoints: [join(__dirname, '..', '..', 'lambda', 'config', 'parse-config.ts')],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    outdir: 'unused',
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    mainFields: ['module', 'main'],
  });
  expect(outputFiles[0]?.contents.length).toBeLessThan(64_000);
  expect(Object.keys(metafile.inputs).filter((path) => path.includes('node_modules/yaml/'))).toEqual([]);
});

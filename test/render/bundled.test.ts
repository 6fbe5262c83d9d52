import { join } from 'node:path';
import { buildSync } from 'esbuild';

test('the bundle of the report function contains no code for terminals or browsers', () => {
  const { metafile } = buildSync({
    entryPoints: [join(__dirname, '..', '..', 'lambda', 'handlers', 'report.ts')],
    bundle: true,
    platform: 'node',
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  const inputs = Object.keys(metafile.inputs);
  expect(inputs.some((file) => file.endsWith('lambda/render/email.ts'))).toBe(true);
  expect(
    inputs.filter((file) => /\bcli\/|render\/terminal|page\/browser|node_modules\/(fast-|cli-progress)/.test(file)),
  ).toEqual([]);
});

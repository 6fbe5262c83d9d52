import { sourceText } from '../../cli/explain-source';
import { UTC } from '../../lambda/core/time/zone';
import { aSource, kept } from '../support/report-builder';

const web = aSource('web');
const here = kept({ name: 'web-1' });
const copy = kept({ name: 'web-copy', region: 'eu-central-1', source: web });
const disk = kept({ name: 'web-disk', kind: 'disk', source: web });

const textOf = (items: readonly (typeof here)[]): string =>
  [...sourceText({ ...web, kind: 'instance', region: 'us-east-1', exists: true, tags: null, items }, UTC, 200)].join(
    '',
  );

test('the snapshots of a source have a heading for each kind and region', () => {
  const text = textOf([here, copy, disk]);
  expect(text).toMatch(/^web \(snapshots of 3 kinds or regions\): 3 snapshots, 3 kept, 0 can be deleted\./);
  expect(text).toMatch(/\n\ninstance snapshots in us-east-1: 1 snapshot\nSNAPSHOT .*\nweb-1 /);
  expect(text).toMatch(/\n\ninstance snapshots in eu-central-1: 1 snapshot\nSNAPSHOT .*\nweb-copy /);
  expect(text).toMatch(/\n\ndisk snapshots in us-east-1: 1 snapshot\nSNAPSHOT .*\nweb-disk /);
});

test('snapshots of one kind and region have none', () => {
  expect(textOf([here])).toMatch(/^web \(instance in us-east-1\): 1 snapshot, [^\n]*\n\nSNAPSHOT .*\nweb-1 /);
});

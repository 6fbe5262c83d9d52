import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isNearName, nearFiles } from '../../lambda/config/near-files';

test.each([
  'retention.yml',
  'Retention.yaml',
  'RETENTION.YAML',
  'retention.YML',
  'retention.json',
  'retention.jsonc',
  'retention.txt',
  'retention.yaml.txt',
  'retention.yml.txt',
  'retention.yaml.yaml',
  '.retention.yaml',
  '.retention.yml',
  'retention',
  'retention.yaml ',
  ' retention.yaml',
  'retention .yaml',
  'retention.yaml\u200b',
  'retention.yalm',
  'retention.yam',
  'retention.yamll',
  'retentions.yaml',
  'retension.yaml',
  'retenton.yaml',
  'rention.yaml',
  'reteniton.yml',
  'retention1.yaml',
  'retention (1).yaml',
  'retention copy.yaml',
  'retention - Copy.yaml',
  'Copy of retention.yaml',
  'retention-config.yaml',
  'retention.config.yml',
  'retention_configuration.json',
])('%j is near to retention.yaml', (name) => {
  expect(isNearName(name)).toBe(true);
});

test.each([
  'retention.yaml',
  'retention.schema.json',
  'RETENTION.schema.json',
  'retention.html',
  'retention.csv',
  'retention.md',
  'retention.xml',
  'retention.ts',
  'retention.yaml.bak',
  'retention.yaml~',
  '.retention.yaml.swp',
  'retention.yaml.example',
  'retention-policy.json',
  'lightsail-retention.yaml',
  'attention.json',
  'intention.txt',
  'report.json',
  'plan.json',
  'package.json',
  'yaml',
  '.yaml',
  '.json',
])('%j is not near to retention.yaml', (name) => {
  expect(isNearName(name)).toBe(false);
});

describe('the files of a folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'near-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test('are listed by name, folders and other names of the configuration itself left out', () => {
    for (const name of ['retention.yaml', 'retention.yml', 'Retention.json', 'retention.schema.json', 'notes.txt'])
      writeFileSync(join(folder, name), '');
    mkdirSync(join(folder, 'retention.txt'));
    symlinkSync('retention.yaml', join(folder, '.retention.yaml'));
    symlinkSync('nowhere', join(folder, 'retentions.yaml'));
    expect(nearFiles(folder)).toEqual(['Retention.json', 'retention.yml', 'retentions.yaml']);
  });

  test('are none in a folder that is not there', () => {
    expect(nearFiles(join(folder, 'missing'))).toEqual([]);
  });
});

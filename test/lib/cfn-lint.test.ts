import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SnapshotRetentionProps } from '../../lib/snapshot-retention';
import { describeWith, isInstalled } from '../support/optional';
import { synthesized } from './synthesized';

/** Says that CDK names a dependency twice, which does no harm. */
const NOISE = ['W3005'];

const VARIANTS: Readonly<Record<string, Partial<SnapshotRetentionProps>>> = {
  smallest: {},
  'not watched': { monitoring: 'off' },
  'with deletion': { deletion: 'automatic' },
};

describeWith(isInstalled('cfn-lint'), 'cfn-lint', 'cfn-lint', () => {
  const work = mkdtempSync(join(tmpdir(), 'cfn-lint-'));
  afterAll(() => rmSync(work, { recursive: true }));

  test.each(Object.entries(VARIANTS))(
    'finds nothing in the template, %s',
    (_, props) => {
      const file = join(work, 'template.json');
      writeFileSync(file, JSON.stringify(synthesized(props).toJSON()));
      expect(execFileSync('cfn-lint', ['--ignore-checks', ...NOISE, '--', file], { encoding: 'utf8' })).toBe('');
    },
    120_000,
  );
});

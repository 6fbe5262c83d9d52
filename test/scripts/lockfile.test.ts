import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOCKFILES, missingOptional } from '../../scripts/complete-lockfile';

describe.each(LOCKFILES)('%s', (name) => {
  const lock = JSON.parse(readFileSync(join(__dirname, '..', '..', name), 'utf8'));

  it('lists the optional packages of every platform, without which npm ci refuses it (npm run lock adds them)', () => {
    expect(missingOptional(lock.packages)).toEqual([]);
  });

  it('names no registry', () => {
    expect(JSON.stringify(lock)).not.toContain('"resolved":"http');
  });
});

describe('missingOptional', () => {
  it('finds what is asked for and not listed, at the top or nested, once', () => {
    const packages = {
      'node_modules/a': {
        optionalDependencies: { 'a-linux-x64': '1.0.0', 'a-win32-x64': '1.0.0', 'a-nested': '1.0.0' },
      },
      'node_modules/a-linux-x64': { version: '1.0.0' },
      'node_modules/a/node_modules/a-nested': { version: '1.0.0' },
      'node_modules/b': { optionalDependencies: { 'a-win32-x64': '1.0.0' } },
    };
    expect(missingOptional(packages)).toEqual([{ name: 'a-win32-x64', version: '1.0.0' }]);
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOCKFILES, missingOptional, withoutHash, withoutIdleEngines } from '../../scripts/complete-lockfile';

describe.each(LOCKFILES)('%s', (name) => {
  const lock = JSON.parse(readFileSync(join(__dirname, '..', '..', name), 'utf8'));

  it('lists the optional packages of every platform, without which npm ci refuses it (npm run lock adds them)', () => {
    expect(missingOptional(lock.packages)).toEqual([]);
  });

  it('has a hash of every archive, for platforms that are not this one too (npm run lock asks for it)', () => {
    expect(withoutHash(lock.packages)).toEqual([]);
  });

  it('names no registry', () => {
    expect(JSON.stringify(lock)).not.toContain('"resolved":"http');
  });
});

/** Whether a range of `engines` admits Node.js 20.20.2, the oldest that the project runs on. */
function admitsNode20(range: string): boolean {
  const wanted = [20, 20, 2];
  const compare = (parts: readonly number[]): number =>
    wanted.map((part, i) => part - (parts[i] ?? 0)).find((difference) => difference !== 0) ?? 0;
  return range.split('||').some((alternative) =>
    alternative
      .trim()
      .replace(/([<>=^~]) +/g, '$1')
      .split(/\s+/)
      .every((comparator) => {
        const [, operator, version = ''] = /^([<>]=?|[\^~]?)v?(\d+(?:\.(?:\d+|[*x])){0,2}|\*)$/.exec(comparator) ?? [];
        if (operator === undefined) throw new Error(`the range ${range} has the unknown comparator ${comparator}`);
        if (version === '*') return true;
        const parts = version
          .split('.')
          .filter((part) => /^\d+$/.test(part))
          .map(Number);
        if (operator === '>=') return compare(parts) >= 0;
        if (operator === '>') return compare(parts) > 0;
        if (operator === '<') return compare(parts) < 0;
        if (operator === '<=') return compare(parts) <= 0;
        return parts[0] === wanted[0] && compare(parts) >= 0;
      }),
  );
}

test('npm ci on Node.js 20.20 warns of no package: every engine of the lockfile admits it (npm run lock)', () => {
  const { packages } = JSON.parse(readFileSync(join(__dirname, '..', '..', 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly engines?: { readonly node?: string } }>>;
  };
  const refused = Object.entries(packages).filter(([, { engines }]) => !admitsNode20(engines?.node ?? '*'));
  expect(refused.map(([path]) => path)).toEqual([]);
});

describe('withoutIdleEngines', () => {
  it('removes the engines of packages that only Node.js 24 runs, and of no other', () => {
    const packages = {
      'node_modules/@aws/durable-execution-sdk-js': { version: '2.4.0', engines: { node: '>=22' } },
      'node_modules/other': { version: '1.0.0', engines: { node: '>=22' } },
    };
    expect(withoutIdleEngines(packages)).toEqual({
      'node_modules/@aws/durable-execution-sdk-js': { version: '2.4.0' },
      'node_modules/other': { version: '1.0.0', engines: { node: '>=22' } },
    });
  });
});

describe('withoutHash', () => {
  it('finds an archive that nothing compares; what comes in an archive of another package has none', () => {
    const packages = {
      '': { version: '0.1.0' },
      'node_modules/a': { version: '1.0.0', integrity: 'sha512-AA==' },
      'node_modules/a/node_modules/b': { version: '1.0.0', inBundle: true },
      'node_modules/a-linux-x64': { version: '1.0.0' },
    };
    expect(withoutHash(packages)).toEqual(['node_modules/a-linux-x64']);
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

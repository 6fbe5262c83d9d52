import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { isSameFile } from '../../cli/output-file';

describe('two paths', () => {
  const work = mkdtempSync(join(tmpdir(), 'output-file-'));
  const at = (path: string): string => join(work, path);

  beforeAll(() => {
    mkdirSync(at('folder/inner'), { recursive: true });
    symlinkSync(at('folder'), at('link'));
    writeFileSync(at('old'), '');
    symlinkSync(at('old'), at('soft'));
    linkSync(at('old'), at('hard'));
  });
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  it.each([
    ['the same text', at('new'), at('new')],
    ['a relative and an absolute one', at('new'), relative('', at('new'))],
    ['one through another folder', at('folder/new'), `${work}/folder/inner/../new`],
    ['one through a link to the folder', at('folder/new'), at('link/new')],
    ['a soft link', at('old'), at('soft')],
    ['a hard link', at('old'), at('hard')],
    ['one in a folder that is not there', at('none/new'), `${work}/none/./new`],
  ])('are the same file: %s', (_, one, other) => {
    expect(isSameFile(one, other)).toBe(true);
    expect(isSameFile(other, one)).toBe(true);
  });

  it.each([
    ['two names', at('new'), at('newer')],
    ['two folders', at('new'), at('folder/new')],
    ['one that is there and one that is not', at('old'), at('new')],
    ['a file taken for a folder', at('old/new'), at('old')],
  ])('are not the same file: %s', (_, one, other) => {
    expect(isSameFile(one, other)).toBe(false);
    expect(isSameFile(other, one)).toBe(false);
  });
});

import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { isSameFile, writeOutputFile } from '../../cli/output-file';

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

describe('an output file', () => {
  let work: string;
  const at = (path: string): string => join(work, path);

  beforeEach(() => {
    work = mkdtempSync(join(tmpdir(), 'output-file-'));
  });
  afterEach(() => rmSync(work, { recursive: true, force: true }));

  function* failing(): Generator<string> {
    yield 'x'.repeat(100_000);
    throw new Error('the disk is full');
  }

  it('on a full disk is refused with the advice to make room', async () => {
    // biome-ignore lint/correctness/useYield: the disk is full at once
    function* full(): Generator<string> {
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    }
    await expect(writeOutputFile(at('report.txt'), full())).rejects.toThrow(
      /ENOSPC: .*; make room on that disk, or choose a file on another one$/,
    );
    expect(readdirSync(work)).toEqual([]);
  });

  it('is written whole, and nothing else is left in its folder', async () => {
    await writeOutputFile(at('new'), ['one ', 'two']);
    expect(readFileSync(at('new'), 'utf8')).toBe('one two');
    expect(readdirSync(work)).toEqual(['new']);
  });

  it('stays as it was where the writing fails, and a new one is not created', async () => {
    writeFileSync(at('old'), 'before');
    for (const name of ['old', 'new'])
      await expect(writeOutputFile(at(name), failing())).rejects.toMatchObject({
        code: 'output.unwritable',
        message: `cannot write ${at(name)}: the disk is full; choose a file in a folder that exists and that you may write to`,
      });
    expect(readdirSync(work)).toEqual(['old']);
    expect(readFileSync(at('old'), 'utf8')).toBe('before');
  });

  it('keeps its permissions and its symbolic link', async () => {
    writeFileSync(at('old'), 'before');
    chmodSync(at('old'), 0o640);
    symlinkSync('old', at('link'));
    await writeOutputFile(at('link'), ['after']);
    expect(lstatSync(at('link')).isSymbolicLink()).toBe(true);
    expect({ text: readFileSync(at('old'), 'utf8'), mode: statSync(at('old')).mode & 0o777 }).toEqual({
      text: 'after',
      mode: 0o640,
    });
  });

  it('is created where a dangling link leads', async () => {
    symlinkSync('target', at('link'));
    await writeOutputFile(at('link'), ['text']);
    expect(readFileSync(at('target'), 'utf8')).toBe('text');
  });

  it.each([
    ['a folder that is not there', 'none/new', /^cannot write .*none\/new: .*ENOENT: .*; choose a file in a folder/],
    ['a file taken for a folder', 'old/new', /^cannot write .*old\/new: .*ENOTDIR: .*; choose a file in a folder/],
  ])('is refused in %s, with the path that was given', async (_, name, message) => {
    writeFileSync(at('old'), 'before');
    await expect(writeOutputFile(at(name), ['text'])).rejects.toMatchObject({
      code: 'output.unwritable',
      message: expect.stringMatching(message),
    });
    expect(readdirSync(work)).toEqual(['old']);
  });
});

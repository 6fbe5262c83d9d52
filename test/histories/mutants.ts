/*
 * `npm run test:mutants`: deliberate faults, each put into a copy of the source, and which rule of the contract the
 * histories find broken by it. Arguments: parts of the names of the mutants to try; all where there are none. Ends with
 * 1 where a mutant does not apply or is not found.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MUTANTS, type Mutant } from './mutant-list';

const ROOT = join(__dirname, '..', '..');
const COPIED = ['lambda', 'test/histories', 'test/support', 'package.json', 'tsconfig.json'];
/** A mutant of which nothing is known after this (ms) counts as not found. */
const LIMIT_MS = Number(process.env.MUTANT_LIMIT_MS ?? 15 * 60_000);

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** A copy of the source in a folder of its own. */
function copy(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mutants-'));
  for (const each of COPIED) {
    mkdirSync(join(folder, each, '..'), { recursive: true });
    cpSync(join(ROOT, each), join(folder, each), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/**
 * What the histories say of a mutant: null where its text is not in the file once, an empty text where they find
 * nothing.
 */
function tryMutant(folder: string, { file, from, to }: Mutant): string | null {
  const path = join(folder, file);
  const text = readFileSync(join(ROOT, file), 'utf8');
  if (text.split(from).length !== 2) return null;
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
  try {
    const run = spawnSync(
      process.execPath,
      [...process.execArgv, join(folder, 'test', 'histories', 'find-violation.ts')],
      {
        encoding: 'utf8',
        timeout: LIMIT_MS,
      },
    );
    if (run.error !== undefined || run.signal !== null) return '';
    return run.status === 0 || run.status === 1 ? run.stdout.trim() : `fails: ${run.stderr.trim().split('\n')[0]}`;
  } finally {
    writeFileSync(path, text);
  }
}

function describeResult({ isEquivalent }: Mutant, found: string | null): string {
  if (found === null) return 'DOES NOT APPLY';
  if (found !== '') return found;
  return isEquivalent === true ? 'not found' : 'NOT FOUND';
}

function main(): void {
  const wanted = process.argv.slice(2);
  const folder = copy();
  let missed = 0;
  try {
    say('| fault | file | found by |\n|---|---|---|');
    for (const mutant of MUTANTS) {
      if (wanted.length > 0 && !wanted.some((part) => mutant.name.includes(part))) continue;
      const found = tryMutant(folder, mutant);
      const isFound = found !== null && found !== '';
      if (isFound === (mutant.isEquivalent === true)) missed += 1;
      say(`| ${mutant.name} | \`${mutant.file}\` | ${describeResult(mutant, found)} |`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  process.exitCode = missed > 0 ? 1 : 0;
}

main();

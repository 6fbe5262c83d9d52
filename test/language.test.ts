import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');

/** Words that readers of this project should not have to translate, each with its replacement. */
const WORDS: readonly { readonly word: string; readonly pattern: RegExp; readonly use: string }[] = [
  { word: 'sitting', pattern: /\bsit(?:s|tings?)?\b/i, use: 'invocation, attempt' },
  { word: 'condemned', pattern: /\bcondemn/i, use: 'candidate' },
  { word: 'ruled, ruling', pattern: /\brul(?:ed|ings?)\b/i, use: 'skipped, skip reason' },
  { word: 'judged, judgement', pattern: /\bjudg(?:e[ds]?|ing|e?ments?)\b/i, use: 'evaluated, decision' },
  { word: 'said', pattern: /\b[sS]aid\b|[a-z]Said\b|_SAID\b/, use: 'message, text, answer' },
  { word: 'any more', pattern: /\bany ?more\b/i, use: 'no longer' },
  { word: 'bears', pattern: /\bbears?\b/i, use: 'has' },
  { word: 'mend', pattern: /\bmend(?:s|ed|ing)?\b/i, use: 'fix' },
  { word: 'let go, let be', pattern: /\blet(?:s|ting)? (?:\w+ )?(?:go|be)\b|\bletGo\b/i, use: 'release, skip' },
  { word: 'in hand', pattern: /\bin[ -]hand\b|\binHand\b/i, use: 'current, in flight' },
  { word: 'MOST_X', pattern: /\b(?:\w+_)?(?:MOST|LONGEST|LARGEST|NARROWEST)(?:_\w+)?\b/, use: 'MAX_X, MIN_X' },
  { word: 'set aside', pattern: /\bsets?[ -](?:\w+ )?aside\b|\bsetAside\b/i, use: 'excluded' },
  { word: 'whoever', pattern: /\bwhoever\b/i, use: 'any, or no clause' },
];

/** Files whose text this project does not write, or that must name the words. */
const EXCEPTIONS: ReadonlySet<string> = new Set([
  // It lists the words.
  'test/language.test.ts',
  // Names and texts of npm packages.
  'package-lock.json',
  'tools/package-lock.json',
  // Answers and results of other programs.
  'test/core/restic-0.19.1.json',
  // The licence of the Apache Software Foundation.
  'LICENSE',
  // Tag keys of other tools, as they are found in accounts.
  'test/core/other-tools-keys.ts',
]);

const files = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' })
  .split('\0')
  .filter((file) => file !== '' && !EXCEPTIONS.has(file) && existsSync(join(ROOT, file)));

const texts = files
  .map((file) => ({ file, text: readFileSync(join(ROOT, file), 'utf8') }))
  .filter(({ text }) => !text.includes('\0'));

test('the check of the words reads the tracked text files', () => {
  expect(texts.length).toBeGreaterThan(400);
  expect([...EXCEPTIONS].filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
});

test.each(WORDS)('no tracked file uses "$word" (write: $use)', ({ pattern }) => {
  const found = texts.flatMap(({ file, text }) =>
    text.split('\n').flatMap((line, i) => {
      const word = pattern.exec(line)?.[0];
      return word === undefined ? [] : [`${file}:${i + 1} ${word}`];
    }),
  );
  expect(found).toEqual([]);
});

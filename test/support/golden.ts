import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Compares with a file of `test/golden`; `UPDATE_GOLDENS=1` writes it instead, for a person to review. */
export function expectGolden(name: string, got: string): void {
  const file = join(__dirname, '..', 'golden', name);
  if (process.env.UPDATE_GOLDENS === '1') writeFileSync(file, got);
  expect(got).toBe(readFileSync(file, 'utf8'));
}

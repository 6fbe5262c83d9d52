import type { EvaluatedSnapshot } from '../../lambda/core/report/report-model';
import { aSource, expired, kept } from '../support/report-builder';

/** Names and tags that other people might choose to break a report. */
export const HOSTILE_NAMES = [
  '<img src=x onerror=alert(1)>',
  '</script><script>alert(1)</script>',
  '<!--<script>',
  '"><svg onload=alert(1)>',
  "' onmouseover='alert(1)",
  '\u202egpj.exe',
  '=HYPERLINK("http://example.com","x")',
  '+1+1',
  '-1-1',
  '@SUM(A1)',
  '\t=1+1',
  '[x](javascript:alert(1))',
  '`rm -rf`',
  '# heading',
  'a|b',
  'line\nbreak',
  '\ud800 half a character',
  'ä雪🦊',
  'x'.repeat(255),
  '__proto__',
] as const;

export const hostileTags: ReadonlyMap<string, string | null> = new Map([
  ['__proto__', 'polluted'],
  ['constructor', null],
  ['10', 'ten'],
  ['2', 'two'],
  ...HOSTILE_NAMES.map((name) => [`tag ${name}`, name] as const),
]);

export const hostileItems: readonly EvaluatedSnapshot[] = HOSTILE_NAMES.map((name, i) =>
  (i % 2 === 0 ? expired : kept)({ name, tags: hostileTags, source: aSource(name), state: name }),
);

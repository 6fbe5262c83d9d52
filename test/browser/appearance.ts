import { readFileSync } from 'node:fs';
import type { AxeResults } from 'axe-core';
import type { BrowserContextOptions, Page } from 'playwright-core';

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

/** A screen of a phone. */
export const PHONE = { viewport: { width: 375, height: 800 } } as const;

/** The looks in which every page must be readable: both widths in both themes. */
export const LOOKS: readonly (readonly [name: string, options: BrowserContextOptions])[] = [
  ['wide, light', { colorScheme: 'light' }],
  ['wide, dark', { colorScheme: 'dark' }],
  ['phone, light', { ...PHONE, colorScheme: 'light' }],
  ['phone, dark', { ...PHONE, colorScheme: 'dark' }],
];

/** Findings of axe-core, everything that folds opened. */
export async function axeFindings(page: Page): Promise<readonly string[]> {
  await page.evaluate('for (const each of document.querySelectorAll("details")) each.open = true');
  // Through the debugging protocol, so that the page's own policy stays in force.
  await page.evaluate(AXE);
  const { violations } = (await page.evaluate('axe.run({ resultTypes: ["violations"] })')) as AxeResults;
  return violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html }) => html)}`);
}

/** How many pixels of a page are beside the screen. */
export const overflow = (page: Page): Promise<number> =>
  page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');

/** The sheets of A4 on which a page is printed. */
export async function sheetsOf(page: Page): Promise<number> {
  const printed = (await page.pdf({ format: 'A4' })).toString('latin1');
  return printed.match(/\/Type\s*\/Page[^s]/g)?.length ?? 0;
}

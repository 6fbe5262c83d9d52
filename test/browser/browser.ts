import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** The program that the tests drive. */
export const CHROMIUM = 'chromium';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts the browser of the PATH with a profile of its own. */
export function startBrowser(): Promise<Browser> {
  const places = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, CHROMIUM));
  const executablePath = places.find((place) => existsSync(place));
  return chromium.launch({ ...(executablePath === undefined ? {} : { executablePath }), args: FLAGS });
}

/** A page with everything that it must not do: complain, fail, ask for anything. */
export interface Visit {
  readonly page: Page;
  readonly complaints: readonly string[];
}

export interface Visitor {
  /** Opens a page of these bytes from a file, as a person does who downloaded it. */
  open(html: Iterable<string>, options?: BrowserContextOptions & { readonly hash?: string }): Promise<Visit>;
  /** Closes every page that is open. */
  leave(): Promise<void>;
  close(): Promise<void>;
}

/** Visits pages; each in a context of its own. */
export function visitor(browser: Browser): Visitor {
  const folder = mkdtempSync(join(tmpdir(), 'page-'));
  let pages = 0;
  return {
    async open(html, { hash = '', ...options } = {}) {
      pages += 1;
      const file = join(folder, `${pages}.html`);
      writeFileSync(file, [...html].join(''));
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
      // The tests have time-outs of their own; a page of 30,000 rows takes long on a busy machine.
      context.setDefaultTimeout(110_000);
      const page = await context.newPage();
      const complaints: string[] = [];
      const address = pathToFileURL(file).href;
      page.on('console', (message) => complaints.push(`console: ${message.text()}`));
      page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
      page.on('dialog', (dialog) => {
        complaints.push(`dialog: ${dialog.message()}`);
        void dialog.dismiss();
      });
      page.on('request', (request) => {
        if (request.url() !== address && request.url() !== 'data:,') complaints.push(`request: ${request.url()}`);
      });
      await page.goto(`${address}${hash}`);
      return { page, complaints };
    },
    async leave() {
      await Promise.all(browser.contexts().map((context) => context.close()));
    },
    async close() {
      rmSync(folder, { recursive: true });
      await browser.close();
    },
  };
}

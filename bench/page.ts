import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { startBrowser } from '../test/browser/browser';
import { runNode } from './child';
import { spreadOf } from './harness';
import { BENCH_CONFIG, benchSettings, COMMAND_LINE } from './listing';
import { serve } from './serve';

const PAGE_ROWS = 20_000;
const PAGE_ROUNDS = 9;

/** Ends with the frame that shows what a statement does. */
const drawn = (statement: string): string => `new Promise((done) => {
  const start = performance.now();
  ${statement}
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
})`;

/** What a person does with the table. A submitted search has no pause that waits for the next key. */
const ACTIONS = {
  source: `const source = document.querySelector('#f-source');
    source.selectedIndex = 1;
    source.dispatchEvent(new Event('change', { bubbles: true }));`,
  decision: `document.querySelector('#filters input[name=decision][value=expire]').click();`,
  sort: `document.querySelector('th[data-sort=name] button').click();`,
  search: `document.querySelector('#f-text').value = '2026-1';
    document.querySelector('#filters').requestSubmit();`,
} as const;
/** The table comes near the screen, where its part of the page is laid out; a person reads before the first click. */
const TO_TABLE = `document.querySelector('#all').scrollIntoView();`;
const PAUSE_MS = 500;
const CLEAR = `document.querySelector('#clear').click();`;

/** Milliseconds: on the clock, and of the processor in the page's own thread. */
interface PageCost {
  readonly wall: number;
  readonly cpu: number;
}

const threadTime = async (session: CDPSession): Promise<number> => {
  const { metrics } = await session.send('Performance.getMetrics');
  return 1_000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN);
};

async function costsOf(page: Page, session: CDPSession): Promise<Readonly<Record<string, PageCost>>> {
  await page.evaluate(drawn(''));
  // From the request of the page until its script has run and everything is drawn.
  const costs: Record<string, PageCost> = {
    load: { wall: await page.evaluate<number>('performance.now()'), cpu: await threadTime(session) },
  };
  await page.evaluate(drawn(TO_TABLE));
  await page.waitForTimeout(PAUSE_MS);
  for (const [name, action] of Object.entries(ACTIONS)) {
    const before = await threadTime(session);
    const wall = await page.evaluate<number>(drawn(action));
    costs[name] = { wall, cpu: (await threadTime(session)) - before };
    await page.evaluate(drawn(CLEAR));
  }
  return costs;
}

async function openMeasured(browser: Browser, file: string): Promise<Readonly<Record<string, PageCost>>> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  await page.goto(pathToFileURL(file).href);
  const costs = await costsOf(page, session);
  await context.close();
  return costs;
}

/** Writes the page of a large account, as the command line makes it. */
async function writePage(folder: string, file: string): Promise<void> {
  const config = join(folder, 'retention.yaml');
  writeFileSync(config, BENCH_CONFIG);
  const endpoint = await serve({ snapshots: PAGE_ROWS, pageSize: 1_000, latency: 0 });
  try {
    const args = ['report', '--quiet', '--config', config, '--format', 'html', '--output', file];
    await runNode([COMMAND_LINE, ...args], benchSettings(endpoint));
  } finally {
    endpoint.close();
  }
}

/** The page of a large account in Chromium: until it is drawn, and what each filter of its table takes. */
export async function benchPage(out: NodeJS.WritableStream): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const file = join(folder, 'report.html');
  const rounds: Readonly<Record<string, PageCost>>[] = [];
  try {
    await writePage(folder, file);
    const megabytes = (statSync(file).size / 1e6).toFixed(1);
    out.write(`\npage: ${PAGE_ROWS} snapshots in Chromium, ${megabytes} MB; goals: load 1000 ms, the others 100 ms\n`);
    const browser = await startBrowser();
    try {
      for (let round = 0; round < PAGE_ROUNDS; round += 1) rounds.push(await openMeasured(browser, file));
    } finally {
      await browser.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const text = (name: string, of: keyof PageCost): string => {
    const { median, least, most } = spreadOf(rounds.map((costs) => costs[name]?.[of] ?? Number.NaN));
    return `${median.toFixed(0)} (${least.toFixed(0)}–${most.toFixed(0)})`;
  };
  for (const name of ['load', ...Object.keys(ACTIONS)])
    out.write(`  ${name.padEnd(9)} ${text(name, 'wall')} ms, CPU of its thread ${text(name, 'cpu')} ms\n`);
}

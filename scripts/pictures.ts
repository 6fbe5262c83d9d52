import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { escapeHtml } from '../lambda/render/escape';
import { startBrowser, visitor } from '../test/browser/browser';
import { type SampleRun, sampleRun } from './sample-run';

/** Where README's pictures are, each with the text that it shows. */
export const IMAGES = join(__dirname, '..', 'docs', 'images');

/** A picture: its bytes, and what can be read in it. */
export interface Picture {
  readonly png: Buffer;
  readonly text: string;
}

const PICTURE_WIDTH = 1240;
/** Lines of the e-mail that are shown: those before its links, which have an id. */
const LINES = 19;

/** The part of the e-mail that the picture shows, to the letter. */
export const emailText = ({ subject, message }: Pick<SampleRun, 'subject' | 'message'>): string =>
  `Subject: ${subject}\n\n${message.split('\n').slice(0, LINES).join('\n').trimEnd()}\n`;

/** A plain-text e-mail as a mail program shows it. SNS writes the sender; the name is that of the stack's topic. */
function emailFrame(text: string): string {
  const [subject = '', , ...body] = text
    .replace(/^Subject: /, '')
    .trimEnd()
    .split('\n');
  return `<!doctype html><meta charset="utf-8"><title>e-mail</title><style>
body { margin: 0; padding: 28px; background: #e9edf1; color: #1b2430; font: 17px/1.55 system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
article { background: #fff; border: 1px solid #d3dae1; border-radius: 12px; overflow: hidden; }
header { padding: 22px 32px 18px; border-bottom: 1px solid #e3e8ed; }
h1 { margin: 0 0 10px; font-size: 24px; line-height: 1.3; letter-spacing: -0.01em; }
header p { margin: 0; color: #566370; font-size: 15px; }
b { color: #1b2430; font-weight: 600; }
pre { margin: 0; padding: 20px 32px 24px; font: inherit; white-space: pre-wrap; overflow-wrap: anywhere; }
</style><article><header><h1>${escapeHtml(subject)}</h1>
<p><b>Lightsail snapshots</b> &lt;no-reply@sns.amazonaws.com&gt;<br>to you@example.com</p></header>
<pre>${escapeHtml(body.join('\n'))}</pre></article>`;
}

const textOfPage = async (page: Page, selectors: readonly string[]): Promise<string> =>
  `${(await page.locator(selectors.join(', ')).allInnerTexts())
    .join('\n')
    .replace(/\n\s*\n/g, '\n')
    .trim()}\n`;

/** From the top of one element to the foot of another, with some air. */
async function between(page: Page, first: string, last: string): Promise<Buffer> {
  // A browser lays out what is on the screen.
  await page.setViewportSize({ width: PICTURE_WIDTH, height: await page.evaluate('document.body.scrollHeight') });
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => setTimeout(done)))');
  const [from, to] = await Promise.all([first, last].map((selector) => page.locator(selector).first().boundingBox()));
  const air = 8;
  const y = Math.max(0, (from?.y ?? 0) - air);
  return page.screenshot({
    fullPage: true,
    clip: { x: 0, y, width: PICTURE_WIDTH, height: (to?.y ?? 0) + (to?.height ?? 0) + air - y },
  });
}

/** README's pictures by name, taken from what a run of the sample account made. Needs Chromium. */
export async function takePictures(run: SampleRun): Promise<Readonly<Record<'email' | 'page' | 'timeline', Picture>>> {
  const browser = visitor(await startBrowser());
  try {
    const options = { viewport: { width: PICTURE_WIDTH, height: 400 }, colorScheme: 'light' } as const;
    const { page } = await browser.open([run.page], options);
    const mail = emailText(run);
    const { page: client } = await browser.open([emailFrame(mail)], options);
    return {
      email: { png: await client.screenshot({ fullPage: true }), text: mail },
      page: { png: await between(page, '.top', '.att'), text: await textOfPage(page, ['.top', '.hero', '.att']) },
      timeline: {
        png: await between(page, '#timeline .head', '#timeline .legend'),
        text: await textOfPage(page, ['#timeline']),
      },
    };
  } finally {
    await browser.close();
  }
}

async function makePictures(): Promise<void> {
  mkdirSync(IMAGES, { recursive: true });
  for (const [name, { png, text }] of Object.entries(await takePictures(await sampleRun()))) {
    writeFileSync(join(IMAGES, `${name}.png`), png);
    writeFileSync(join(IMAGES, `${name}.txt`), text);
  }
}

if (require.main === module) void makePictures();

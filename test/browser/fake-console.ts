import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { widgetEvent } from '../support/console-widget';

/** Invokes a function by its ARN, and returns its HTML. */
export type Invoke = (endpoint: string, event: unknown) => Promise<string>;

/** A dashboard with one widget. */
export interface ConsolePage {
  readonly page: Page;
  /** The questions that were asked. */
  readonly questions: string[];
  /** What the console was to load, and what it complained of. */
  readonly complaints: string[];
  /** Shows the widget again, as a refresh of the dashboard does. */
  readonly refresh: () => Promise<void>;
}

/**
 * The part of CloudWatch that shows a custom widget, as its documentation describes it: HTML without scripts; each
 * `cwdb-action` acts on the element before it, by `event`, after `confirmation`, with the fields of all forms; `popup`
 * shows the answer over the widget.
 */
const CONSOLE = `
const clean = (root) => {
  for (const each of root.querySelectorAll('script, iframe, use, object, embed, link, meta, base')) each.remove();
  for (const each of root.querySelectorAll('*'))
    for (const { name, value } of [...each.attributes])
      if (/^on/i.test(name) || (/^(href|src|action|formaction)$/i.test(name) && /^\\s*javascript:/i.test(value)))
        each.removeAttribute(name);
};
const fields = () => Object.fromEntries(
  [...document.querySelectorAll('#widget form')].flatMap((form) => [...new FormData(form)]));
const show = (place, html) => {
  const parsed = new DOMParser().parseFromString(html, 'text/html');
  clean(parsed);
  place.replaceChildren(...parsed.head.childNodes, ...parsed.body.childNodes);
  for (const action of place.querySelectorAll('cwdb-action')) {
    const { previousElementSibling: target } = action;
    action.hidden = true;
    if (target === null) continue;
    target.addEventListener(action.getAttribute('event') ?? 'click', async () => {
      const question = action.getAttribute('confirmation');
      if (question !== null && !confirm(question)) return;
      const parameters = JSON.parse(action.textContent);
      const answer = await invokeFunction(action.getAttribute('endpoint'), parameters, fields());
      show(document.querySelector(action.getAttribute('display') === 'widget' ? '#widget' : '#popup'), answer);
    });
  }
  for (const form of place.querySelectorAll('form')) form.addEventListener('submit', (event) => event.preventDefault());
};
window.showWidget = (html) => show(document.querySelector('#widget'), html);
`;

const HOST = `<!doctype html><html lang="en"><head><title>Dashboard</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root { color-scheme: light dark; }
body { font: 14px/1.4 sans-serif; margin: 8px; background: Canvas; color: CanvasText; }
a { color: light-dark(#0550ae, #79c0ff); }
.btn { display: inline-block; padding: 4px 16px; border: 1px solid #8884; border-radius: 16px; cursor: pointer; }
.btn-primary { background: #b3410e; color: #fff; }
#popup:not(:empty) { border: 2px solid #8884; padding: 8px; margin-top: 8px; }
</style></head><body><main><h1>The newest plan</h1><div id="widget"></div><div id="popup" role="status"></div></main>
<script>${CONSOLE}</script></body></html>`;

/** Opens a dashboard whose widget is the answer of `view`. `answer`: what a person answers to each question. */
export async function openConsole(
  browser: Browser,
  {
    view,
    invoke,
    answer = true,
  }: { readonly view: () => Promise<string>; readonly invoke: Invoke; readonly answer?: boolean },
  options: BrowserContextOptions = {},
): Promise<ConsolePage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const [questions, complaints]: [string[], string[]] = [[], []];
  page.on('dialog', (dialog) => {
    questions.push(dialog.message());
    void (answer ? dialog.accept() : dialog.dismiss());
  });
  page.on('console', (message) => complaints.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('request', (request) => complaints.push(`request: ${request.url()}`));
  page.on('framenavigated', (frame) => complaints.push(`opened: ${frame.url()}`));
  await page.exposeFunction('invokeFunction', (endpoint: string, parameters: object, all: object) =>
    invoke(endpoint, widgetEvent(parameters, all)),
  );
  await page.setContent(HOST);
  complaints.length = 0;
  const refresh = async (): Promise<void> => {
    const html = await view();
    await page.evaluate(`showWidget(${JSON.stringify(html)})`);
  };
  await refresh();
  return { page, questions, complaints, refresh };
}

import { formatCount } from './numbers';
import { externalLink } from './page/commands';
import { clockOf } from './page/local-clock';
import { MARK_SHAPES } from './page/marks';
import { htmlText, PAGE_END, pageStart } from './page/page-shell';
import { type ResultPageContext, resultFirstScreen, resultHeadline } from './page/result-first-screen';
import { deletedHtml, notDeletedHtml } from './page/result-table';

/** The links from the page of a result; null: not known. */
export interface ResultLinks {
  readonly report: string | null;
  readonly plan: string | null;
  readonly index: string | null;
  readonly json: string | null;
}

function headerHtml(context: ResultPageContext): string {
  const { result, zone } = context;
  const { requested, deleted } = result.totals;
  const sections = [
    requested > deleted ? '<a href="#others">Not deleted</a>' : '',
    deleted > 0 ? '<a href="#deleted">Deleted</a>' : '',
    '<a href="#record">For the record</a>',
  ].join('');
  return `${pageStart({ title: `${resultHeadline(context)} · Lightsail snapshots` })}<a class="skip" href="#main">Skip to the result</a>
${MARK_SHAPES}<header class="top"><div class="wrap"><b>Lightsail snapshots</b>\
<span class="quiet nb">${htmlText(result.account ?? 'account not known')}</span>\
<span class="quiet when">${clockOf(zone).minute(Date.parse(result.updatedAt))}</span>\
<nav aria-label="Sections">${sections}</nav></div></header>
<main id="main" class="wrap">
`;
}

const LINK_TEXTS = {
  report: 'The report of this plan',
  plan: 'The plan',
  index: 'All reports and deletions',
  json: 'This result as JSON',
} as const satisfies Record<keyof ResultLinks, string>;

function linksHtml(links: ResultLinks): string {
  const all = Object.entries(LINK_TEXTS).flatMap(([name, text]) => {
    const href = links[name as keyof ResultLinks];
    return href === null ? [] : [externalLink(href, text)];
  });
  return all.length === 0 ? '' : `<p class="links">${all.join('')}</p>\n`;
}

/** The facts about a deletion that an auditor needs, as a list. */
function recordHtml({ result, evidenceHead }: ResultPageContext, links: ResultLinks): string {
  const { plan, account, config, report } = result;
  const facts: readonly (readonly [string, string])[] = [
    ['Account', account ?? 'not known'],
    ['Plan', `${plan.id}, ${formatCount(plan.count, 'snapshot')}, ${plan.digest}`],
    ['Report', report ?? 'not recorded'],
    ['Configuration', config === null ? 'not recorded' : `${config.origin}, ${config.digest}`],
    ...(evidenceHead === undefined ? [] : ([['Evidence', evidenceHead ?? 'not recorded']] as const)),
  ];
  const list = facts.map(([name, text]) => `<dt>${name}</dt><dd>${htmlText(text)}</dd>`).join('');
  return `<footer id="record"><h2>For the record</h2>${linksHtml(links)}<p>The JSON has every reason. \
CloudTrail has each request id, and the approval. <code>npx lightsail-retention history --verify</code> checks that this record was not changed.</p>\
<dl>${list}</dl></footer>
`;
}

const NO_LINKS: ResultLinks = { report: null, plan: null, index: null, json: null };

/**
 * Renders the result of a deletion as one self-contained page without script, in chunks: what was deleted and when, what
 * was not and why, each deleted snapshot with one reason and its request id, and what an auditor needs.
 */
export function* renderResultHtml(context: ResultPageContext, links: ResultLinks = NO_LINKS): Generator<string> {
  const { result, zone } = context;
  yield headerHtml(context);
  yield resultFirstScreen(context);
  yield* notDeletedHtml(result, zone);
  yield* deletedHtml(result, zone);
  yield recordHtml(context, links);
  yield `</main>\n${PAGE_END}`;
}

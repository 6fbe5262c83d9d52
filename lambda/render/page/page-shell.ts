import { oneLine } from '../../core/util/safe-text';
import { escapeHtml } from '../escape';
import { PAGE_STYLE, PAGE_STYLE_HASH } from './assets';

/** The head of a page. A page without `scriptHash` runs no script; `style` is by default that of the report page. */
export interface PageHead {
  readonly title: string;
  readonly style?: { readonly css: string; readonly hash: string };
  readonly scriptHash?: string;
}

const REPORT_STYLE = { css: PAGE_STYLE, hash: PAGE_STYLE_HASH } as const;

/** Text of other people on one line, as HTML. */
export const htmlText = (text: string): string => escapeHtml(oneLine(text));

/** The content security policy of a page: no network, one style sheet and at most one script, both by hash. */
function contentPolicy(styleHash: string, scriptHash: string | undefined): string {
  const script = scriptHash === undefined ? [] : [`script-src '${scriptHash}'`];
  const sources = ["default-src 'none'", 'img-src data:', `style-src '${styleHash}'`, ...script];
  return [...sources, "base-uri 'none'", "form-action 'none'"].join('; ');
}

/** The start of a page, up to and with `<body>`. */
export const pageStart = ({ title, style = REPORT_STYLE, scriptHash }: PageHead): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${contentPolicy(style.hash, scriptHash)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${htmlText(title)}</title>
<style>${style.css}</style>
</head>
<body>
`;

export const PAGE_END = '</body>\n</html>\n';

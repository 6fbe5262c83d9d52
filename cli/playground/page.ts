import { KINDS } from '../../lambda/core/snapshot/snapshot';
import { escapeHtml } from '../../lambda/render/escape';
import { embedded } from '../../lambda/render/page/embed';
import { PAGE_END, pageStart } from '../../lambda/render/page/page-shell';
import { REGION_NAMES, regionLabel } from '../../lambda/render/region-names';
import { DAY_CHOICES, DEFAULT_CHOICES, RHYTHM_CHOICES, SINCE_CHOICES } from './settings';

/** A policy that the page offers. */
export interface PolicyText {
  readonly name: string;
  readonly text: string;
}

/** The parts of the page: script and style with their hashes, licences of the packages in them, examples. */
export interface PlaygroundParts {
  readonly script: string;
  readonly scriptHash: string;
  readonly style: string;
  readonly styleHash: string;
  readonly notices: string;
  readonly examples: readonly PolicyText[];
}

/** The file with the page beside the command line. */
export const PLAYGROUND_FILE = 'playground.html';

const NOTHING_GIVEN = '<script type="application/json" id="given">null</script>';

/** The page, with a policy to begin with. */
export const withPolicy = (page: string, given: PolicyText): string =>
  page.replace(NOTHING_GIVEN, () => NOTHING_GIVEN.replace('null', () => embedded(given)));

const optionHtml = (value: string, label: string, usual: string): string =>
  `<option value="${escapeHtml(value)}"${value === usual ? ' selected' : ''}>${escapeHtml(label)}</option>`;

const selectHtml = (
  id: string,
  label: string,
  choices: readonly { readonly id: string; readonly label: string }[],
  usual: string,
): string =>
  `<label>${label}<select id="${id}">${choices.map((choice) => optionHtml(choice.id, choice.label, usual)).join('')}</select></label>`;

const inputHtml = (id: string, label: string, value: string, more = 'type="text"'): string =>
  `<label>${label}<input id="${id}" ${more} value="${escapeHtml(value)}" autocomplete="off" spellcheck="false"></label>`;

const SIZE_INPUT = 'type="number" min="1" max="1000000" aria-describedby="gb-note"';

function fieldsHtml(): string {
  const kinds = KINDS.map((kind) => ({ id: kind, label: kind }));
  const regions = REGION_NAMES.map((region) => ({ id: region, label: regionLabel(region) }));
  return `<fieldset class="fields"><legend>Snapshots to try it on</legend>
${selectHtml('every', 'One every', RHYTHM_CHOICES, DEFAULT_CHOICES.every)}
${selectHtml('since', 'The first', SINCE_CHOICES, DEFAULT_CHOICES.since)}
${inputHtml('gb', 'Size, GB', String(DEFAULT_CHOICES.gb), SIZE_INPUT)}
${selectHtml('day', 'Show the state', DAY_CHOICES, DEFAULT_CHOICES.day)}
</fieldset>
<p class="small d" id="gb-note" role="status"></p>
<fieldset class="fields"><legend>Their source</legend>
${inputHtml('name', 'Name', DEFAULT_CHOICES.name)}
${selectHtml('kind', 'Kind', kinds, 'instance')}
${selectHtml('region', 'Region', regions, DEFAULT_CHOICES.region)}
${inputHtml('source-tags', 'Its tags', '', 'type="text" placeholder="env=prod"')}
${inputHtml('snapshot-tags', 'Tags of each snapshot', '', 'type="text" placeholder="retention:hold"')}
</fieldset>`;
}

const EDITOR_SIDE = `<div class="left">
<h1>Retention playground</h1>
<p class="small quiet">Write a policy and see what it keeps. Everything is computed in this page; it sends nothing.</p>
<p class="small from-link" id="link-note" role="status" hidden></p>
<div class="seg" role="radiogroup" aria-label="Policy to begin with" id="choices"></div>
<div class="editor"><ol id="lines" aria-hidden="true"></ol>
<textarea id="policy" spellcheck="false" autocapitalize="off" autocomplete="off" wrap="off" rows="14" aria-label="Policy in YAML" aria-describedby="state"></textarea></div>
<p class="small quiet" id="state" role="status"></p>
<ul class="small" id="messages"></ul>
<div class="acts"><button class="btn main" type="button" id="copy">Copy policy</button>
<button class="btn" type="button" id="link">Copy link</button></div>
${fieldsHtml()}
</div>`;

const RESULT_SIDE = `<div class="right" id="right">
<div id="note" role="status" hidden></div>
<div id="result" hidden>
<div id="headline" aria-live="polite"></div>
<section class="block"><h2>Why they stay</h2>
<p class="small quiet">One rule is enough. The letters are those of the calendar.</p>
<div id="rules"></div></section>
<section class="block"><h2>Calendar</h2>
<p class="small quiet">A letter: kept, by the first rule that keeps it. A dot: deleted.</p>
<div id="calendar"></div></section>
<section class="block"><h2>Restore points</h2>
<p class="small quiet" id="reach"></p>
<div id="points"></div><div id="bands"></div></section>
<section class="block"><h2>Cost</h2>
<p class="small quiet" id="price"></p>
<div id="costs"></div><h3 class="small">Snapshots over time</h3><p class="small quiet">Kept, and without a policy (dashed).</p>
<div id="chart"></div></section>
<section class="block"><h2>Every snapshot that stays</h2>
<p class="small quiet">Expires: if snapshots are made as before. <span id="zone"></span></p>
<table class="kept"><thead><tr><th scope="col">Created</th>
<th scope="col">Why it stays</th>
<th scope="col">Expires</th></tr></thead><tbody id="kept"></tbody></table>
<button class="btn" type="button" id="more" hidden>Show more</button></section>
</div></div>`;

/** Renders the page. The same parts give the same bytes. */
export function playgroundPage({ script, scriptHash, style, styleHash, notices, examples }: PlaygroundParts): string {
  const head = pageStart({ title: 'Retention playground', style: { css: style, hash: styleHash }, scriptHash });
  return `${head}<a class="skip" href="#policy">Skip to the policy</a>
<noscript><p class="wrap">This page needs JavaScript. It makes no request.</p></noscript>
<main class="wrap playground" id="playground" hidden>
${EDITOR_SIDE}
${RESULT_SIDE}
<footer><details><summary>Licences of the code in this page</summary><pre>${escapeHtml(notices)}</pre></details></footer>
</main>
<div class="toast" role="status" id="toast"></div>
<script type="application/json" id="examples">${embedded(examples)}</script>
${NOTHING_GIVEN}
<script>${script}</script>
${PAGE_END}`;
}

import { durationText } from '../../core/policy/reason-summary';
import type { Report } from '../../core/report/report-model';
import { formatNumber } from '../numbers';
import { MAX_ROWS } from './embed';
import { glyph } from './marks';
import type { PageContext } from './page-context';
import { viewHtml } from './view';

const HIGHLIGHTS = [
  ['', 'Everything'],
  ['expire', 'Can be deleted'],
  ['held', 'Held'],
  ['fix', 'Needs a fix'],
] as const;

const LEGEND = [
  ['expire', 'Can be deleted'],
  ['keep', 'Kept'],
  ['held', 'Held by a tag'],
  ['fix', 'Needs a fix'],
  ['copy', 'Copy of an automatic snapshot'],
] as const;

const TRIAL_LEGEND = [
  ['also-expire', 'Would be deleted as well'],
  ['kept-instead', 'Would be kept instead'],
] as const;

const legendItem = ([mark, text]: (typeof LEGEND)[number] | (typeof TRIAL_LEGEND)[number], type = ''): string =>
  `<span${type}>${viewHtml(glyph(mark))}${text}</span>`;

/** The controls of a trial. The script makes the sliders of the chosen policy. */
const controls = (grace: string): string => `<div class="ctl" id="trial" hidden>
<fieldset class="seg" id="trial-policies"><legend class="vh">Policy to try</legend></fieldset>
<p class="small quiet kp">What this policy keeps of each source</p><div id="sliders"></div>
<p id="trial-error" class="small d" role="alert" hidden></p>
<div class="acts"><button class="btn main" type="button" id="copy-policy">Copy policy</button><button class="btn" type="button" id="reset" disabled>Reset</button></div>
${grace}<details class="small"><summary class="quiet">Show as YAML</summary><pre class="yaml" id="yaml" tabindex="0"></pre></details></div>
`;

function trialNote(report: Report, { config }: PageContext): string {
  if (report.items.length > MAX_ROWS)
    return (
      `<p class="small quiet">A policy cannot be tried here: the page holds ${formatNumber(MAX_ROWS)} of ` +
      `${formatNumber(report.items.length)} snapshots. Use the command <code>compare</code>.</p>\n`
    );
  return config === undefined ? '<p class="small quiet">A policy cannot be tried on this page.</p>\n' : '';
}

/** The timeline of all snapshots with the trial of policies. The script draws both. `place` is HTML. */
export function timelineHtml(report: Report, context: PageContext, place: string): string {
  if (report.items.length === 0) return '';
  const canTry = context.config !== undefined && report.items.length <= MAX_ROWS;
  const title = canTry ? 'Timeline, and what another policy would do' : 'Timeline';
  const lead = canTry
    ? ' Move a slider to see what your rules would delete instead. Nothing changes until you deploy the new policy.'
    : '';
  const grace =
    context.deletionMode === 'automatic' && context.config !== undefined
      ? `<p class="small quiet">A new policy starts a new countdown of ` +
        `${durationText(context.config.deletion.grace.text)}.</p>`
      : '';
  const highlights = HIGHLIGHTS.map(
    ([value, text]) =>
      `<label><input type="radio" name="highlight" value="${value}"${value === '' ? ' checked' : ''}>${text}</label>`,
  );
  return `<section id="timeline" aria-labelledby="h-timeline" hidden><div class="head"><div><h2 id="h-timeline">${title}</h2>
<p>Every snapshot of the account, newest on the right.${lead}</p></div></div>
${trialNote(report, context)}<div class="${canTry ? 'try' : ''}">
${canTry ? controls(grace) : ''}<div class="out"><dl class="tot" id="trial-totals"></dl><p class="vh" aria-live="polite" id="trial-text"></p>
<fieldset class="seg" id="highlights"><legend class="vh">Highlight on the timeline</legend>${highlights.join('')}</fieldset>
<div id="axis" class="lane" aria-hidden="true"></div><div id="lanes"></div>
<p><button class="btn" id="more" type="button" hidden>Show more sources</button></p>
<p class="printed" hidden>… and <span id="lanes-left"></span> without a timeline here; their snapshots are in ${place}</p>
<p class="legend">${LEGEND.map((item) => legendItem(item)).join('')}\
${TRIAL_LEGEND.map((item) => legendItem(item, ' class="w" hidden')).join('')}</p></div></div></section>
`;
}

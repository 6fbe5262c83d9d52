import { applyLocallyCommand, readingCommand } from '../../core/report/command-line';
import { scheduleLink } from '../../core/report/console-links';
import type { EvaluatedSnapshot, Report } from '../../core/report/report-model';
import { localDay } from '../../core/time/period';
import { oneLine } from '../../core/util/safe-text';
import { dayInWords, longDayText } from '../day-text';
import { escapeHtml } from '../escape';
import { firstCleanUpCommands, isForReading, raiseLimitsText } from '../first-clean-up';
import { mattersOf } from '../matters';
import { formatCount } from '../numbers';
import { snapshotName, sourceName } from '../phrases';
import { regionCity } from '../region-names';
import { mayStillDelete, repeatCommand } from '../report-header';
import { bySource, unreadScopes } from '../report-sections';
import { afterRaisingText, afterUnreadText } from '../unread-text';
import {
  cloudShell,
  commandHtml,
  externalLink,
  holdSnapshotCommand,
  holdSourceCommand,
  holdTag,
  lightsailPage,
} from './commands';
import { clockOf } from './local-clock';
import type { PageContext } from './page-context';
import type { Situation } from './situation';

const panelHeading = (text: string): string => `<h2 id="todo">${escapeHtml(text)}</h2>\n`;
const small = (html: string): string => `<p class="small quiet">${html}</p>\n`;
const finePrint = (html: string): string => `<p class="fine">${html}</p>\n`;

/** Choices of the hold command: more would be no list for a person. */
const MAX_CHOICES = 200;

interface HoldChoice {
  readonly command: string;
  readonly text: string;
}

const snapshotPlace = ({ snapshot: { region } }: EvaluatedSnapshot): string => regionCity(region) || oneLine(region);

/** The candidates by source, the largest group first. */
export const candidateGroups = (report: Report): readonly (readonly EvaluatedSnapshot[])[] =>
  [...bySource(report.items.filter(({ verdict }) => verdict === 'expire'))].sort((a, b) => b.length - a.length);

function sourceChoices(groups: readonly (readonly EvaluatedSnapshot[])[], context: PageContext): HoldChoice[] {
  return groups.flatMap((group) => {
    const [first] = group;
    const command = first === undefined ? null : holdSourceCommand(first, context);
    if (first === undefined || command === null) return [];
    const text = `${sourceName(first.snapshot)}: ${formatCount(group.length, 'snapshot')} · ${snapshotPlace(first)}`;
    return [{ command, text }];
  });
}

const snapshotChoices = (groups: readonly (readonly EvaluatedSnapshot[])[], context: PageContext): HoldChoice[] =>
  groups.flat().flatMap((item) => {
    const command = holdSnapshotCommand(item, context);
    return command === null ? [] : [{ command, text: snapshotName(item.snapshot) }];
  });

function optionGroup(label: string, choices: readonly HoldChoice[]): string {
  if (choices.length === 0) return '';
  const options = choices
    .slice(0, MAX_CHOICES)
    .map(({ command, text }) => `<option value="${escapeHtml(command)}">${escapeHtml(text)}</option>`);
  return `<optgroup label="${label}">${options.join('')}</optgroup>`;
}

/** Where a command is pasted, and how to hold without one. */
function pasteText(report: Report, context: PageContext): string {
  const tag = `<b class="nb">${escapeHtml(holdTag(context))}</b>`;
  const { run } = context;
  const region = run?.kind === 'deployed' ? run.region : (report.scopes[0]?.region ?? 'us-east-1');
  return (
    `Paste it into ${cloudShell(region)}, or add the tag ${tag} without a value in ${lightsailPage()}. ` +
    'Holding a source keeps all its snapshots.'
  );
}

/** The command that holds, with a choice of sources and snapshots. */
function keepHtml(report: Report, context: PageContext): string {
  const groups = candidateGroups(report);
  const [sources, snapshots] = [sourceChoices(groups, context), snapshotChoices(groups, context)];
  const first = sources[0] ?? snapshots[0];
  const tag = escapeHtml(holdTag(context));
  if (first === undefined) return small(`Add the tag <b class="nb">${tag}</b> without a value in ${lightsailPage()}.`);
  const options = [optionGroup('Sources (all their snapshots)', sources), optionGroup('Snapshots', snapshots)].join('');
  return `<div class="pick" hidden><label for="pick">Source or snapshot</label><select id="pick">${options}</select></div>
<p class="small quiet unscripted">For ${escapeHtml(first.text)}</p>
${commandHtml('hold-command', first.command)}
${small(pasteText(report, context))}`;
}

const fold = (title: string, html: string): string => `<details><summary>${title}</summary>${html}</details>\n`;

/** How to stop every deletion that has not started: by one link. */
function stopHtml({ run, deletionSchedule }: PageContext): string {
  if (run?.kind !== 'deployed' || deletionSchedule === undefined) return '';
  const link = externalLink(scheduleLink(deletionSchedule, run.region), 'Stop all automatic deletion');
  return (
    `<p class="stop">${link}<span class="quiet">Choose Disable. Reports go on. Choose Enable to ` +
    `resume.</span></p>\n`
  );
}

function candidatesPanel(report: Report, context: PageContext): string {
  const { plan, zone } = report;
  const { run, applyCommand } = context;
  const until = finePrint(`This plan is valid until ${escapeHtml(clockOf(zone).minute(plan.expiresAt))}.`);
  const keep = fold('Keep one of them', keepHtml(report, context));
  const checked =
    'The list is checked again first. You confirm the number before anything is deleted. A deletion cannot be undone.';
  if (applyCommand !== undefined && run?.kind === 'deployed')
    return `${panelHeading('To delete them')}${small('The list is checked again first. A deletion cannot be undone.')}\
${commandHtml('apply-command', applyCommand)}${small(`Paste it into ${cloudShell(run.region)}.`)}${keep}${until}`;
  if (plan.blocked?.code === 'config.built-in')
    return `${panelHeading('Write a policy')}${small('Nothing can be deleted without a retention.yaml of your own.')}${
      run?.kind === 'deployed'
        ? small('Ask the person who deployed this to write one, and to deploy it again.')
        : commandHtml('init-command', 'npx lightsail-retention init')
    }${keep}`;
  if (run?.kind === 'command-line') {
    const commands =
      run.plan === null
        ? [
            readingCommand(['report', '--plan-out', 'plan.json'], run.options),
            applyLocallyCommand('plan.json', run.options),
          ]
        : [applyLocallyCommand(run.plan, run.options)];
    const written = commands.map((command, index) => commandHtml(`apply-command-${index + 1}`, command)).join('');
    return `${panelHeading('To delete them')}${small(checked)}${written}${keep}${run.plan === null ? '' : until}`;
  }
  if (isForReading(report))
    return `${panelHeading('To delete them')}${small(
      `Delete snapshots in ${lightsailPage()}: ${escapeHtml(plan.blocked?.message ?? '')}. A deletion ` +
        `cannot be undone.`,
    )}${keep}`;
  return `${panelHeading('To delete them')}${small(
    `This deployment only reports. Delete snapshots in ${lightsailPage()}, or deploy it with ` +
      `<code>deletion=approve</code>. ` +
      'A deletion cannot be undone.',
  )}${keep}`;
}

function blockedPanel(report: Report, { run, config, deletionMode }: PageContext): string {
  const isLocal = run?.kind === 'command-line';
  const intro = isLocal
    ? 'It makes one plan with higher limits. You see the whole list and type the number before anything is deleted. ' +
      'Later plans keep your limits.'
    : escapeHtml(
        `${raiseLimitsText(report, config?.caps)} ${afterRaisingText(deletionMode, config?.deletion.grace.text)}`,
      );
  const how = isLocal
    ? firstCleanUpCommands(run.plan ?? 'plan.json', run.options)
        .map((command, index) => commandHtml(`clean-up-${index + 1}`, command))
        .join('')
    : '';
  return `${panelHeading(isLocal ? 'Raise the limits once' : 'Raise your limits')}${small(intro)}${how}${fold(
    'The message in full',
    `<p>${escapeHtml(oneLine(report.plan.blocked?.message ?? ''))}</p>`,
  )}${finePrint('Not what you expected? <a href="#timeline">Check the policy</a> first.')}`;
}

/** The command that makes the report again. */
function repeatHtml({ run }: PageContext): string {
  const command = run === undefined ? null : repeatCommand(run);
  if (run === undefined || command === null) return '';
  const place = run.kind === 'deployed' ? `, in ${cloudShell(run.region)}` : '';
  return `${small(`Then make the report again${place}:`)}${commandHtml('again-command', command)}`;
}

function incompletePanel(report: Report, context: PageContext): string {
  const tips = [...new Set(unreadScopes(report).flatMap(({ error }) => error?.tip ?? []))];
  const [tip] = tips;
  const what = tip === undefined ? 'Fix the errors below.' : `${oneLine(tip)}.`;
  return `${panelHeading('Let the report read everything')}${small(escapeHtml(`${what.slice(0, 1).toUpperCase()}${what.slice(1)}`))}\
${small('<a href="#unread">All lists that were not read</a>')}${repeatHtml(context)}\
${finePrint(afterUnreadText(context.deletionMode, context.config?.deletion.grace.text))}${stopHtml(context)}`;
}

function countdownPanel(report: Report, situation: Situation, context: PageContext): string {
  const first = situation.kind === 'countdown' ? situation.days[0] : undefined;
  const by =
    first === undefined
      ? ''
      : small(
          `A hold before ${escapeHtml(longDayText(first.day))} is in time for each of them. ` +
            'A snapshot that you hold is not deleted.',
        );
  const stop = stopHtml(context);
  return `${panelHeading(stop === '' ? 'Keep one of them' : 'Keep one, or stop all')}${keepHtml(report, context)}${by}${stop}`;
}

/** What a person can do in a situation. */
export function actionPanel(report: Report, situation: Situation, context: PageContext): string {
  switch (situation.kind) {
    case 'countdown':
    case 'undated':
      return countdownPanel(report, situation, context);
    case 'candidates':
      return candidatesPanel(report, context);
    case 'blocked':
      return blockedPanel(report, context);
    case 'incomplete':
    case 'nothing-read':
      return incompletePanel(report, context);
    case 'clean':
    case 'empty': {
      const at = dayInWords(localDay(report.evaluatedAt, report.zone));
      const trial = context.config === undefined || situation.kind === 'empty' ? '' : TRIAL_HINT;
      const needs = mattersOf(report).length > 0;
      const list = needs
        ? small(
            `<a href="#h-att">Each says what ` +
              `to do.</a>${mayStillDelete(context) ? '' : ' Nothing is deleted meanwhile.'}`,
          )
        : '';
      return `${panelHeading(needs ? 'See what needs attention' : 'No action needed')}${list}\
${small(`This report is as of ${escapeHtml(at)}.${trial}`)}${stopHtml(context)}`;
    }
  }
}

const TRIAL_HINT = ' <a href="#timeline">Below</a>, you can try a stricter policy without changing anything.';

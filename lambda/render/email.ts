import {
  cloudShellLink,
  dashboardLink,
  SNAPSHOTS_PAGE,
  s3ObjectLink,
  scheduleLink,
} from '../core/report/console-links';
import type { Report } from '../core/report/report-model';
import { localDay, localMinute } from '../core/time/period';
import { dayInWords } from './day-text';
import { attentionLines } from './email-attention';
import { commandLines, type EmailBlock, type EmailText, fitEmail, foreignText, mediumMinute } from './email-layout';
import { emailState, holdAdvice, holdTagOf, isNotStored, outcomeBlock } from './email-outcome';
import { sourcesBlock } from './email-sources';
import { reportSubject, unreadRegions } from './email-subject';
import { firstCleanUp } from './first-clean-up';
import { formatNumber } from './numbers';
import { evidenceLines, kindPlural, projectGuide } from './phrases';
import { regionLabel } from './region-names';
import { nextReportText, repeatCommand, type TextContext } from './report-header';
import { regionsNotRead, unreadElsewhere, unreadScopes } from './report-sections';

/** Maximum lines of each block. With those of email-attention.ts and the empty lines they add up to 40 at most. */
const MAX_UNREAD_LINES = 3;
const MAX_EMAIL_SOURCES = 8;
/** Where the e-mail has a command. */
const MAX_SOURCES_WITH_COMMAND = 4;

function unreadRegionLine(report: Report, region: string, maxName: number): string {
  const scopes = unreadScopes(report).filter((scope) => scope.region === region);
  const [first] = scopes;
  const kinds = [
    ...scopes.filter(({ status }) => status === 'failed').map(({ kind }) => `${kind} snapshots`),
    ...scopes.filter(({ status }) => status !== 'failed').map(({ kind }) => kindPlural(kind)),
  ];
  const error = first?.error;
  const why = error === undefined ? '' : `: ${foreignText(error.message, maxName)} (${foreignText(error.code, 40)})`;
  const tip = error?.tip === undefined ? '' : `. Tip: ${foreignText(error.tip, maxName)}`;
  return `- ${foreignText(regionLabel(region), 40)}, ${kinds.join(', ')}${why}${tip}`;
}

/** The unread regions, and the regions that are off. */
function unreadBlock(report: Report, maxName: number): EmailBlock {
  const off = regionsNotRead(report);
  const elsewhere = unreadElsewhere(report).map((message) => `- ${foreignText(message, maxName * 2)}`);
  const failed = [
    ...unreadRegions(report).map((region) => unreadRegionLine(report, region, maxName)),
    ...elsewhere,
  ].map((line, index) => (index === 0 ? line.replace('- ', 'NOT READ: ') : line));
  const max = MAX_UNREAD_LINES - off.length;
  if (failed.length <= max) return [...failed, ...off];
  const more = formatNumber(failed.length - max + 1);
  const shown = max === 1 ? [`${failed[0]} (and ${more} more)`] : failed.slice(0, max - 1);
  return [...shown, ...(max === 1 ? [] : [`- and ${more} more`]), ...off];
}

function changesBlock(report: Report, { isFirstReport = false }: TextContext): EmailBlock {
  const { changes, zone, complete } = report;
  if (changes === null)
    return [isFirstReport ? 'This is the first report.' : 'There is no earlier report to compare with.'];
  const parts = [
    [changes.added.length, changes.added.length === 1 ? 'new snapshot' : 'new snapshots'],
    [changes.gone.length, 'gone'],
    [changes.newlyExpiring.length, 'more can be deleted'],
    [changes.noLongerExpiring.length, 'no longer can'],
    [changes.newlyHeld.length, 'newly held'],
    [changes.noLongerHeld.length, 'no longer held'],
    [changes.uncompared.length, changes.uncompared.length === 1 ? 'list not compared' : 'lists not compared'],
  ] as const;
  const changed = parts.filter(([count]) => count > 0).map(([count, text]) => `${formatNumber(count)} ${text}`);
  const same = complete ? 'nothing changed' : 'nothing changed in what both reports could read';
  const since = dayInWords(localDay(changes.previousAt, zone));
  return [`Since the last report (${since}): ${changed.length === 0 ? same : changed.join(', ')}.`];
}

/** The link or the place of the full report. */
function reportPlaceLine({ fullReport, run }: TextContext): EmailBlock {
  if (fullReport === null) return [];
  const link = run.kind === 'deployed' ? s3ObjectLink(fullReport, run.region) : null;
  return link === null
    ? [`Every snapshot and its reason: ${foreignText(fullReport, 170)}`]
    : [{ text: 'Every snapshot and its reason (choose Open):', link }];
}

function linksBlock(report: Report, context: TextContext): EmailBlock {
  const { run, deletionSchedule, dashboard, deletionMode } = context;
  const region = run.kind === 'deployed' ? run.region : null;
  return [
    ...reportPlaceLine(context),
    ...(report.totals.snapshots > 0 ? [{ text: 'Snapshots in Lightsail:', link: SNAPSHOTS_PAGE }] : []),
    ...(deletionMode === 'automatic' && deletionSchedule !== undefined && region !== null
      ? [{ text: 'Stop all automatic deletion (choose Disable):', link: scheduleLink(deletionSchedule, region) }]
      : []),
    ...(dashboard !== undefined && region !== null
      ? [{ text: 'Dashboard:', link: dashboardLink(dashboard, region) }]
      : []),
  ];
}

/** Whether the e-mail has the command that makes the report again. */
const hasRepeatCommand = (report: Report, { run }: TextContext): boolean =>
  (isNotStored(report) || !report.complete) && repeatCommand(run) !== null;

/** Whether the e-mail has the command that applies the plan. */
const hasApplyCommand = (report: Report, context: TextContext): boolean =>
  context.applyCommand !== null &&
  report.plan.blocked === null &&
  (emailState(report, context) === 'deletable' ||
    (emailState(report, context) === 'countdown' && context.deletionMode === 'approve'));

function applyBlock({ plan, zone, account, totals }: Report, { applyCommand, run }: TextContext): EmailBlock {
  if (applyCommand === null || run.kind !== 'deployed') return [];
  const these = totals.expire === 1 ? 'it' : `these ${formatNumber(plan.count)}`;
  return [
    `To delete ${these} (it cannot be undone), paste this into CloudShell of account ${foreignText(account ?? 'not known', 20)} until ${mediumMinute(localMinute(plan.expiresAt, zone))}:`,
    { text: 'CloudShell:', link: cloudShellLink(run.region) },
    ...commandLines(applyCommand),
  ];
}

/** How to make the report again without waiting for the next one. */
function repeatLines({ run }: TextContext): EmailBlock {
  const command = repeatCommand(run);
  if (command === null) return ['The next report then has a new list.'];
  if (run.kind === 'command-line') return ['Then make the report again:', ...commandLines(command)];
  return [
    'Then make the report again, or wait for the next one. Paste this into CloudShell:',
    { text: 'CloudShell:', link: cloudShellLink(run.region) },
    ...commandLines(command),
  ];
}

function nextStepBlock(report: Report, context: TextContext): EmailBlock {
  const outcome = emailState(report, context);
  const keep = `${holdAdvice(context)}.`;
  if (isNotStored(report))
    return ['NEXT STEP', `Fix the cause: see ${projectGuide('runbook.md#report-failed')}.`, ...repeatLines(context)];
  switch (outcome) {
    case 'incomplete':
      return [
        'NEXT STEP',
        `Fix what was not read: ${projectGuide('runbook.md#inventory-incomplete')} has each cause.`,
        ...repeatLines(context),
      ];
    case 'countdown':
      return [
        'NEXT STEP',
        'Check the list. If it is right, you do not need to do anything. A deleted snapshot cannot be restored.',
        `To keep one, open Lightsail, choose the snapshot, and add a tag with the key ${holdTagOf(context)} and no value.`,
        'On an instance, disk or database, the tag keeps all of its snapshots.',
      ];
    case 'blocked':
      return ['NEXT STEP', ...firstCleanUp(report, context).filter((line) => typeof line === 'string'), keep];
    case 'deletable':
      return hasApplyCommand(report, context) ? applyBlock(report, context) : reportOnlySteps(report, context, keep);
    case 'nothing':
      if (attentionLines(report, context, 1).length === 0) return ['You do not need to do anything.'];
      return report.problems.length + report.stale.length === 0
        ? ['Nothing is urgent. Look at what needs attention when you have time.']
        : ['Look at what needs attention. Nothing is deleted meanwhile.'];
  }
}

function reportOnlySteps({ config }: Report, { deletionMode }: TextContext, keep: string): EmailBlock {
  if (config.origin === 'built-in')
    return [
      'NEXT STEP',
      `Write a retention.yaml with your own policy. ${projectGuide('getting-started.md')} has the steps.`,
      keep,
    ];
  if (deletionMode === 'automatic')
    return ['NEXT STEP', `See ${projectGuide('runbook.md#automatic-deletion-deleted-nothing')}.`, keep];
  return [
    'NEXT STEP',
    'Delete what you no longer need in Lightsail. A deletion cannot be undone.',
    keep,
    'To let this deployment delete after your approval, deploy it with deletion=approve.',
  ];
}

/** The first characters of a digest, as people compare it. */
const shortDigest = (digest: string): string => foreignText(digest.replace(/^sha256:/, '').slice(0, 12), 12);

function footerBlock(report: Report, { evidenceHead, run }: TextContext, maxName: number): EmailBlock {
  const { account, config, zone, reportId, evaluatedAt } = report;
  return [
    `Account ${foreignText(account ?? 'not known', 20)}, ${foreignText(config.origin, maxName)} (${shortDigest(config.digest)}), times in ${foreignText(zone.name, 40)}. Costs are for full copies; you pay at most that.`,
    `Report ${foreignText(reportId, maxName)}, made on ${mediumMinute(localMinute(evaluatedAt, zone))}. ${nextReportText(run)}`,
    ...evidenceLines(evidenceHead),
  ];
}

/**
 * Renders the e-mail of a report: a subject of at most 99 printable ASCII characters, and plain text of at most 40
 * lines and 8 KiB. The full lists are in the files of the report.
 */
export function renderEmail(report: Report, context: TextContext): EmailText {
  const state = emailState(report, context);
  const hasCommand = hasApplyCommand(report, context) || hasRepeatCommand(report, context);
  const maxSources = hasCommand ? MAX_SOURCES_WITH_COMMAND : MAX_EMAIL_SOURCES;
  const body = fitEmail((maxName) => [
    outcomeBlock(report, context, state),
    unreadBlock(report, maxName),
    sourcesBlock(report, context, maxSources, maxName),
    attentionLines(report, context, maxName),
    changesBlock(report, context),
    linksBlock(report, context),
    nextStepBlock(report, context),
    footerBlock(report, context, maxName),
  ]);
  return { subject: reportSubject(report, context), body };
}

import {
  cloudShellLink,
  dashboardLink,
  SNAPSHOTS_PAGE,
  s3ObjectLink,
  scheduleLink,
} from '../core/report/console-links';
import type { Report } from '../core/report/report-model';
import { localMinute } from '../core/time/period';
import { oneLine } from '../core/util/safe-text';
import { attentionLines } from './email-attention';
import { commandLines, type EmailBlock, type EmailText, fitEmail, foreignText, mediumMinute } from './email-layout';
import { emailState, holdAdvice, holdTagOf, isNotStored, outcomeBlock } from './email-outcome';
import { sourcesBlock } from './email-sources';
import { reportSubject } from './email-subject';
import { firstCleanUp, isForReading } from './first-clean-up';
import { changesText } from './matters';
import { formatNumber } from './numbers';
import { evidenceLines } from './phrases';
import { mayStillDelete, nextReportText, repeatCommand, type TextContext } from './report-header';
import { regionsNotRead, unreadElsewhere } from './report-sections';
import { regionBillsLine, spendLine } from './spend-text';
import { afterUnreadText, causeOf, type UnreadRegion, unreadByRegion } from './unread-text';

/** Maximum lines of each block. With those of email-attention.ts and the empty lines they add up to 40 at most. */
const MAX_UNREAD_LINES = 3;
const MAX_EMAIL_SOURCES = 8;
/** Where the e-mail has a command. */
const MAX_SOURCES_WITH_COMMAND = 4;

/** `The disk snapshots in Sydney (ap-southeast-2) could not be read: access denied. Allow … there.` */
function unreadRegionLine({ what, error, remedy }: UnreadRegion, maxName: number): string {
  const words = error === undefined ? null : causeOf(error.code);
  const why =
    error === undefined
      ? ''
      : `: ${words ?? `${foreignText(error.message, maxName)} (${foreignText(error.code, 40)})`}`;
  return `- ${foreignText(what, maxName + 20)} could not be read${why}. ${foreignText(remedy, maxName * 2)}`.trimEnd();
}

/** The unread regions, and the regions that are off. */
function unreadBlock(report: Report, maxName: number): EmailBlock {
  const off = regionsNotRead(report);
  const elsewhere = unreadElsewhere(report).map((message) => `- ${foreignText(message, maxName * 2)}`);
  const failed = [...unreadByRegion(report).map((unread) => unreadRegionLine(unread, maxName)), ...elsewhere].map(
    (line, index) => (index === 0 ? line.replace('- ', 'NOT READ: ') : line),
  );
  const max = MAX_UNREAD_LINES - off.length;
  if (failed.length <= max) return [...failed, ...off];
  const more = formatNumber(failed.length - max + 1);
  const shown = max === 1 ? [`${failed[0]} (and ${more} more)`] : failed.slice(0, max - 1);
  return [...shown, ...(max === 1 ? [] : [`- and ${more} more`]), ...off];
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
    ...(dashboard !== undefined && region !== null && !canApproveOnDashboard(report, context)
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

/** Whether the e-mail has the link by which a person approves the plan. */
const canApproveOnDashboard = (report: Report, context: TextContext): boolean =>
  context.approvesOnDashboard === true && context.dashboard !== undefined && hasApplyCommand(report, context);

function applyBlock(report: Report, context: TextContext): EmailBlock {
  const { plan, zone, account, totals } = report;
  const { applyCommand, run, dashboard } = context;
  if (applyCommand === null || run.kind !== 'deployed') return [];
  const these = totals.expire === 1 ? 'it' : `these ${formatNumber(plan.count)}`;
  const until = `until ${mediumMinute(localMinute(plan.expiresAt, zone))}`;
  const shell = `paste this into CloudShell of account ${foreignText(account ?? 'not known', 20)}`;
  const start =
    `If you do nothing, nothing ${mayStillDelete(context) ? 'else ' : ''}is deleted. To delete ` +
    `${these} (it starts at once, and cannot be undone)`;
  const steps: EmailBlock =
    dashboard !== undefined && canApproveOnDashboard(report, context)
      ? [
          { text: `${start}, approve the plan on the dashboard ${until}:`, link: dashboardLink(dashboard, run.region) },
          `Or ${shell}:`,
        ]
      : [`${start}, ${shell} ${until}:`];
  return [...steps, { text: 'CloudShell:', link: cloudShellLink(run.region) }, ...commandLines(applyCommand)];
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
    return ['NEXT STEP', 'Fix the cause that the lines at the top name.', ...repeatLines(context)];
  switch (outcome) {
    case 'incomplete':
      return [
        'NEXT STEP',
        `Ask the person who manages your AWS account to do what the line NOT READ says. ` +
          `${afterUnreadText(context.deletionMode, context.grace)}`,
        ...repeatLines(context),
      ];
    case 'countdown':
      return [
        'NEXT STEP',
        'Check the list. If it is right, leave it: the deletion runs by itself, and an e-mail says what it did. ' +
          'A deleted snapshot cannot be restored.',
        `To keep one, open Lightsail, choose the snapshot, and add a tag with the key ${holdTagOf(context)} ` +
          `and no value.`,
        'On an instance, disk or database, the tag keeps all of its snapshots.',
      ];
    case 'blocked':
      return ['NEXT STEP', ...firstCleanUp(report, context).filter((line) => typeof line === 'string'), keep];
    case 'deletable':
      return hasApplyCommand(report, context) ? applyBlock(report, context) : reportOnlySteps(report, context, keep);
    case 'nothing':
      if (attentionLines(report, context, 1).length === 0) return ['You do not need to do anything.'];
      return [
        `Look at what needs attention when you have ` +
          `time.${mayStillDelete(context) ? '' : ' Nothing is deleted meanwhile.'}`,
      ];
  }
}

function reportOnlySteps({ config, plan }: Report, { deletionMode }: TextContext, keep: string): EmailBlock {
  if (config.origin === 'built-in')
    return [
      'NEXT STEP',
      'Ask the person who deployed this to write a retention.yaml with your own policy, and to deploy it again.',
      keep,
    ];
  if (deletionMode === 'automatic')
    return [
      'NEXT STEP',
      'Confirm a subscription of this topic if there is none. Else wait for the next report: it names the days.',
      keep,
    ];
  const byHand = ['NEXT STEP', 'Delete what you no longer need in Lightsail. A deletion cannot be undone.', keep];
  if (isForReading({ plan }))
    return [...byHand, `There is nothing to approve: ${oneLine(plan.blocked?.message ?? '')}.`];
  return [...byHand, 'To let this deployment delete after your approval, deploy it with deletion=approve.'];
}

/** The first characters of a digest, as people compare it. */
const shortDigest = (digest: string): string => foreignText(digest.replace(/^sha256:/, '').slice(0, 12), 12);

function footerBlock(report: Report, context: TextContext, maxName: number): EmailBlock {
  const { evidenceHead, run } = context;
  const { account, config, zone, reportId, evaluatedAt } = report;
  // A countdown names the zone with the hour.
  const isCountdown = emailState(report, context) === 'countdown';
  const times = isCountdown ? '' : `, times in ${foreignText(zone.name, 40)}`;
  return [
    `Account ${foreignText(account ?? 'not known', 20)}, ${foreignText(config.origin, maxName)} ` +
      `(${shortDigest(config.digest)})${times}. You pay this or less: costs are for full copies.`,
    `Report ${foreignText(reportId, maxName)}, made on ${mediumMinute(localMinute(evaluatedAt, zone))}. ` +
      `${nextReportText(run, isCountdown)}`,
    ...evidenceLines(evidenceHead),
  ];
}

/** That everything was read, and that no backup is missing; empty: the lines above say what was not read. */
function readText(report: Report): string {
  if (!report.complete) return '';
  const read = regionsNotRead(report).length === 0 ? 'All regions were read. ' : 'All other regions were read. ';
  if (report.stale.length > 0 || report.totals.snapshots === 0) return read;
  const without = report.sources.filter(({ exists, newestAt }) => exists === true && newestAt === null);
  if (without.length === 0) return `${read}Every server, disk and database has a recent snapshot. `;
  const some = without.length === 1 ? '1 has' : `${formatNumber(without.length)} have`;
  return `${read}Everything that has manual snapshots has a recent one; ${some} none. `;
}

/** The bill of the last month. Its lines are taken from those of the sources. */
const billBlock = (report: Report): EmailBlock =>
  [spendLine(report), regionBillsLine(report)].flatMap((line) => (line === null ? [] : foreignText(line, 200)));

/**
 * Renders the e-mail of a report: a subject of at most 99 printable ASCII characters, and plain text of at most 40
 * lines and 8 KiB. The full lists are in the files of the report.
 */
export function renderEmail(report: Report, context: TextContext): EmailText {
  const state = emailState(report, context);
  const hasCommand = hasApplyCommand(report, context) || hasRepeatCommand(report, context);
  const bill = billBlock(report);
  const maxSources = (hasCommand ? MAX_SOURCES_WITH_COMMAND : MAX_EMAIL_SOURCES) - bill.length;
  const body = fitEmail((maxName) => [
    outcomeBlock(report, context, state),
    unreadBlock(report, maxName),
    sourcesBlock(report, context, maxSources, maxName),
    attentionLines(report, context, maxName),
    [`${readText(report)}${changesText(report, context.isFirstReport)}`, ...bill],
    linksBlock(report, context),
    nextStepBlock(report, context),
    footerBlock(report, context, maxName),
  ]);
  return { subject: reportSubject(report, context), body };
}

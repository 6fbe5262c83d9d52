import type { ApplyResult, Approval, ItemResult } from '../core/plan/outcome';
import { cloudShellLink, s3ObjectLink } from '../core/report/console-links';
import type { Kind } from '../core/snapshot/snapshot';
import { localDay, localMinute } from '../core/time/period';
import type { Zone } from '../core/time/zone';
import { appendTo } from '../core/util/append-to';
import { approvalText } from './approval';
import { dayInWords, fullDayText } from './day-text';
import {
  commandLines,
  type EmailBlock,
  type EmailText,
  emailSubject,
  fitEmail,
  foreignText,
  MAX_LINE_CHARACTERS,
} from './email-layout';
import { serversText } from './matters';
import { formatCount, formatDollars, formatNumber } from './numbers';
import { evidenceLines } from './phrases';
import { failedItems, lateItems, unsettledItems } from './result-text';
import { unknownSizeText } from './totals';
import { placeOfRegion } from './unread-text';

/** How a deletion run ended. Only a `finished` run has an outcome for each snapshot of its plan. */
export type RunEnd =
  | { readonly state: 'finished' }
  | {
      readonly state: 'refused' | 'stopped' | 'failed';
      /** Stable. */
      readonly code: string;
      /** Why it ended early. */
      readonly text: string;
      /** The id of the other plan whose run has the lock, where that is why it was refused. */
      readonly otherPlan?: string;
    };

/** A command, and the region of the CloudShell to paste it into. */
export interface CloudShellCommand {
  readonly command: string;
  readonly region: string;
}

export interface ResultContext {
  readonly planId: string;
  /** The configured zone of all dates. */
  readonly zone: Zone;
  /** The region of the function. */
  readonly region: string;
  /** Null: no outcome is recorded, or the record could not be read. */
  readonly result: ApplyResult | null;
  /** Why the record could not be read; null: it was read. */
  readonly unread: string | null;
  readonly end: RunEnd;
  /** The local day of the next report (`2026-12-07`); absent: not known. */
  readonly nextReport?: string;
  /** The places of the outcomes: `s3://…`. */
  readonly files: readonly string[];
  /** The command that continues an unfinished plan; null: nothing is left. */
  readonly resumeCommand: CloudShellCommand | null;
  /** The head of the evidence chain, `NUMBER:SHA256`; null: the result is not recorded. Absent: none is. */
  readonly evidenceHead?: string | null;
}

/** Whether another run applies this plan. */
export const isElsewhere = (end: RunEnd): boolean =>
  end.state === 'refused' && end.code === 'plan.in-progress' && end.otherPlan === undefined;

const openOf = ({ result }: ResultContext): number => result?.totals.open ?? 0;

/** `2 failed, 1 unknown, 3 skipped, 1 already gone, 4 not processed`, without zeros. */
function otherOutcomes(result: ApplyResult): string {
  const { spared, changed, alreadyGone, open } = result.totals;
  const unsettled = unsettledItems(result).length;
  const parts = [
    [failedItems(result).length, 'failed'],
    [lateItems(result).length + unsettled, 'unknown'],
    [spared + changed, 'skipped'],
    [alreadyGone, 'already gone'],
    [open - unsettled, 'not processed'],
  ] as const;
  return parts
    .filter(([count]) => count > 0)
    .map(([count, text]) => `${formatNumber(count)} ${text}`)
    .join(', ');
}

/** Counts the deleted snapshots without a known size. */
export const unknownSizes = ({ items }: ApplyResult): number =>
  items.filter(({ outcome, monthlyCostCeiling }) => outcome === 'deleted' && monthlyCostCeiling === null).length;

/** The outcome in at most 99 printable ASCII characters. */
export function resultSubject({ result, end, unread }: ResultContext): string {
  if (isElsewhere(end)) return emailSubject(['Already in progress: plan.in-progress']);
  const unsettled = result === null ? 0 : unsettledItems(result).length;
  if (result === null || (result.totals.requested === result.totals.open && unsettled === 0)) {
    const code = end.state === 'finished' ? '' : `: ${end.code.replace(/[^!-~]/g, '').slice(0, 50)}`;
    return emailSubject([`${unread === null ? 'Nothing deleted' : 'Not known what was deleted'}${code}`]);
  }
  const { requested, deleted, open, freedMonthlyCostCeiling } = result.totals;
  const isUnfinished = end.state !== 'finished' || open > 0;
  const others = otherOutcomes(result);
  const money = others === '' && deleted > 0 ? `, up to ${formatDollars(freedMonthlyCostCeiling)}/month` : '';
  const text =
    `${isUnfinished ? 'NOT FINISHED: ' : ''}${formatNumber(deleted)} of ` +
    `${formatCount(requested, 'snapshot')} deleted`;
  const failed = failedItems(result).length;
  return emailSubject([
    `${text}${others === '' ? money : `, ${others}`}`,
    `${text}${failed > 0 ? `, ${formatNumber(failed)} failed` : ''}${open > 0 ? `, ${formatNumber(open)} without an outcome` : ''}`,
    text,
  ]);
}

/** How a run ended early, as the start of a sentence. */
export const END_TEXTS: Readonly<Record<Exclude<RunEnd['state'], 'finished'>, string>> = {
  refused: 'The plan was refused',
  stopped: 'The run was stopped',
  failed: 'The run failed',
};

/** Why the run ended early, on one line where it fits. */
function endLines({ end }: ResultContext): readonly string[] {
  if (end.state === 'finished') return [];
  const [text, code] = [foreignText(end.text, MAX_LINE_CHARACTERS - 1), `(${foreignText(end.code, 40)})`];
  const line = `${END_TEXTS[end.state]}: ${text} ${code}.`;
  return [...line].length <= MAX_LINE_CHARACTERS ? [line] : [`${END_TEXTS[end.state]} ${code}:`, `${text}.`];
}

/** The text in place of a missing result. */
function missingResultLines({ end, unread }: ResultContext): readonly string[] {
  if (isElsewhere(end))
    return [
      'The other run tells the outcome: the deployed function by e-mail, a command line where it was started.',
      'If neither follows, that run has died: apply the plan again after the time above.',
    ];
  return [unread === null ? 'Nothing was deleted.' : `What was done could not be read: ${foreignText(unread, 150)}.`];
}

/** `was` of one, `were` of several. */
export const pluralVerb = (count: number): string => (count === 1 ? 'was' : 'were');

/** ` on Monday, 7 December 2026, between 09:00 and 09:14`, of the deleted snapshots. */
function whenText({ items }: ApplyResult, zone: Zone): string {
  const times = items.filter(({ outcome }) => outcome === 'deleted').map(({ at }) => Date.parse(at));
  if (times.length === 0) return '';
  const [first, last] = [times.reduce((a, b) => Math.min(a, b)), times.reduce((a, b) => Math.max(a, b))];
  const [from, to] = [localMinute(first, zone), localMinute(last, zone)];
  const day = ` on ${fullDayText(localDay(first, zone))}`;
  if (from.slice(0, 10) !== to.slice(0, 10)) return `${day}, from ${from.slice(11)} on`;
  return from === to ? `${day}, at ${from.slice(11)}` : `${day}, between ${from.slice(11)} and ${to.slice(11)}`;
}

interface KnownResult {
  readonly result: ApplyResult;
  readonly nextReport?: string | undefined;
}

/** `The next report (7 Dec 2026)`. */
const nextReportName = ({ nextReport }: Pick<KnownResult, 'nextReport'>): string =>
  `The next report${nextReport === undefined ? '' : ` (${dayInWords(nextReport)})`}`;

/** `The outcome of app-2026-10-14 is not known: AWS may still delete it.`; empty: all outcomes are certain. */
function unknownText({ result, nextReport }: KnownResult): string {
  const unknown = [...lateItems(result), ...unsettledItems(result)];
  const [first] = unknown;
  if (first === undefined) return '';
  if (unknown.length === 1)
    return (
      `The outcome of ${foreignText(first.name ?? first.arn)} is not known: AWS may still delete it. ` +
      `${nextReportName({ nextReport })} shows whether it is gone.`
    );
  return (
    `The outcome of ${formatNumber(unknown.length)} is not known: AWS may still delete them. ` +
    `${nextReportName({ nextReport })} shows which are gone.`
  );
}

/** `2 could not be deleted. 2 were skipped, and not deleted.`; empty: all snapshots of the plan were deleted. */
export function othersText({ result, nextReport }: KnownResult): string {
  const { spared, changed, alreadyGone, open } = result.totals;
  const unsettled = unsettledItems(result).length;
  const failed = failedItems(result).length;
  const skipped = spared + changed;
  return [
    failed > 0 ? `${formatNumber(failed)} could not be deleted.` : '',
    unknownText({ result, nextReport }),
    skipped > 0 ? `${formatNumber(skipped)} ${pluralVerb(skipped)} skipped, and not deleted.` : '',
    alreadyGone > 0 ? `${formatNumber(alreadyGone)} ${pluralVerb(alreadyGone)} already gone.` : '',
    open > unsettled ? `${formatNumber(open - unsettled)} ${pluralVerb(open - unsettled)} not processed.` : '',
  ]
    .filter((text) => text !== '')
    .join(' ');
}

function resultLines({ result, nextReport }: KnownResult, zone: Zone): readonly string[] {
  const { deleted } = result.totals;
  const first =
    deleted === 0
      ? 'Nothing was deleted.'
      : `${formatCount(deleted, 'snapshot')} ${pluralVerb(deleted)} deleted${whenText(result, zone)}.`;
  const others = othersText({ result, nextReport });
  return others === '' ? [first] : [first, others];
}

function resultOutcomeLines(context: ResultContext): EmailBlock {
  const { result, zone } = context;
  return [
    ...endLines(context),
    ...(result === null ? missingResultLines(context) : resultLines({ ...context, result }, zone)),
  ];
}

/** The numbers of items that each block names, without and with a command. */
const MAX_ITEMS = { unsettled: 2, failed: 5, skipped: 4, deleted: 6 } as const;
const MAX_ITEMS_WITH_COMMAND = { unsettled: 2, failed: 1, skipped: 2, deleted: 1 } as const;
type MaxItems = Readonly<Record<keyof typeof MAX_ITEMS, number>>;

/** A heading, the first lines, and the number of the others. */
function listBlock(heading: string, lines: readonly string[], max: number): EmailBlock {
  if (lines.length === 0) return [];
  const shown = lines.slice(0, max);
  const more = lines.length - shown.length;
  return [heading, ...shown, ...(more > 0 ? [`- and ${formatNumber(more)} more`] : [])];
}

const itemReason = ({ name, text, code }: ItemResult, maxName: number): string =>
  `- ${foreignText(name, maxName)}: ${foreignText(text, Math.max(40, maxName))} (${foreignText(code, 40)})`;

const nextList = (context: Pick<KnownResult, 'nextReport'>): string => `${nextReportName(context)} lists what is left.`;

/** What becomes of the snapshots that failed. */
function retryText({ result, nextReport }: KnownResult, failed: number): string {
  if (result.approvedBy?.kind !== 'automatic') return nextList({ nextReport });
  const which = failed === 1 ? 'The one that failed is' : `The ${formatNumber(failed)} that failed are`;
  return (
    `${which} tried again on a day that the next report names` +
    `${nextReport === undefined ? '' : ` (${dayInWords(nextReport)})`}, with how to keep ${failed === 1 ? 'it' : 'one'}.`
  );
}

const DELETE_OPERATIONS: Readonly<Record<Kind, string>> = {
  instance: 'DeleteInstanceSnapshot',
  disk: 'DeleteDiskSnapshot',
  database: 'DeleteRelationalDatabaseSnapshot',
};

/** `Ask who manages your AWS account to allow lightsail:DeleteInstanceSnapshot.`; empty: nothing was denied. */
function deniedText(failed: readonly ItemResult[]): string {
  const denied = failed.filter(({ code }) => code.startsWith('AccessDenied'));
  const actions = new Set(denied.map(({ kind }) => `lightsail:${DELETE_OPERATIONS[kind]}`));
  if (actions.size === 0) return '';
  const what = actions.size === 1 ? [...actions].join() : 'what AWS denied';
  const of = denied.length === failed.length ? '' : ` (${formatNumber(denied.length)} of them)`;
  return `Ask who manages your AWS account to allow ${what}${of}.`;
}

/** Whether a person must do anything after a finished deletion, and what comes next. */
export function afterDeletion({ result, nextReport }: KnownResult): string {
  const failed = failedItems(result);
  const retry = retryText({ result, nextReport }, failed.length);
  const denied = deniedText(failed);
  if (denied !== '') return `${retry} ${denied}`;
  if (failed.length > 0) return `${retry} A snapshot that fails again needs you: its reason says why.`;
  const hasMore = result.totals.requested > result.totals.deleted;
  const other = nextReport === undefined ? '' : ` ${nextReportName({ nextReport })} says what else needs attention.`;
  return `You do not need to do anything for this deletion.${hasMore ? ` ${nextList({ nextReport })}` : other}`;
}

/** Whether a deletion can still be stopped. */
export function stopText(result: ApplyResult): string {
  const until = result.approvedBy?.kind === 'automatic' && failedItems(result).length > 0 ? ' until then' : '';
  const sent = lateItems(result).length > 0 ? ', and a delete that was sent cannot be taken back' : '';
  return `There is nothing to stop${until}: this run is over${sent}.`;
}

function deletedBlock(result: ApplyResult, max: number, maxName: number): EmailBlock {
  const groups = new Map<string, ItemResult[]>();
  for (const item of result.items) {
    if (item.outcome !== 'deleted') continue;
    const key = JSON.stringify([item.region, item.kind, item.source ?? item.name]);
    appendTo(groups, key, item);
  }
  const sorted = [...groups.values()].sort((a, b) => b.length - a.length);
  const lines = sorted.flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const kind = first.kind === 'instance' ? '' : ` (${first.kind})`;
    const name = `${foreignText(first.source ?? first.name, maxName)}${kind}`;
    return [`- ${name}, ${foreignText(placeOfRegion(first.region), 30)}: ${formatNumber(group.length)}`];
  });
  const { deleted, freedMonthlyCostCeiling } = result.totals;
  const cost =
    `up to ${formatDollars(freedMonthlyCostCeiling)} a ` + `month${unknownSizeText({ unknown: unknownSizes(result) })}`;
  const rest = sorted.slice(max);
  const left = rest.reduce((sum, group) => sum + group.length, 0);
  const kinds = rest.flatMap(([first]) => first ?? []);
  const more =
    rest.length === 0
      ? []
      : [
          `- and ${formatCount(left, 'snapshot')} of ${formatNumber(rest.length)} more ` +
            `${serversText(kinds, rest.length)}`,
        ];
  return listBlock(`DELETED: ${formatNumber(deleted)} (${cost})`, [...lines.slice(0, max), ...more], max + 1);
}

function itemBlocks(result: ApplyResult, max: MaxItems, maxName: number): readonly EmailBlock[] {
  const unsettled = unsettledItems(result);
  const late = lateItems(result);
  const failed = failedItems(result);
  const skipped = result.items.filter(({ outcome }) => outcome === 'spared' || outcome === 'changed');
  return [
    listBlock(
      `NOT KNOWN: ${formatNumber(unsettled.length + late.length)} (a delete may have been sent)`,
      [
        ...late.map((item) => itemReason(item, maxName)),
        ...unsettled.map(({ name, arn, source }) => {
          const of = source === null ? '' : ` of ${foreignText(source, maxName)}`;
          return `- ${foreignText(name ?? arn, maxName)}${of}`;
        }),
      ],
      max.unsettled,
    ),
    listBlock(
      `FAILED: ${formatNumber(failed.length)}`,
      failed.map((item) => itemReason(item, maxName)),
      max.failed,
    ),
    listBlock(
      `SKIPPED: ${formatNumber(skipped.length)} (not deleted; nothing to do)`,
      skipped.map((item) => itemReason(item, maxName)),
      max.skipped,
    ),
    deletedBlock(result, max.deleted, maxName),
  ];
}

/** What there is to do: to continue, or nothing. */
function resumeBlock({ resumeCommand, result, end, unread, nextReport }: ResultContext): EmailBlock {
  if (resumeCommand === null) {
    if (end.state === 'refused' && result === null && unread === null && !isElsewhere(end))
      return ['You do not need to do anything: the next report makes a new plan.'];
    return result?.status === 'finished' ? [afterDeletion({ result, nextReport }), stopText(result)] : [];
  }
  return [
    'To continue with the snapshots that were not processed (each is checked again), paste this into CloudShell:',
    { text: 'CloudShell:', link: cloudShellLink(resumeCommand.region) },
    ...commandLines(resumeCommand.command),
  ];
}

function placeBlock({ files, region }: ResultContext): EmailBlock {
  return files.slice(0, 2).map((place, index) => {
    const link = s3ObjectLink(place, region);
    const text = index === 0 ? 'Every snapshot and its outcome' : 'The same as data';
    return link === null ? `${text}: ${foreignText(place, 160)}` : { text: `${text} (choose Open):`, link };
  });
}

const approvedLine = (approval: Approval): string =>
  `Approved by ${foreignText(approvalText(approval), 180)}.`.replace(
    'Approved by no person: automatic deletion',
    'This was automatic deletion: no person approved it',
  );

function footerLines({ planId, zone, result, evidenceHead }: ResultContext, maxName: number): EmailBlock {
  const account = result?.account == null ? '' : `Account ${foreignText(result.account, 20)}. `;
  return [
    ...(result?.approvedBy == null ? [] : [approvedLine(result.approvedBy)]),
    `Plan ${foreignText(planId, maxName)}. ${account}Times in ${foreignText(zone.name, 40)}. You paid this ` +
      `or less: costs are for full copies.`,
    ...evidenceLines(evidenceHead),
  ];
}

/**
 * Renders a result as an e-mail of at most 40 lines and 8 KiB, failures first. The page and the JSON of the result have
 * every outcome.
 */
export function renderResultEmail(context: ResultContext): EmailText {
  const { result, resumeCommand } = context;
  const max = resumeCommand === null ? MAX_ITEMS : MAX_ITEMS_WITH_COMMAND;
  const body = fitEmail((maxName) => [
    resultOutcomeLines(context),
    ...(result === null ? [] : itemBlocks(result, max, maxName)),
    placeBlock(context),
    resumeBlock(context),
    footerLines(context, maxName),
  ]);
  return { subject: resultSubject(context), body };
}

/** Message attributes for subscription filters. Only those of a result have `deleted`. */
export function resultAttributes(context: ResultContext): Readonly<Record<string, string | number>> {
  const { result, end, unread } = context;
  if (unread !== null) return { outcome: 'deletion-unread' };
  const { deleted = 0, failed = 0 } = result?.totals ?? {};
  const open = openOf(context);
  const ended = end.state === 'finished' && open === 0 ? 'deleted' : `deletion-${end.state}`;
  return { outcome: failed > 0 ? 'deletion-failed' : ended, deleted, failed, open };
}

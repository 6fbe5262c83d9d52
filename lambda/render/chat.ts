import type { ChatNotification } from '../core/report/chat-notification';
import type { Report } from '../core/report/report-model';
import { oneLine } from '../core/util/safe-text';
import { reportSubject } from './email-subject';
import { reportOutcome } from './message-attributes';
import { formatNumber } from './numbers';
import { fullReportPlace, outcomeLines, type TextContext } from './report-header';
import { bySource, problemsSection, type Section, sourceHeading, unreadSection } from './report-sections';

/** Maximum lengths in characters: of a title (documented), and of a description (a Slack message block). */
export const CHAT_LIMITS = { title: 250, description: 3_000, nextStep: 350 } as const;

const MAX_LISTED_LINES = 10;

/** Words that a chat turns into a mention, a link or markup. */
const SPECIAL = /\S*(?:[@#`*_~]|:\/\/|\w\.[a-z]{2})\S*/gi;

/** Escapes text of other people: no mention, link or markup. */
const escapeChat = (text: string): string =>
  oneLine(text)
    .replace(/\]\(/g, '] (')
    .replace(SPECIAL, (word) => `\`${word.replace(/`/g, "'")}\``)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;');

const cutMessage = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`;

/** Lists lines within `maxLength` characters; names the number of omitted lines. */
function listed(title: string, lines: readonly string[], maxLength: number): string {
  const more = (left: number): string => `\n… and ${formatNumber(left)} more`;
  let text = `*${title}*`;
  for (const [index, line] of lines.entries()) {
    const next = `\n• ${line}`;
    const left = lines.length - index;
    const reserve = left === 1 ? 0 : more(left).length;
    if (index === MAX_LISTED_LINES || text.length + next.length + reserve > maxLength) return `${text}${more(left)}`;
    text += next;
  }
  return text;
}

function chatParts(
  report: Report,
  context: TextContext,
): readonly { readonly title: string; readonly lines: readonly string[] }[] {
  const expiring = bySource(report.items.filter(({ verdict }) => verdict === 'expire'));
  const part = (section: Section | null) => ({
    title: section?.title ?? '',
    lines: [...(section?.items() ?? [])].map(({ line }) => escapeChat(line)),
  });
  return [
    part(unreadSection(report)),
    { title: 'Expired by policy, by source', lines: expiring.map((group) => escapeChat(sourceHeading(group, report))) },
    part(problemsSection(report)),
    { title: 'Full report', lines: [escapeChat(fullReportPlace(context))] },
  ].filter(({ lines }) => lines.length > 0);
}

/**
 * Renders the report as a chat message within the limits: the outcome, failed lists, sources, and the place of the full
 * report.
 */
export function renderChat(report: Report, context: TextContext): ChatNotification {
  const parts = chatParts(report, context);
  const head = outcomeLines(report, context).map(escapeChat).join('\n');
  // All parts have the same maximum, so that the place of the full report always fits.
  const maxLength =
    Math.floor((CHAT_LIMITS.description - Math.min(head.length, 1_000)) / Math.max(1, parts.length)) - 2;
  const description = [
    cutMessage(head, 1_000),
    ...parts.map(({ title, lines }) => listed(title, lines, maxLength)),
  ].join('\n\n');
  const tag = `${context.tagPrefix ?? 'retention'}:hold`;
  const command = `To delete the expired snapshots: ${context.applyCommand}`;
  const canDelete = report.totals.expire > 0 && report.plan.blocked === null && context.applyCommand !== null;
  // A cut command must not be shown.
  const deleteStep =
    command.length <= CHAT_LIMITS.nextStep
      ? command
      : 'To delete the expired snapshots: use the command in the e-mail of this report';
  const steps = [
    report.totals.snapshots === 0 ? '' : `To keep a snapshot: give it the tag ${tag} in the Lightsail console`,
    canDelete ? deleteStep : '',
  ];
  return {
    version: '1.0',
    source: 'custom',
    content: {
      textType: 'client-markdown',
      title: cutMessage(reportSubject(report, context), CHAT_LIMITS.title),
      description: cutMessage(description, CHAT_LIMITS.description),
      nextSteps: steps.filter((step) => step !== '' && step.length <= CHAT_LIMITS.nextStep),
      keywords: ['Lightsail', reportOutcome(report)],
    },
  };
}

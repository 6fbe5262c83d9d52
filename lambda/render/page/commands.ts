import { awsCommand, isResourceName } from '../../core/report/command-line';
import { cloudShellLink, SNAPSHOTS_PAGE } from '../../core/report/console-links';
import type { EvaluatedSnapshot } from '../../core/report/report-model';
import { oneLine } from '../../core/util/safe-text';
import { escapeHtml } from '../escape';
import type { PageContext } from './page-context';

/** The key of the tag that holds. */
export const holdTag = ({ tagPrefix }: Pick<PageContext, 'tagPrefix'>): string => `${tagPrefix}:hold`;

function holdCommand(name: string, region: string, context: PageContext): string | null {
  if (!isResourceName(name) || !isResourceName(region)) return null;
  const args = ['lightsail', 'tag-resource', '--resource-name', name, '--tags', `key=${holdTag(context)}`];
  return awsCommand(args, region, context.run?.kind === 'command-line' ? context.run.options : {});
}

/** The command that holds a snapshot; null: its name fits in no command. */
export const holdSnapshotCommand = ({ snapshot }: EvaluatedSnapshot, context: PageContext): string | null =>
  holdCommand(snapshot.name ?? '', snapshot.region, context);

/** The command that holds all snapshots of a source; null: the source is not known to exist. */
export const holdSourceCommand = (
  { snapshot, sourceExists }: EvaluatedSnapshot,
  context: PageContext,
): string | null => (sourceExists === true ? holdCommand(snapshot.source?.name ?? '', snapshot.region, context) : null);

/** The words of a command, none of which is broken at the end of a line. */
const commandWords = (command: string): string =>
  oneLine(command)
    .split(' ')
    .map((word) => `<span>${escapeHtml(word)}</span>`)
    .join(' ');

/** A command with a copy button, which needs the script. */
export const commandHtml = (id: string, command: string, label = 'Copy'): string =>
  `<div class="cmd"><code id="${id}">${commandWords(command)}</code>` +
  `<button class="btn" type="button" data-copy="${id}" hidden>${escapeHtml(label)}</button></div>`;

/** A link to a console or to another site. */
export const externalLink = (href: string, text: string, type = 'ext'): string =>
  `<a class="${type}" href="${escapeHtml(href)}" rel="noreferrer">${escapeHtml(text)}</a>`;

/** A link to CloudShell in a region, where commands can be pasted. */
export const cloudShell = (region: string): string => externalLink(cloudShellLink(region), 'CloudShell');

/** A link to the snapshots in the Lightsail console. */
export const lightsailPage = (): string => externalLink(SNAPSHOTS_PAGE, 'Lightsail');

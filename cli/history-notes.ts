import { existsSync } from 'node:fs';
import { type HistoryGap, type OpenPlan, unknownOutcomes } from '../lambda/core/plan/history';
import { applyLocallyCommand, type RunOptions } from '../lambda/core/report/command-line';
import { oneLine } from '../lambda/core/util/safe-text';
import { formatCount, formatNumber } from '../lambda/render/numbers';
import { wrap } from '../lambda/render/terminal';
import type { StoredHistory } from '../lambda/storage/read-history';
import { type HistoryPlace, ownStoreCommand } from './history-store';
import { columnsOf, type Terminal, writeFailure } from './terminal';

/** What a person can do: a text, and a command that follows it. */
export interface NextStep {
  readonly text: string;
  readonly command: string | null;
}

/** The place of a history, and what commands repeat. */
export interface HistoryRun {
  readonly place: HistoryPlace;
  readonly run: Pick<RunOptions, 'config' | 'profile'>;
  /** Epoch ms. */
  readonly now: number;
}

const MAX_PLACES = 3;

/** The first of many places, and how many more there are. */
export function placesText(places: readonly string[], separator = ', '): string {
  const named = places.slice(0, MAX_PLACES).map(oneLine).join(separator);
  const more = places.length - MAX_PLACES;
  return more > 0 ? `${named} and ${formatNumber(more)} more` : named;
}

const STATE_WORDS: Readonly<Record<Exclude<HistoryGap['state'], 'unproven'>, string>> = {
  missing: 'is missing',
  altered: 'is not as it was written',
  unreadable: 'cannot be read',
};

const STATE_NAMES: Readonly<Record<HistoryGap['state'], string>> = {
  missing: 'missing',
  altered: 'altered',
  unreadable: 'not readable',
  unproven: 'not proven',
};

/** What is to be done about each state, as a part of a sentence. */
const STATE_REMEDIES: Readonly<Record<HistoryGap['state'], string>> = {
  missing: 'restore what is missing from a backup, in a bucket from an earlier version',
  altered: 'keep what was altered, and compare it with a backup or an earlier version',
  unreadable: 'get the permission to read what cannot be read',
  unproven: 'wait until the run has ended, or apply the plan again',
};

function gapText({ state, place, plan, names }: HistoryGap): string {
  const snapshots = names.length === 0 ? '' : `snapshot${names.length === 1 ? '' : 's'} ${placesText(names)}`;
  if (state === 'unproven')
    return `a run of the plan ${oneLine(plan ?? '')} was approved and recorded no end, and ${place} has no attempt of ${snapshots}`;
  const of = snapshots === '' ? '' : ` (${snapshots} of the plan ${oneLine(plan ?? '')})`;
  return `${oneLine(place)} ${STATE_WORDS[state]}${of}`;
}

/** The one error of all gaps. */
function gapsMessage(gaps: readonly HistoryGap[], { place, run }: HistoryRun): string {
  const states = new Set(gaps.map(({ state }) => state));
  const what = [...states].sort().map((state) => STATE_NAMES[state]);
  const remedies = Object.entries(STATE_REMEDIES).flatMap(([state, remedy]) =>
    states.has(state as HistoryGap['state']) ? [remedy] : [],
  );
  const verify = ownStoreCommand(['history', '--verify'], place, run);
  return `${formatCount(gaps.length, 'part')} of the record ${gaps.length === 1 ? 'is' : 'are'} ${what.join(' or ')}: ${placesText(gaps.map(gapText), '; ')}; ${remedies.join('; ')}; remove nothing; ${verify} checks all of it`;
}

/** How the outcome of a plan that is not finished gets recorded. */
export function nextStepOf(open: OpenPlan, { place, run, now }: HistoryRun): NextStep {
  const { id, expiresAt, planFile } = open;
  if (expiresAt !== null && Date.parse(expiresAt) <= now)
    return { text: 'The plan has expired, so that no run of it records the outcome.', command: null };
  const until = expiresAt === null ? '' : ` until ${expiresAt}`;
  if (id.startsWith('auto-'))
    return {
      text: 'Its execution records the outcome, if it still works.',
      command: null,
    };
  const isLocal = planFile !== null && !place.where.startsWith('s3://');
  if (!isLocal)
    return {
      text: `Apply the plan ${oneLine(id)} again${until}, in the same way as before: that records it.`,
      command: null,
    };
  const file = place.store.locate(planFile);
  const text = `Apply the plan again${until}, which records it:`;
  const lost = existsSync(file)
    ? ''
    : `Copy the plan back to ${oneLine(file)}: once-plan.json beside its attempts is the copy. `;
  return { text: `${lost}${text}`, command: applyLocallyCommand(file, run) };
}

/** Prints a paragraph, and a command on a line of its own. */
function writeNote({ text, command }: NextStep, { err }: Pick<Terminal, 'err'>): void {
  err.write(wrap(text, columnsOf(err), ''));
  if (command !== null) err.write(`    ${command}\n`);
}

/** What is known of a plan of which nothing but its result is. */
export const NO_PLAN = { hasOpenRun: false, notBegun: 0, unproven: 0, expiresAt: null, planFile: null } as const;

const OPEN_RUN = '; a run of it was approved and recorded no end: it works, or it was killed';

/** Prints what is known of a plan that is not finished, with the next step. */
function writeOpen(plan: OpenPlan, unknown: readonly string[], history: HistoryRun, terminal: Terminal): void {
  const { id, hasOpenRun, notBegun, unproven } = plan;
  const may =
    unknown.length === 0
      ? ''
      : `; ${formatCount(unknown.length, 'snapshot')} may be deleted, the outcome is not known: ${placesText(unknown)}`;
  const open = notBegun === 0 ? '' : `; no delete of ${formatCount(notBegun, 'snapshot')} was begun`;
  const rest = unproven === 0 ? open : `${open}; nothing is recorded of ${formatCount(unproven, 'snapshot')}`;
  const step = nextStepOf(plan, history);
  const [first] = unknown;
  const isCompared = step.command === null && first !== undefined;
  const compare = isCompared ? ' This command compares a snapshot with the account:' : '';
  const command = isCompared ? ownStoreCommand(['explain', first], history.place, history.run) : step.command;
  const text = `note: not finished: ${oneLine(id)}${hasOpenRun ? OPEN_RUN : ''}${may}${rest}. ${step.text}${compare}`;
  writeNote({ text, command }, terminal);
}

/** The plans that are not finished, also those of which only the result is known. */
function openPlans({ results, open }: StoredHistory): readonly OpenPlan[] {
  const known = new Set(open.map(({ id }) => id));
  const unfinished = results.filter(({ status, plan }) => status === 'unfinished' && !known.has(plan.id));
  const others = unfinished.map(({ plan: { id } }) => ({ ...NO_PLAN, id }));
  return [...open, ...others];
}

/** The gaps that may be about a snapshot: those that name it, and those that name none. */
export const gapsAbout = (gaps: readonly HistoryGap[], name: string): readonly HistoryGap[] =>
  gaps.filter(({ names }) => names.length === 0 || names.includes(name));

/** Prints the one error of gaps. Returns whether there is any. */
export function writeGaps(gaps: readonly HistoryGap[], history: HistoryRun, { err }: Pick<Terminal, 'err'>): boolean {
  if (gaps.length === 0) return false;
  writeFailure({ code: 'history.incomplete', message: gapsMessage(gaps, history) }, err);
  return true;
}

/** Prints what of the record is open, contradicted, missing, altered or not readable. Returns whether any is missing. */
export function writeNotes(recorded: StoredHistory, history: HistoryRun, terminal: Terminal): boolean {
  const { gaps, contradicted, results } = recorded;
  const unknown = unknownOutcomes(results);
  const open = openPlans(recorded);
  for (const each of open.slice(0, MAX_PLACES)) {
    const own = unknown.filter(({ entry }) => entry.plan.id === each.id && entry.mayStillBeDeleted);
    writeOpen(
      each,
      own.map(({ entry }) => entry.name),
      history,
      terminal,
    );
  }
  if (open.length > MAX_PLACES)
    writeNote(
      { text: `note: not finished: ${formatCount(open.length - MAX_PLACES, 'further plan')}`, command: null },
      terminal,
    );
  if (contradicted.length > 0) {
    const text = `note: the index of results has another content than ${placesText(contradicted)}, which is the record and is listed. This command checks both:`;
    writeNote({ text, command: ownStoreCommand(['history', '--verify'], history.place, history.run) }, terminal);
  }
  return writeGaps(gaps, history, terminal);
}

/** What the text of a history says of the index; empty: none of it is from there. */
export function indexText({ fromIndex, results }: StoredHistory, { place, run }: HistoryRun, columns: number): string {
  if (fromIndex === 0) return '';
  const text = `${formatNumber(fromIndex)} of ${formatCount(results.length, 'result')} ${fromIndex === 1 ? 'is' : 'are'} read from the index, which is a copy. This command checks it:`;
  return `\n${wrap(text, columns, '')}    ${ownStoreCommand(['history', '--verify'], place, run)}\n`;
}

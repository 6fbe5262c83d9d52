import { distance } from 'fastest-levenshtein';
import { mismatches } from '../lambda/config/mismatch';
import type { HistoryItem } from '../lambda/core/plan/history';
import type { Config } from '../lambda/core/policy/config';
import { option, ownCommand } from '../lambda/core/report/command-line';
import type { EvaluatedSnapshot, Inventory } from '../lambda/core/report/report-model';
import type { Snapshot } from '../lambda/core/snapshot/snapshot';
import { localMinute } from '../lambda/core/time/period';
import type { Zone } from '../lambda/core/time/zone';
import { RetentionError } from '../lambda/core/util/errors';
import { jsonText, oneLine } from '../lambda/core/util/safe-text';
import type { WhyNot } from '../lambda/explain/explain-policy-source';
import { explainSnapshot, type Passage } from '../lambda/explain/explain-snapshot';
import { decideConfirmed } from '../lambda/inventory/confirm-sources';
import type { LiveInventory } from '../lambda/ports/ports';
import { jsonSnapshot } from '../lambda/render/json';
import { formatCount } from '../lambda/render/numbers';
import { wrap } from '../lambda/render/terminal';
import { reportOrder } from '../lambda/reporting/make-report';
import { ambiguousName } from './ambiguous-name';
import { profileToRepeat } from './credentials';
import { EXIT, type ExitCode } from './exit-codes';
import { explainedAt, explainRecorded, type RecordedHistory, readRecorded } from './explain-history';
import { ambiguousSources, type ExplainedSource, findSources, sourceJson, sourceText } from './explain-source';
import type { ExplainFormat } from './formats';
import { historyJson } from './history';
import { gapsAbout, writeGaps } from './history-notes';
import { DEFAULT_FOLDER, type StoreOptions } from './history-store';
import { historyText } from './history-text';
import type { ExplainJson } from './json-shapes';
import { loadConfig, warnOn, writtenRules } from './load-config';
import { type AccountOptions, readAccount, unreadText } from './read-account';
import { columnsOf, type Terminal, writeFailure, writeOut } from './terminal';
import { answersOf, answersText } from './unknown-outcomes';

export interface ExplainOptions extends AccountOptions, Pick<StoreOptions, 'store' | 'stack'> {
  readonly config?: string;
  /** Epoch milliseconds, by the configured zone. */
  readonly at?: (zone: Zone) => number;
  readonly format?: ExplainFormat;
}

const MAX_NEAR = 3;
const MAX_SNAPSHOTS_LISTED = 20;

/**
 * Names that may have been meant: those that contain the word, then the nearest, at most a third of whose letters
 * differ.
 */
function nearNames(word: string, names: readonly string[]): readonly string[] {
  const short = word.slice(0, 300).toLowerCase();
  return [...new Set(names)]
    .map((name) => ({ name, apart: apartOf(short, name.toLowerCase()) }))
    .filter(({ name, apart }) => apart <= Math.max(1, Math.floor(Math.max(short.length, name.length) / 3)))
    .sort((a, b) => a.apart - b.apart || (a.name < b.name ? -1 : 1))
    .slice(0, MAX_NEAR)
    .map(({ name }) => name);
}

/** How far a name is from a word, in letters: a name that only differs in case is the nearest. */
function apartOf(word: string, name: string): number {
  if (name === word) return -1;
  return name.includes(word) ? 0 : distance(word, name);
}

function unknownSnapshot(wanted: string, { snapshots, sourceList }: Inventory): RetentionError {
  const near = wanted.startsWith('arn:')
    ? []
    : nearNames(
        wanted,
        [...sourceList, ...snapshots].flatMap(({ name }) => name ?? []),
      );
  const meant = near.length === 0 ? '' : `; did you mean ${near.map(oneLine).join(', ')}?`;
  return new RetentionError(
    'explain.unknown',
    `none of the ${formatCount(snapshots.length, 'snapshot')} read has the name ${oneLine(wanted)}, and no source has it; expected the name or the ARN of a manual snapshot, or of a source, in the regions and of the kinds that are read, or --store PLACE for a deleted one${meant}`,
  );
}

function ambiguous(wanted: string, found: readonly EvaluatedSnapshot[], zone: Zone): RetentionError {
  const lines = found.slice(0, MAX_SNAPSHOTS_LISTED).map(({ snapshot: { arn, kind, region, createdAt } }) => {
    const made = createdAt === null ? 'not known' : localMinute(createdAt, zone);
    return `  ${oneLine(arn ?? 'without ARN')} (${kind}, ${oneLine(region)}, made ${made})`;
  });
  const more = found.length > lines.length ? [`  … and ${found.length - lines.length} more`] : [];
  return ambiguousName(
    `${formatCount(found.length, 'snapshot')} have the name ${oneLine(wanted)}; choose one by its ARN (times are in ${oneLine(zone.name)}):`,
    [...lines, ...more],
  );
}

function* renderExplanation(passages: readonly Passage[], columns: number, colour: boolean): Generator<string> {
  const bold = (text: string): string => (colour ? `\u001b[1m${text.slice(0, -1)}\u001b[0m\n` : text);
  for (const [index, { title, lines, list }] of passages.entries()) {
    if (index > 1) yield '\n';
    yield bold(wrap(title, columns, ''));
    for (const line of lines) {
      if (typeof line !== 'string') yield `    ${line.command}\n`;
      else if (line.startsWith('  ')) yield wrap(line.trim(), columns, '      - ');
      else yield wrap(line, columns, list ? '  - ' : '  ');
    }
  }
}

/** The object that `explain --format json` prints about a snapshot. */
function snapshotJsonOf(
  found: FoundSnapshot,
  item: EvaluatedSnapshot,
  passages: readonly Passage[],
  { outcomes, sameName, unknown }: Recorded,
): ExplainJson {
  return {
    ...explainHead(found),
    type: 'snapshot',
    snapshot: jsonSnapshot(item, { evaluatedAt: found.now, pricing: found.config.pricing }),
    outcomes: outcomes.map(historyJson),
    sameName: sameName.map(historyJson),
    unknown,
    steps: passages.map(({ title, lines }) => ({
      title,
      lines: lines.map((line) => (typeof line === 'string' ? { text: line.trim() } : { command: line.command })),
    })),
  };
}

/** What the history has of a snapshot. */
interface Recorded {
  readonly outcomes: readonly HistoryItem[];
  /** Of other snapshots that had its name. */
  readonly sameName: readonly HistoryItem[];
  readonly unknown: ReturnType<typeof answersOf>;
}

function recordedOf(history: RecordedHistory | null, { arn, name }: Snapshot, inventory: Inventory): Recorded {
  if (history === null) return { outcomes: [], sameName: [], unknown: [] };
  const isOther = ({ entry }: HistoryItem): boolean => entry.name === name && entry.arn !== arn;
  const [outcomes, sameName] = [history.of(arn), history.of(name).filter(isOther)];
  return { outcomes, sameName, unknown: answersOf([...outcomes, ...sameName], inventory, history) };
}

const explainHead = ({ inventory, config, now }: FoundSnapshot) => explainedAt(now, config.zone, inventory.complete);

/** The account as it was decided for one run. */
interface FoundSnapshot {
  readonly inventory: Inventory;
  readonly items: readonly EvaluatedSnapshot[];
  readonly config: Config;
  readonly now: number;
}

const isInventory = (answer: unknown): answer is LiveInventory =>
  typeof answer === 'object' && answer !== null && 'scopes' in answer;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * Prints one snapshot's decision, step by step, and what became of it in runs that did not delete it. Returns whether
 * all that is recorded of it could be read.
 */
async function explainOne(
  found: FoundSnapshot,
  item: EvaluatedSnapshot,
  { options, history }: { readonly options: ExplainOptions; readonly history: RecordedHistory | null },
  terminal: Terminal,
): Promise<boolean> {
  const { inventory, items, config, now } = found;
  const { out, env } = terminal;
  const rules = writtenRules(options.config);
  const whyNot: WhyNot = (rule, subject) => mismatches(rules[rule]?.match ?? { fromAutoSnapshot: false }, subject);
  const arn = item.snapshot.source?.arn ?? null;
  const source = arn === null ? null : inventory.sources(arn);
  const passages = explainSnapshot({ item, items, source, config, now, run: options, whyNot });
  const recorded = recordedOf(history, item.snapshot, inventory);
  if (options.format === 'json')
    await writeOut(out, [`${jsonText(snapshotJsonOf(found, item, passages, recorded), 1)}\n`]);
  else {
    await writeOut(out, renderExplanation(passages, columnsOf(out), out.isTTY === true && !env.NO_COLOR));
    if (history !== null) await writeOut(out, recordedText(recorded, history, config.zone, columnsOf(out)));
  }
  return (
    history === null || !writeGaps(gapsAbout(history.history.gaps, String(item.snapshot.name)), history.run, terminal)
  );
}

/** What the history has of a snapshot, as text. */
function* recordedText(recorded: Recorded, history: RecordedHistory, zone: Zone, columns: number): Generator<string> {
  const { outcomes, sameName, unknown } = recorded;
  const parts = [
    [outcomes, `The history in ${history.where} has it:`],
    [sameName, `The history in ${history.where} has other snapshots, with another ARN, that had this name before:`],
  ] as const;
  for (const [entries, title] of parts) {
    if (entries.length === 0) continue;
    yield* ['\n', wrap(title, columns, ''), '\n'];
    yield* historyText(entries, zone, columns);
  }
  yield* answersText(unknown, columns);
}

/** How many outcomes the history has of the snapshots of a source, and the command that lists them; empty: none. */
function sourceHistoryText(
  { arn, name }: ExplainedSource,
  history: RecordedHistory | null,
  options: ExplainOptions,
): string {
  const { store, stack } = options;
  const wanted = arn ?? name;
  const count = history?.of(wanted).length ?? 0;
  if (history === null || wanted === null || count === 0) return '';
  const place = stack === undefined ? option('--store', store ?? DEFAULT_FOLDER) : option('--stack', stack);
  const command = ownCommand(['history', wanted, ...place], options);
  return `The history in ${history.where} has ${formatCount(count, 'outcome')} of its snapshots: ${command}`;
}

/** Prints a source with a line for each of its snapshots. */
async function explainSource(
  found: FoundSnapshot,
  source: ExplainedSource,
  { options, history }: { readonly options: ExplainOptions; readonly history: RecordedHistory | null },
  { out }: Terminal,
): Promise<void> {
  if (options.format !== 'json') {
    await writeOut(out, sourceText(source, found.config.zone, columnsOf(out)));
    const more = sourceHistoryText(source, history, options);
    if (more !== '') await writeOut(out, ['\n', wrap(more, columnsOf(out), '')]);
    return;
  }
  const view = { evaluatedAt: found.now, pricing: found.config.pricing };
  const json: ExplainJson = {
    ...explainHead(found),
    type: 'source',
    source: sourceJson(source),
    snapshots: source.items.map((item) => jsonSnapshot(item, view)),
  };
  await writeOut(out, [`${jsonText(json, 1)}\n`]);
}

/** Names what of the account was not read. `isWhole`: whether all that is recorded could be read. */
function exitCodeOf(inventory: Inventory, isWhole: boolean, err: Terminal['err']): ExitCode {
  if (inventory.complete) return isWhole ? EXIT.done : EXIT.incomplete;
  writeFailure({ code: 'inventory.incomplete', message: unreadText(inventory) }, err);
  return EXIT.incomplete;
}

/** `explain`: the decision about one snapshot, or about each snapshot of a source, by name or ARN. Read-only. */
export async function explain(wanted: string, given: ExplainOptions, terminal: Terminal): Promise<ExitCode> {
  const { err } = terminal;
  const options = { ...given, profile: await profileToRepeat(given.profile, terminal.env) };
  const config = loadConfig(options.config, warnOn(err));
  const now = options.at?.(config.zone) ?? Date.now();
  const recorded = await readRecorded(options, Date.now(), terminal);
  const live = await readAccount(given, config, terminal).catch((error: unknown) => error);
  if (!isInventory(live)) {
    const unread = { unread: messageOf(live), inventory: null };
    const code = await explainRecorded(recorded, wanted, { now, zone: config.zone, ...unread, ...given }, terminal);
    if (code !== null) return code;
    throw live;
  }
  const hasName = ({ arn, name }: { readonly arn: string | null; readonly name: string | null }): boolean =>
    (wanted.startsWith('arn:') ? arn : name) === wanted;
  const isWanted = (snapshot: Snapshot): boolean => hasName(snapshot);
  const isSnapshot = live.snapshots.some(isWanted);
  const concerned = new Set(
    live.snapshots
      .filter((each) => isWanted(each) || (each.source !== null && hasName(each.source)))
      .map(({ source }) => source?.arn),
  );
  const matters = ({ snapshot }: EvaluatedSnapshot): boolean => concerned.has(snapshot.source?.arn);
  const decided = await decideConfirmed(live, { config, now, everyRule: isSnapshot, matters });
  const { inventory } = decided;
  const { items } = decided.decision;
  const found: FoundSnapshot = { inventory, items, config, now };
  const [item, ...others] = items.filter(({ snapshot }) => isWanted(snapshot)).sort(reportOrder);
  const sources = item === undefined ? findSources(hasName, found) : [];
  const [source] = sources;
  if (others.length > 0 && item !== undefined) throw ambiguous(wanted, [item, ...others], config.zone);
  if (sources.length > 1) throw ambiguousSources(wanted, sources);
  const history = { options, history: recorded };
  if (item !== undefined) return exitCodeOf(inventory, await explainOne(found, item, history, terminal), err);
  if (source !== undefined) {
    await explainSource(found, source, history, terminal);
    return exitCodeOf(inventory, true, err);
  }
  const unread = inventory.complete ? null : unreadText(inventory);
  const question = { now, zone: config.zone, unread, inventory, ...given };
  const code = await explainRecorded(recorded, wanted, question, terminal);
  if (code !== null) return code;
  if (unread === null) throw unknownSnapshot(wanted, inventory);
  writeFailure({ code: 'inventory.incomplete', message: `${oneLine(wanted)} was not found, and ${unread}` }, err);
  return EXIT.incomplete;
}

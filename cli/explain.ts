import { distance } from 'fastest-levenshtein';
import { mismatches } from '../lambda/config/mismatch';
import type { EvaluatedSnapshot, Inventory } from '../lambda/core/report/report-model';
import type { Snapshot } from '../lambda/core/snapshot/snapshot';
import { localMinute } from '../lambda/core/time/period';
import type { Zone } from '../lambda/core/time/zone';
import { RetentionError } from '../lambda/core/util/errors';
import { oneLine } from '../lambda/core/util/safe-text';
import type { WhyNot } from '../lambda/explain/explain-policy-source';
import { explainSnapshot, type Passage } from '../lambda/explain/explain-snapshot';
import { decideConfirmed } from '../lambda/inventory/confirm-sources';
import { formatCount } from '../lambda/render/numbers';
import { wrap } from '../lambda/render/terminal';
import { reportOrder } from '../lambda/reporting/make-report';
import { profileToRepeat } from './credentials';
import { EXIT, type ExitCode } from './exit-codes';
import { loadConfig, warnOn, writtenRules } from './load-config';
import { type AccountOptions, readAccount, unreadText } from './read-account';
import { type Terminal, writeOut } from './terminal';

export interface ExplainOptions extends AccountOptions {
  readonly config?: string;
  /** Epoch milliseconds, by the configured zone. */
  readonly at?: (zone: Zone) => number;
}

const MAX_NEAR = 3;
const MAX_LISTED = 20;

/** Names that may have been meant: those that contain the word, then the nearest, at most a third of whose letters differ. */
function nearNames(word: string, names: readonly string[]): readonly string[] {
  const short = word.slice(0, 300).toLowerCase();
  return [...new Set(names)]
    .map((name) => ({ name, apart: name.toLowerCase().includes(short) ? 0 : distance(short, name.toLowerCase()) }))
    .filter(({ name, apart }) => apart <= Math.max(1, Math.floor(Math.max(short.length, name.length) / 3)))
    .sort((a, b) => a.apart - b.apart || (a.name < b.name ? -1 : 1))
    .slice(0, MAX_NEAR)
    .map(({ name }) => name);
}

function unknown(wanted: string, { snapshots }: Inventory): RetentionError {
  const near = wanted.startsWith('arn:')
    ? []
    : nearNames(
        wanted,
        snapshots.flatMap(({ name }) => name ?? []),
      );
  const meant = near.length === 0 ? '' : `; did you mean ${near.map(oneLine).join(', ')}?`;
  return new RetentionError(
    'explain.unknown',
    `none of the ${formatCount(snapshots.length, 'snapshot')} read is called ${oneLine(wanted)}; expected the name or the ARN of a manual snapshot in the regions and of the kinds that are read${meant}`,
  );
}

function ambiguous(wanted: string, found: readonly EvaluatedSnapshot[], zone: Zone): RetentionError {
  const lines = found.slice(0, MAX_LISTED).map(({ snapshot: { arn, kind, region, createdAt } }) => {
    const made = createdAt === null ? 'not known' : localMinute(createdAt, zone);
    return `  ${oneLine(arn ?? 'without ARN')} (${kind}, ${oneLine(region)}, made ${made})`;
  });
  const more = found.length > lines.length ? [`  … and ${found.length - lines.length} more`] : [];
  return new RetentionError(
    'explain.ambiguous',
    [
      `${found.length} snapshots are called ${oneLine(wanted)}; say which by its ARN (times are in ${oneLine(zone.name)}):`,
      ...lines,
      ...more,
    ].join('\n'),
  );
}

function* render(passages: readonly Passage[], columns: number, colour: boolean): Generator<string> {
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

/** `explain`: the whole story of one snapshot, by its name or its ARN. Read-only. */
export async function explain(wanted: string, options: ExplainOptions, terminal: Terminal): Promise<ExitCode> {
  const { out, err, env } = terminal;
  const config = loadConfig(options.config, warnOn(err));
  const live = await readAccount(options, config, terminal);
  const now = options.at?.(config.zone) ?? Date.now();
  const isWanted = ({ arn, name }: Snapshot): boolean => (wanted.startsWith('arn:') ? arn : name) === wanted;
  const concerned = new Set(live.snapshots.filter(isWanted).map(({ source }) => source?.arn));
  const matters = ({ snapshot }: EvaluatedSnapshot): boolean => concerned.has(snapshot.source?.arn);
  const { inventory, decision } = await decideConfirmed(live, { config, now, everyRule: true, matters });
  const { items } = decision;
  const found = items.filter(({ snapshot }) => isWanted(snapshot)).sort(reportOrder);
  const [item] = found;
  if (item === undefined) {
    if (inventory.complete) throw unknown(wanted, inventory);
    err.write(`error: ${oneLine(wanted)} was not found, and ${unreadText(inventory)} [inventory.incomplete]\n`);
    return EXIT.incomplete;
  }
  if (found.length > 1) throw ambiguous(wanted, found, config.zone);
  const rules = writtenRules(options.config);
  const whyNot: WhyNot = (rule, subject) => mismatches(rules[rule]?.match ?? { fromAutoSnapshot: false }, subject);
  const arn = item.snapshot.source?.arn ?? null;
  const source = arn === null ? null : inventory.sources(arn);
  const columns = Math.max(60, (out.isTTY === true && out.columns) || 100);
  const run = { ...options, profile: await profileToRepeat(options.profile, env) };
  const passages = explainSnapshot({ item, items, source, config, now, run, whyNot });
  await writeOut(out, render(passages, columns, out.isTTY === true && !env.NO_COLOR));
  if (inventory.complete) return EXIT.done;
  err.write(`error: ${unreadText(inventory)} [inventory.incomplete]\n`);
  return EXIT.incomplete;
}

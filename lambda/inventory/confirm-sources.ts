import type { Config } from '../core/policy/config';
import { type Decision, decide } from '../core/policy/decide';
import type { EvaluatedSnapshot, Inventory } from '../core/report/report-model';
import type { Problem, Snapshot, SourceLookup, SourceState } from '../core/snapshot/snapshot';
import type { AbsentSource, InventoryProgress, LiveInventory } from '../ports/ports';

export interface ConfirmOptions {
  readonly config: Config;
  /** The instant of evaluation, epoch milliseconds. */
  readonly now: number;
  /** For a kept snapshot, list also the rules that do not keep it. */
  readonly everyRule?: boolean;
  /** Source ARNs that an earlier report confirmed as gone: not read by name again. A deletion has none. */
  readonly knownGone?: ReadonlySet<string>;
  /** Which expiring snapshots matter; all where absent. */
  readonly matters?: (item: EvaluatedSnapshot) => boolean;
  readonly progress?: ((event: InventoryProgress) => void) | undefined;
}

/** A decision in which nothing expires because its source is missing from a list. */
export interface ConfirmedDecision {
  /** The inventory with the sources that were read by name. */
  readonly inventory: Inventory;
  readonly decision: Decision;
  /** Source ARNs that are confirmed as gone, those that were known before included. */
  readonly confirmedGone: readonly string[];
}

/** The sources of expiring snapshots that are in no list, as far as they are not known by name. */
function absentSources(
  items: readonly EvaluatedSnapshot[],
  sources: SourceLookup,
  isKnown: (arn: string) => boolean,
): ReadonlySet<string> {
  const absent = new Set<string>();
  for (const { verdict, snapshot } of items) {
    const arn = snapshot.source?.arn ?? null;
    if (verdict === 'expire' && arn !== null && !isKnown(arn) && sources(arn).state === 'gone') absent.add(arn);
  }
  return absent;
}

/** The names that snapshots give to some sources. */
function sourcesByName(arns: ReadonlySet<string>, snapshots: readonly Snapshot[]): readonly AbsentSource[] {
  const names = new Map([...arns].map((arn) => [arn, new Set<string>()]));
  for (const { source } of snapshots)
    if (source?.arn != null && source.name !== null) names.get(source.arn)?.add(source.name);
  return [...names].map(([arn, given]) => ({ arn, names: [...given] }));
}

const NO_ANSWER: SourceState = { state: 'unconfirmed', why: 'it was not asked for' };

const unconfirmedProblem = (arn: string, why: string): Problem => ({
  code: 'source.unconfirmed',
  arn,
  message: `the source ${arn} is in no list, and is not confirmed as gone (${why}): its snapshots are kept, because it could have a hold`,
});

function* sourceArns(snapshots: readonly Snapshot[]): Generator<string> {
  for (const { source } of snapshots) if (source?.arn != null) yield source.arn;
}

/**
 * Returns the sources that later reports need not read by name: those confirmed now, and those confirmed before that
 * are still in no list.
 */
function goneOf(
  live: LiveInventory,
  answers: ReadonlyMap<string, SourceState>,
  knownGone: ReadonlySet<string>,
): readonly string[] {
  const gone = new Set([...answers].flatMap(([arn, { state }]) => (state === 'gone' ? [arn] : [])));
  const isStillGone = (arn: string): boolean => knownGone.has(arn) && live.sources(arn).state !== 'exists';
  // Where a list was not read, every source that was known as gone stays known.
  const needed = live.complete ? sourceArns(live.snapshots) : knownGone;
  if (knownGone.size > 0) for (const arn of needed) if (isStillGone(arn)) gone.add(arn);
  return [...gone].sort();
}

function withAnswers(
  inventory: Inventory,
  sources: SourceLookup,
  answers: ReadonlyMap<string, SourceState>,
): Inventory {
  const problems = [...answers].flatMap(([arn, answer]) =>
    answer.state === 'unconfirmed' ? [unconfirmedProblem(arn, answer.why)] : [],
  );
  return { ...inventory, sources, problems: [...inventory.problems, ...problems] };
}

/**
 * Decides with the lists, reads every absent source of an expiring snapshot by name, once, and decides again until no
 * absent source is left. A source that is found exists, with its tags; one without an answer is unknown, and its
 * snapshots are kept.
 */
export async function decideConfirmed(live: LiveInventory, options: ConfirmOptions): Promise<ConfirmedDecision> {
  const { config, now, everyRule = false, knownGone = new Set<string>(), matters, progress } = options;
  const { askSources, ...inventory } = live;
  const answers = new Map<string, SourceState>();
  const sources: SourceLookup = (arn) => answers.get(arn) ?? live.sources(arn);
  const isKnown = (arn: string): boolean => answers.has(arn) || knownGone.has(arn);

  const decideNow = (): Decision => decide({ snapshots: live.snapshots, sources, config, now, everyRule });
  let decision = decideNow();
  for (;;) {
    const items = matters === undefined ? decision.items : decision.items.filter(matters);
    const absent = absentSources(items, sources, isKnown);
    if (absent.size === 0) break;
    progress?.({ event: 'sources', sources: absent.size });
    const found = await askSources(sourcesByName(absent, live.snapshots));
    for (const arn of absent) answers.set(arn, found.get(arn) ?? NO_ANSWER);
    // Absent sources that are gone were decided as such already.
    if ([...absent].some((arn) => answers.get(arn)?.state !== 'gone')) decision = decideNow();
  }
  return {
    inventory: withAnswers(inventory, sources, answers),
    decision,
    confirmedGone: goneOf(live, answers, knownGone),
  };
}

import type { ItemResult, SentDelete } from '../core/plan/outcome';
import { eachOf } from '../ports/each-of';
import type { Store } from '../ports/ports';
import { EARLIER_JOURNAL_NAME, type PlanKey, resultFile, resultFolder } from '../storage/keys';
import { JOURNAL, parseStored } from '../storage/schemas';
import { unreadableRecord, unreadableStored } from './outcome-files';

/** The names of the journals and claims that runs of the first version left of a plan. */
const journalNames = async (store: Store, planId: string): Promise<readonly string[]> =>
  (await store.list(resultFolder(planId))).filter((name) => EARLIER_JOURNAL_NAME.test(name));

/** Whether a run of the first version began a plan. */
export const hasEarlierJournal = async (store: Store, planId: string): Promise<boolean> =>
  (await journalNames(store, planId)).length > 0;

/**
 * Refuses an unfinished plan that the first version began: what its runs sent is in a journal, which no run of this
 * version continues.
 */
export async function refuseEarlierJournal(store: Store, { id }: PlanKey): Promise<void> {
  if (await hasEarlierJournal(store, id))
    throw unreadableRecord(
      `cannot continue the plan: an earlier version began it, and ${store.locate(resultFolder(id))} has its journal; its outcomes are in ${store.locate(resultFile(id))}; make a new plan with a new report, and apply it a day after the last deletion`,
    );
}

/** What the first version recorded of a plan, by ARN. */
export interface EarlierJournal {
  readonly recorded: ReadonlyMap<string, ItemResult>;
  /** Deletes that may have been sent. A run takes back only its own. */
  readonly sent: ReadonlyMap<string, SentDelete>;
}

/** Reads the journals that runs of the first version left of a plan; both parts are empty where there is none. */
export async function readEarlierJournal(store: Store, planId: string): Promise<EarlierJournal> {
  const names = (await journalNames(store, planId)).flatMap((name) => {
    const [, run, number] = /^(\d+)-(\d+)\./.exec(name) ?? [];
    return run === undefined ? [] : [{ name, run: Number(run), number: Number(number) }];
  });
  names.sort((a, b) => a.run - b.run || a.number - b.number);
  const recorded = new Map<string, ItemResult>();
  const runs = new Map<number, Map<string, SentDelete>>();
  const journals = await eachOf(names, async ({ name, run }) => {
    const key = `${resultFolder(planId)}${name}`;
    const journal = parseStored(JOURNAL, await store.get(key));
    if (journal === null) throw unreadableStored(store, key);
    return { run, ...journal };
  });
  for (const { run, entries } of journals) {
    const sent = runs.get(run) ?? new Map<string, SentDelete>();
    runs.set(run, sent);
    for (const entry of entries)
      if ('result' in entry) recorded.set(entry.result.arn, entry.result);
      else if ('sent' in entry) sent.set(entry.sent, { ...entry.facts, at: entry.at });
      else sent.delete(entry.withdrawn);
  }
  return { recorded, sent: new Map([...runs.values()].flatMap((sent) => [...sent])) };
}

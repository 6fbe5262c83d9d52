import type { Store } from '../ports/ports';
import type { RunEnd } from '../render/result-email';
import { jsonObject } from '../storage/json-object';
import { endedFile, type PlanKey } from '../storage/keys';
import { EXECUTION_END, parseStored } from '../storage/schemas';

/** Returns the name of a durable execution: the last but one part of its ARN. */
export const executionName = (arn: string): string => arn.split('/').at(-2) ?? arn;

/** Returns what no other execution has: its name and its id. The name may be given again after some time. */
export const uniqueExecution = (arn: string): string => arn.split('/').slice(-2).join('-');

/**
 * Notes how an execution ended, for the command line that waits for it: nothing else in the bucket shows that one was
 * refused. Each execution has a note of its own, written once, so that the person who started one neither reads the
 * end of another nor compares clocks. Decides nothing about deletes. `run`: the run of the execution, as its approval
 * names it.
 */
export async function noteEnding(
  store: Store,
  { id, digest }: PlanKey,
  { execution, run }: { readonly execution: string; readonly run: string },
  end: RunEnd,
): Promise<void> {
  if (await hasEnded(store, id, execution)) return;
  await store.put(jsonObject(endedFile(id, execution), { digest, run, end }));
}

/** Whether an execution of this name has ended: the same name starts no other one. */
export const hasEnded = async (store: Store, planId: string, execution: string): Promise<boolean> =>
  (await store.get(endedFile(planId, execution))) !== null;

/**
 * Returns how an execution for this plan ended; null while it has not, and for a note of another plan or one that
 * cannot be read.
 */
export async function readEnding(store: Store, { id, digest }: PlanKey, execution: string): Promise<RunEnd | null> {
  const note = parseStored(EXECUTION_END, await store.get(endedFile(id, execution)));
  return note?.digest === digest ? note.end : null;
}

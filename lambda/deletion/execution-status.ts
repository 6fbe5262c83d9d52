import { jsonText } from '../core/util/safe-text';
import type { Store } from '../ports/ports';
import type { RunEnd } from '../render/result-email';
import { resultFolder } from '../storage/keys';

interface PlanRef {
  readonly id: string;
  readonly digest: string;
}

/**
 * Where an execution notes how it ended: of one that was refused, nothing else in the bucket tells. Each has a key of its own, so that whoever
 * started one neither takes the end of another for its own nor compares clocks.
 */
const endingKey = (planId: string, execution: string): string => `${resultFolder(planId)}ended-${execution}.json`;

/** The name of a durable execution: the last but one part of its ARN. */
export const executionName = (arn: string): string => arn.split('/').at(-2) ?? arn;

/** Notes how an execution ended. It is told to whoever waits for it, and decides nothing about what may be deleted. */
export async function noteEnding(store: Store, { id, digest }: PlanRef, execution: string, end: RunEnd): Promise<void> {
  const body = [`${jsonText({ digest, end })}\n`];
  await store.put({ key: endingKey(id, execution), contentType: 'application/json', body });
}

/** Whether an execution of this name has ended: the same name starts none again. */
export const hasEnded = async (store: Store, planId: string, execution: string): Promise<boolean> =>
  (await store.get(endingKey(planId, execution))) !== null;

const STATES: readonly unknown[] = ['finished', 'refused', 'stopped', 'failed'] satisfies readonly RunEnd['state'][];

function isEnd(end: unknown): end is RunEnd {
  if (typeof end !== 'object' || end === null) return false;
  const { state, code, text } = end as Readonly<Record<string, unknown>>;
  return STATES.includes(state) && (state === 'finished' || (typeof code === 'string' && typeof text === 'string'));
}

/** How an execution for this plan ended; null while it has not, and for a note of another plan or one that cannot be read. */
export async function readEnding(store: Store, { id, digest }: PlanRef, execution: string): Promise<RunEnd | null> {
  const text = await store.get(endingKey(id, execution));
  if (text === null) return null;
  try {
    const noted = JSON.parse(text) as { readonly digest?: unknown; readonly end?: unknown } | null;
    return noted !== null && noted.digest === digest && isEnd(noted.end) ? noted.end : null;
  } catch {
    return null;
  }
}

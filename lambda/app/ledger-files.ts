import { RetentionError } from '../core/errors';
import { type ApplyResult, type Facts, type ItemResult, NO_FACTS, OUTCOMES } from '../core/outcome';
import type { Plan } from '../core/plan';
import type { Store } from './ports';
import { refusal } from './refusals';

/** Where what came of a plan stands; its journal and claims lie in the folder of the same name. */
export const resultFile = (planId: string): string => `results/${planId}.json`;
export const resultFolder = (planId: string): string => `results/${planId}/`;

/** All that the journal of a plan says. `lastSign` is the instant (epoch ms) of its newest entry, 0 where it has none. */
export interface Journal {
  readonly recorded: ReadonlyMap<string, ItemResult>;
  readonly sent: ReadonlyMap<string, Facts>;
  readonly lastSign: number;
}

type Members = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Members => typeof value === 'object' && value !== null && !Array.isArray(value);

const isFacts = (value: unknown): value is Facts =>
  isObject(value) &&
  (value.source === null || typeof value.source === 'string') &&
  [value.sizeGb, value.monthlyCostCeiling].every((figure) => figure === null || typeof figure === 'number');

const isItemResult = (value: unknown): value is ItemResult =>
  isObject(value) &&
  ['arn', 'name', 'region', 'createdAt', 'code', 'text', 'at'].every((member) => typeof value[member] === 'string') &&
  OUTCOMES.some((outcome) => outcome === value.outcome);

const isResult = (value: unknown): value is ApplyResult =>
  isObject(value) &&
  value.schemaVersion === 1 &&
  isObject(value.plan) &&
  (value.status === 'finished' || value.status === 'unfinished') &&
  typeof value.startedAt === 'string' &&
  typeof value.updatedAt === 'string' &&
  Array.isArray(value.items) &&
  value.items.every(isItemResult);

/** Parsed JSON; undefined for what is none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// What happened must be known before anything else happens: an unreadable record is never taken for none.
const unreadable = (store: Store, key: string): RetentionError =>
  new RetentionError(
    'result.unreadable',
    'operator',
    `cannot tell what was done already: ${store.locate(key)} is not as it was written; restore it, or make a new plan with a new report`,
  );

/** The stored result of a plan, or null. Refuses plan.altered when it is that of another plan of this id. */
export async function readResult(store: Store, plan: Pick<Plan, 'id' | 'digest'>): Promise<ApplyResult | null> {
  const key = resultFile(plan.id);
  const text = await store.get(key);
  if (text === null) return null;
  const json = parsed(text);
  if (!isResult(json)) throw unreadable(store, key);
  if (json.plan.digest !== plan.digest)
    throw refusal(
      'plan.altered',
      `a plan of the id ${plan.id} with the digest ${json.plan.digest} was applied before, and this one's is ${plan.digest}: make a new plan with a new report`,
    );
  return json;
}

/**
 * Reads the journal of a plan: of one claim, or (null) of all, on top of what the result says. A later word on a snapshot counts. A claim takes
 * back its own intents alone: what a run knows of its deletes says nothing of those of another, which may have been at it at the same time.
 */
export async function readJournal(store: Store, planId: string, claim: number | null, result: ApplyResult | null = null): Promise<Journal> {
  const recorded = new Map((result?.items ?? []).map((item) => [item.arn, item]));
  const intents = new Map<number, Map<string, Facts>>();
  let lastSign = 0;
  const segments = (await store.list(resultFolder(planId)))
    .flatMap((name) => {
      const [, of, number] = /^(\d+)-(\d+)\.json$/.exec(name) ?? [];
      return of === undefined || (claim !== null && Number(of) !== claim) ? [] : [{ name, of: Number(of), number: Number(number) }];
    })
    .sort((a, b) => a.of - b.of || a.number - b.number);
  for (const { name, of } of segments) {
    const own = intents.get(of) ?? new Map<string, Facts>();
    intents.set(of, own);
    const key = `${resultFolder(planId)}${name}`;
    const json = parsed((await store.get(key)) ?? '');
    if (!isObject(json) || !Array.isArray(json.entries)) throw unreadable(store, key);
    for (const entry of json.entries as unknown[]) {
      if (!isObject(entry)) throw unreadable(store, key);
      const { result: item, sent: arn, withdrawn, at, facts } = entry;
      if (isItemResult(item)) {
        recorded.set(item.arn, item);
        lastSign = Math.max(lastSign, Date.parse(item.at));
      } else if (typeof arn === 'string' && typeof at === 'string') {
        own.set(arn, isFacts(facts) ? facts : NO_FACTS);
        lastSign = Math.max(lastSign, Date.parse(at));
      } else if (typeof withdrawn === 'string' && typeof at === 'string') {
        own.delete(withdrawn);
        lastSign = Math.max(lastSign, Date.parse(at));
      } else throw unreadable(store, key);
    }
  }
  const sent = new Map([...intents.values()].flatMap((own) => [...own]));
  for (const arn of recorded.keys()) sent.delete(arn);
  return { recorded, sent, lastSign };
}

import { setTimeout as pause } from 'node:timers/promises';
import { fromEnv } from '@aws-sdk/credential-provider-env';
import { Sha256 } from '@smithy/core/checksum';
import { HttpRequest } from '@smithy/core/protocols';
import { SignatureV4 } from '@smithy/signature-v4';
import { DETAIL_TYPES, EVENT_SOURCE, type RetentionEvent } from '../core/report/retention-event';
import { RetentionError } from '../core/util/errors';
import { jsonText } from '../core/util/safe-text';
import type { PutEvents } from '../ports/event-bus';
import { BRIEF } from './http-limits';

/** The bus, and how it is called. Times in milliseconds. */
export interface EventBusSettings {
  readonly busArn: string;
  readonly region: string;
  /** Replaces the endpoint of the region, for a test. */
  readonly endpoint?: string | undefined;
  /** The time after which events that the bus did not accept are given up. */
  readonly limitMs?: number;
  /** The pause before each further attempt. */
  readonly pausesMs?: readonly number[];
}

/** A report or a deletion waits at most this long for its events. */
const LIMIT_MS = 10_000;
const PAUSES_MS = [200, 1_000, 3_000];

/** PutEvents takes no more entries in one call. */
const MAX_ENTRIES = 10;

const NOT_IN_TIME = 'no time left';

interface Entry {
  readonly Source: string;
  readonly DetailType: string;
  readonly Detail: string;
  readonly EventBusName: string;
}

/** The result of one attempt: what was not accepted, and why. */
interface Refused {
  readonly entries: readonly Entry[];
  readonly why: string;
  /** Whether another attempt may succeed. */
  readonly mayPass: boolean;
}

/** Reads an answer of PutEvents. Its results are in the order of the entries. */
function refusedEntries(entries: readonly Entry[], answer: unknown): Refused | null {
  const { FailedEntryCount, Entries } = answer as {
    readonly FailedEntryCount?: unknown;
    readonly Entries?: readonly { readonly ErrorCode?: string; readonly ErrorMessage?: string }[];
  };
  if (FailedEntryCount === 0) return null;
  const failed = entries.filter((_, index) => Entries?.[index]?.ErrorCode !== undefined);
  const [first] = Entries?.filter(({ ErrorCode }) => ErrorCode !== undefined) ?? [];
  const why = `${first?.ErrorCode ?? 'no result'} (${first?.ErrorMessage ?? 'for any entry'})`;
  // Without a result for each entry, all of them count as refused.
  return { entries: failed.length > 0 ? failed : entries, why, mayPass: true };
}

/** The name and the message of a refused call. */
function errorText(status: number, text: string): string {
  try {
    const { __type, message, Message = message } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    return `${String(__type)} (${String(Message)})`;
  } catch {
    return `status ${status}`;
  }
}

const isTransient = (status: number, text: string): boolean =>
  status >= 500 || status === 429 || /Throttling|RequestLimit|TooManyRequests/.test(text);

/**
 * Puts up to MAX_ENTRIES entries, and those again that the bus did not accept. Returns what it accepted in no attempt;
 * null: it accepted all.
 */
async function putEntries(
  attempt: (entries: readonly Entry[]) => Promise<Refused | null>,
  entries: readonly Entry[],
  pausesMs: readonly number[],
  signal: AbortSignal,
): Promise<Refused | null> {
  let left: Refused = { entries, why: NOT_IN_TIME, mayPass: true };
  for (const ms of [0, ...pausesMs]) {
    if (!left.mayPass) break;
    if (ms > 0) await pause(ms, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    const refused = await attempt(left.entries);
    if (refused === null) return null;
    left = refused;
  }
  return left;
}

/**
 * An EventBridge bus. It makes one signed call of its own, because the client of the service would be a sixth of a
 * function's code. Entries that the bus did not accept are sent again, until its time limit.
 */
export function eventBus({ busArn, region, endpoint, ...times }: EventBusSettings): PutEvents {
  const { limitMs = LIMIT_MS, pausesMs = PAUSES_MS } = times;
  const url = new URL(endpoint ?? `https://events.${region}.amazonaws.com`);
  const signer = new SignatureV4({ service: 'events', region, credentials: fromEnv(), sha256: Sha256 });

  async function attempt(entries: readonly Entry[], signal: AbortSignal): Promise<Refused | null> {
    const body = jsonText({ Entries: entries });
    const request = new HttpRequest({
      method: 'POST',
      protocol: url.protocol,
      hostname: url.hostname,
      path: '/',
      headers: {
        host: url.host,
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'AWSEvents.PutEvents',
      },
      body,
    });
    const { headers } = await signer.sign(request);
    try {
      const limits = AbortSignal.any([signal, AbortSignal.timeout(BRIEF.answer)]);
      const response = await fetch(url, { method: 'POST', headers, body, signal: limits });
      const text = await response.text();
      if (response.ok) return refusedEntries(entries, JSON.parse(text));
      return { entries, why: errorText(response.status, text), mayPass: isTransient(response.status, text) };
    } catch (error) {
      return {
        entries,
        why: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
        mayPass: true,
      };
    }
  }

  return async (events) => {
    const signal = AbortSignal.timeout(limitMs);
    const entries = events.map((event) => entryOf(event, busArn));
    let [accepted, why] = [0, ''];
    for (let from = 0; from < entries.length; from += MAX_ENTRIES) {
      const some = entries.slice(from, from + MAX_ENTRIES);
      const refused = await putEntries((left) => attempt(left, signal), some, pausesMs, signal);
      accepted += some.length - (refused?.entries.length ?? 0);
      why ||= refused?.why ?? '';
      // What is refused for a reason that stays, or has no time left, is refused for all.
      if (refused !== null && (!refused.mayPass || signal.aborted)) break;
    }
    if (accepted === entries.length) return;
    throw new RetentionError(
      'channel.events',
      `cannot put ${entries.length - accepted} of ${entries.length} events on ${busArn}: got ${why}; check that the bus exists and that this role may put events on it`,
    );
  };
}

const entryOf = (event: RetentionEvent, EventBusName: string): Entry => ({
  Source: EVENT_SOURCE,
  DetailType: DETAIL_TYPES[event.type],
  Detail: jsonText(event),
  EventBusName,
});

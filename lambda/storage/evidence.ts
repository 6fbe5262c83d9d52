/**
 * The evidence chain: numbered records, each written only if absent, each with the SHA-256 of the record before. So two
 * writers never continue one record, and a record cannot change without the next one showing it.
 */

import { DAY_MS } from '../core/time/units';
import { RetentionError } from '../core/util/errors';
import { jsonText } from '../core/util/safe-text';
import type { Clock, HashText, Store } from '../ports/ports';
import { EMPTY_RECORD } from './json-object';
import { evidenceName, evidenceNumber } from './keys';
import { EVIDENCE_RECORD, type EvidenceRecord, parseStored } from './schemas';

export interface EvidencePorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly hashText: HashText;
  /** EVIDENCE or LOCAL_EVIDENCE. */
  readonly folder: string;
  /** How many days objects are kept at least; null: they are never removed. */
  readonly keptForDays: number | null;
}

/** The part of the ports that a deployment sets. */
export type EvidenceSettings = Pick<EvidencePorts, 'hashText' | 'keptForDays'>;

/** Where a chain is. */
type EvidencePlace = Pick<EvidencePorts, 'store' | 'folder'>;

/** The newest record of a chain, by which the chain up to it can be verified. */
export interface EvidenceHead {
  readonly number: number;
  /** SHA-256 over the exact bytes of the record. */
  readonly sha256: string;
}

/** What a record says about an object; its number, its time and its link are added when it is written. */
export type EvidenceEntry = Pick<EvidenceRecord, 'kind' | 'ref' | 'sha256'>;

/** Returns a head as e-mails print it: `NUMBER:SHA256`. */
export const headText = ({ number, sha256 }: EvidenceHead): string => `${number}:${sha256}`;

/** Reads a head as `headText` writes it, also as the line `Evidence: …` of an e-mail; null for another text. */
export function parseHead(text: string): EvidenceHead | null {
  const [, digits, sha256] = /^(?:Evidence: *)?([1-9]\d{0,7}):([0-9a-f]{64})$/i.exec(text.trim()) ?? [];
  return digits === undefined || sha256 === undefined ? null : { number: Number(digits), sha256: sha256.toLowerCase() };
}

/** How many names a store lists at once at most. */
const MAX_LISTED_NAMES = 1_000;

/**
 * Returns the number of the last record; 0: there is none. Numbers have no gaps, so the search doubles its steps and
 * then halves them: one list up to 1,000 records, and some ten lists more for each factor of a thousand.
 */
async function lastNumber({ store, folder }: EvidencePlace): Promise<number> {
  let [last, after, step] = [0, 0, MAX_LISTED_NAMES];
  /** No record has a higher number. */
  let most = Number.POSITIVE_INFINITY;
  while (last < most) {
    const { names, more } = await store.listAfter(folder, after === 0 ? '' : evidenceName(after));
    const found = names.map(evidenceNumber).findLast((number) => number !== null) ?? null;
    if (found === null) most = after;
    else if (!more) return found;
    else last = found;
    if (most === Number.POSITIVE_INFINITY) {
      after = last + step;
      step *= 2;
    } else after = most - last <= MAX_LISTED_NAMES ? last : Math.floor((last + most) / 2);
  }
  return last;
}

interface StoredRecord {
  readonly record: EvidenceRecord;
  readonly text: string;
}

/** Reads a record; null: there is none. */
async function readEvidence({ store, folder }: EvidencePlace, number: number): Promise<StoredRecord | null> {
  const key = `${folder}${evidenceName(number)}`;
  const text = await store.get(key);
  if (text === null) return null;
  const record = parseStored(EVIDENCE_RECORD, text);
  if (record?.number === number) return { record, text };
  const wrong = text === '' ? EMPTY_RECORD : 'is not as it was written; keep a copy of it, and restore it';
  throw new RetentionError(
    'evidence.unreadable',
    `cannot continue the evidence chain: ${store.locate(key)} ${wrong}, and run the same again`,
  );
}

/** The records of a chain, the newest first. Throws `evidence.unreadable`. */
export async function* newestEvidence(place: EvidencePlace): AsyncGenerator<EvidenceRecord> {
  for (let number = await lastNumber(place); number > 0; number -= 1) {
    const stored = await readEvidence(place, number);
    if (stored === null) return;
    yield stored.record;
  }
}

const isSameEntry = ({ record }: StoredRecord, { kind, ref, sha256 }: EvidenceEntry): boolean =>
  record.kind === kind && record.ref.key === ref.key && record.sha256 === sha256;

/** Writes a record, with its members in this order and nothing else. */
export function evidenceText({ number, at, kind, ref, sha256, previous }: EvidenceRecord): string {
  const { key, version, keptUntil } = ref;
  const written = { key, ...(version !== undefined && { version }), ...(keptUntil !== undefined && { keptUntil }) };
  return `${jsonText({ schemaVersion: 1, number, at, kind, ref: written, sha256, previous })}\n`;
}

/** Attempts to write one record. Each loss means that another writer has written one. */
const MAX_APPEND_TRIES = 100;

/** Writes a record after `head`, or after those that other writers add meanwhile. Returns the new head. */
async function appendRecord(
  ports: EvidencePorts,
  head: StoredRecord | null,
  entry: EvidenceEntry,
): Promise<StoredRecord> {
  const { store, clock, hashText, folder } = ports;
  let before = head;
  for (let tries = 0; tries < MAX_APPEND_TRIES; tries += 1) {
    // A run that is repeated after a crash finds its own record.
    if (before !== null && isSameEntry(before, entry)) return before;
    const number: number = (before?.record.number ?? 0) + 1;
    const { kind, ref, sha256 } = entry;
    const previous = before === null ? null : hashText(before.text);
    const record: EvidenceRecord = {
      schemaVersion: 1,
      number,
      at: new Date(clock()).toISOString(),
      ...{ kind, ref, sha256, previous },
    };
    const text = evidenceText(record);
    const key = `${folder}${evidenceName(number)}`;
    if (await store.putIfAbsent({ key, contentType: 'application/json', body: [text] })) return { record, text };
    // S3 also refuses a write while another one of the key is under way: then there may be no record yet.
    before = (await readEvidence(ports, number)) ?? before;
  }
  throw new RetentionError(
    'evidence.busy',
    `cannot record ${entry.ref.key}: other runs were faster ${MAX_APPEND_TRIES} times at ${store.locate(folder)}; run the same again`,
  );
}

/**
 * Records objects in order, and returns the head; null: there is no record. A run that is repeated after a crash
 * records nothing twice, unless another run has recorded something meanwhile.
 */
export async function recordEvidence(
  ports: EvidencePorts,
  entries: readonly EvidenceEntry[],
): Promise<EvidenceHead | null> {
  const number = await lastNumber(ports);
  let head = number === 0 ? null : await readEvidence(ports, number);
  const last = entries.at(-1);
  const isRecorded = head !== null && last !== undefined && isSameEntry(head, last);
  if (!isRecorded) for (const entry of entries) head = await appendRecord(ports, head, entry);
  return head === null ? null : { number: head.record.number, sha256: ports.hashText(head.text) };
}

/** An object to record. */
export interface Recordable {
  readonly kind: EvidenceEntry['kind'];
  readonly key: string;
  /** Epoch ms: the object, and all that it lists, was stored at this time or later. */
  readonly since: number;
}

/**
 * Makes the entry of an object from the bytes that are stored, so that also a fault of the way there shows. Throws
 * `evidence.absent` where there is none.
 */
export async function evidenceEntry(
  { store, keptForDays }: EvidencePorts,
  { kind, key, since }: Recordable,
): Promise<EvidenceEntry> {
  const stored = await store.fingerprint(key);
  if (stored === null)
    throw new RetentionError(
      'evidence.absent',
      `cannot record ${store.locate(key)}: there is no such object; expected the ${kind} that this run stored`,
    );
  const { sha256, version } = stored;
  const ref = {
    key,
    ...(version === null ? {} : { version }),
    ...(keptForDays === null ? {} : { keptUntil: new Date(since + keptForDays * DAY_MS).toISOString() }),
  };
  return { kind, ref, sha256 };
}

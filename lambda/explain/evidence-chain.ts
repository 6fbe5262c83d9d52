import { MINUTE_MS } from '../core/time/units';
import { eachOf } from '../ports/each-of';
import type { Digest, HashText, Store } from '../ports/ports';
import { type EvidenceHead, evidenceText, headText } from '../storage/evidence';
import { EVIDENCE_KEYS, evidenceName, evidenceNumber, LOCAL_EVIDENCE } from '../storage/keys';
import { isFailure, type ReadFailure, readOrFailure } from '../storage/read-or-failure';
import { EVIDENCE_RECORD, type EvidenceRecord, parseStored } from '../storage/schemas';

export interface VerifyPorts {
  readonly store: Store;
  readonly hashText: HashText;
  readonly digest: Digest;
  /** EVIDENCE or LOCAL_EVIDENCE. */
  readonly folder: string;
  /** Epoch ms: whether an object was to be kept until now. */
  readonly now: number;
}

/** A defect of a chain: of the record with this number, or of an object that it names. */
export interface BrokenLink {
  readonly number: number;
  readonly fault:
    | 'record.missing'
    | 'record.altered'
    | 'record.unreadable'
    | 'record.inserted'
    | 'record.not-continued'
    | 'chain.empty'
    | 'chain.cut'
    | 'chain.rewritten'
    | 'chain.second'
    | 'object.missing'
    | 'object.altered'
    | 'object.unreadable'
    | 'result.not-approved'
    | 'index.altered'
    | 'index.unreadable'
    | 'index.inserted'
    | 'index.missing';
  /** The place of the record or object. */
  readonly place: string;
  /** One sentence. */
  readonly message: string;
}

interface ReadRecord {
  readonly number: number;
  readonly sha256: string;
  /** Null: it is no record, or names no object of its kind. */
  readonly record: EvidenceRecord | null;
  /** What is wrong with it, in one sentence; null: nothing by itself. */
  readonly problem: string | null;
  readonly isUnreadable?: boolean;
}

/** How far the clocks of two writers may differ: AWS refuses one that is 15 minutes off, either way. */
const MAX_CLOCK_DIFFERENCE_MS = 30 * MINUTE_MS;

/** A chain as it was read. */
export interface ReadChain {
  /** All names in its folder. */
  readonly names: readonly string[];
  readonly read: readonly ReadRecord[];
  /** Why its folder cannot be listed; null: it was. */
  readonly unlisted: ReadFailure | null;
}

/** What is wrong with the day until which an object is kept: an object past it need not be there. */
function keptUntilProblem({ at, ref: { keptUntil } }: EvidenceRecord, folder: string): string | null {
  if (keptUntil === undefined) return null;
  if (folder === LOCAL_EVIDENCE) return 'has a keptUntil, and local results are kept without an end';
  return Date.parse(keptUntil) > Date.parse(at) ? null : 'has a keptUntil before its own time';
}

async function readRecord({ store, folder, hashText }: VerifyPorts, number: number): Promise<ReadRecord | null> {
  const text = await readOrFailure(store.get(`${folder}${evidenceName(number)}`));
  if (text === null) return null;
  if (isFailure(text))
    return {
      ...{ number, sha256: '', record: null, isUnreadable: text.fault === 'unreadable' },
      problem: `the record ${number} cannot be read: ${text.failure}`,
    };
  return { number, sha256: hashText(text), ...parseRecord(number, text, folder) };
}

function parseRecord(number: number, text: string, folder: string): Pick<ReadRecord, 'record' | 'problem'> {
  const record = parseStored(EVIDENCE_RECORD, text);
  const name = `the record ${number}`;
  if (record === null) return { record, problem: `${name} is not as this version writes records` };
  const { kind, ref } = record;
  // Such an object is never read: its key may lead out of the place.
  if (!EVIDENCE_KEYS[kind].test(ref.key))
    return { record: null, problem: `${name} names ${ref.key} as its ${kind}, and no ${kind} has such a key` };
  if (record.number !== number)
    return { record, problem: `${name} has the number ${record.number}: records were moved` };
  const kept = keptUntilProblem(record, folder);
  if (kept !== null) return { record, problem: `${name} ${kept}` };
  const isExact = evidenceText(record) === text;
  return { record, problem: isExact ? null : `${name} is not byte for byte as this version writes records` };
}

/** Reads all records of a chain. */
export async function readChain(ports: VerifyPorts): Promise<ReadChain> {
  const names: string[] = [];
  for (let after = '', isMore = true; isMore; ) {
    const page = await readOrFailure(ports.store.listAfter(ports.folder, after));
    if (isFailure(page)) return { names: [], read: [], unlisted: page };
    names.push(...page.names);
    after = page.names.at(-1) ?? after;
    isMore = page.more && page.names.length > 0;
  }
  const numbers = names.map(evidenceNumber).filter((number) => number !== null);
  const read = await eachOf(numbers, (number) => readRecord(ports, number));
  return { names, read: read.filter((each) => each !== null), unlisted: null };
}

/** Finds the defects of a chain itself, without the objects that it names. */
export class ChainCheck {
  constructor(
    private readonly ports: Pick<VerifyPorts, 'store' | 'folder'>,
    private readonly chain: ReadChain,
  ) {}

  run(expected: EvidenceHead | null): readonly BrokenLink[] {
    const { unlisted } = this.chain;
    if (unlisted !== null) {
      const place = this.ports.store.locate(this.ports.folder);
      return [{ number: 1, fault: `record.${unlisted.fault}`, place, message: unlisted.failure }];
    }
    return [...this.foreign(), ...this.checkRecords(), ...this.checkLinks(), ...this.checkHead(expected)];
  }

  private place(number: number): string {
    return this.ports.store.locate(`${this.ports.folder}${evidenceName(number)}`);
  }

  private foreign(): readonly BrokenLink[] {
    const { store, folder } = this.ports;
    return this.chain.names
      .filter((name) => evidenceNumber(name) === null && !name.startsWith('.'))
      .map((name) => ({
        number: Number.parseInt(name, 10) || 0,
        fault: 'record.inserted' as const,
        place: store.locate(folder + name),
        message: `the file ${name} is no record of the chain`,
      }));
  }

  private checkRecords(): readonly BrokenLink[] {
    const { read } = this.chain;
    let latest = '';
    return read.flatMap(({ number, record, problem, isUnreadable = false }, index) => {
      const broken: BrokenLink[] = [];
      const due = (read[index - 1]?.number ?? 0) + 1;
      if (number > due) {
        const which = number - 1 > due ? `the records ${due} to ${number - 1} are` : `the record ${due} is`;
        const message = `${which} missing`;
        broken.push({ number: due, fault: 'record.missing', place: this.place(due), message });
      }
      const add = (fault: BrokenLink['fault'], message: string): void =>
        void broken.push({ number, fault, place: this.place(number), message });
      if (problem !== null) add(isUnreadable ? 'record.unreadable' : 'record.altered', problem);
      if (record !== null && Date.parse(record.at) < Date.parse(latest) - MAX_CLOCK_DIFFERENCE_MS)
        add('record.altered', `the record ${number} has the time ${record.at}, and a record before it has ${latest}`);
      if (record !== null && record.at > latest) latest = record.at;
      return broken;
    });
  }

  /** Compares each record with the hash that the next one has of it. */
  private checkLinks(): readonly BrokenLink[] {
    const { read } = this.chain;
    return read.flatMap(({ number, record }, index): readonly BrokenLink[] => {
      const before = read[index - 1];
      if (record === null) return [];
      if (number === 1)
        return record.previous === null
          ? []
          : [this.notContinued(1, 'the record 1 names a record before it, and has to be the first')];
      // What one that cannot be read has is not known.
      if (before?.number !== number - 1 || before.sha256 === record.previous || before.isUnreadable) return [];
      return [
        this.notContinued(
          before.number,
          `the record ${before.number} is not the one that the record ${number} continues: one of the two was altered`,
        ),
      ];
    });
  }

  private notContinued(number: number, message: string): BrokenLink {
    return { number, fault: 'record.not-continued', place: this.place(number), message };
  }

  private checkHead(expected: EvidenceHead | null): readonly BrokenLink[] {
    const { store, folder } = this.ports;
    const { read } = this.chain;
    const last = read.at(-1)?.number ?? 0;
    if (expected === null) {
      const message = `the place has no chain: there is no record in ${store.locate(folder)}; none was written there, or the chain was removed`;
      return last > 0 ? [] : [{ number: 1, fault: 'chain.empty', place: store.locate(folder), message }];
    }
    const { number, sha256 } = expected;
    const found = read.find((each) => each.number === number);
    if (found?.sha256 === sha256 || found?.isUnreadable) return [];
    const place = this.place(number);
    if (found !== undefined) {
      const message = `the record ${number} is not the one of ${headText(expected)}: it, or the chain up to it, was written again`;
      return [{ number, fault: 'chain.rewritten', place, message }];
    }
    if (last > number) return [];
    if (last === 0) {
      const message = `the place has no chain, and ${headText(expected)} was its head: all records of ${store.locate(folder)} were removed`;
      return [{ number: 1, fault: 'chain.cut', place, message }];
    }
    const message = `the chain ends with the record ${last}, and ${headText(expected)} was its head: later records were removed`;
    return [{ number: last + 1, fault: 'chain.cut', place, message }];
  }
}

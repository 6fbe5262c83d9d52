import { createHash } from 'node:crypto';
import { splitLines } from '../../lambda/core/util/split-lines';
import type { StoredObject } from '../../lambda/ports/ports';
import type { Process, Reply } from './process';
import type { Simulation } from './simulation';

/** An object as it is in the store. */
export interface Kept {
  readonly text: string;
  /** When it was written by the store's own clock, epoch ms. */
  readonly modifiedAt: number;
  readonly version: number;
}

const LATENCY_MS = 10;
const SLOW_MS = [3_000, 20_000] as const;
/** How long the store takes nothing, ms. */
const DOWN_MS = 120_000;

async function* pieces(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

/** A store that fails: before it writes, after it wrote, or for a while altogether. */
export class FaultyStore {
  readonly objects = new Map<string, Kept>();
  private readonly simulation: Simulation;
  private downUntil = 0;
  private versions = 0;
  constructor(simulation: Simulation) {
    this.simulation = simulation;
  }

  /** Writes without any fault, as somebody else than the code under test would. */
  write(key: string, text: string, modifiedAt = this.simulation.now): void {
    this.versions += 1;
    this.objects.set(key, { text, modifiedAt, version: this.versions });
  }

  textOf(key: string): string | null {
    return this.objects.get(key)?.text ?? null;
  }

  recover(): void {
    this.downUntil = 0;
  }

  /**
   * One call of a process. `fallback`: what a client that asked again finds, where its first write was carried out and
   * the answer was lost.
   */
  call<T>(process: Process, what: string, work: () => T, lost?: (value: T) => T): Promise<T> {
    return process.call(what, LATENCY_MS, (): Reply<T> => {
      const { choices, now } = this.simulation;
      const failed = (): Reply<T> => ({ afterMs: LATENCY_MS, error: new Error(`the store does not answer: ${what}`) });
      if (now < this.downUntil) return failed();
      const choice = choices.choose('store', 5 + SLOW_MS.length);
      if (choice === 0) return { afterMs: LATENCY_MS, value: work() };
      const afterMs = SLOW_MS[choice - 5];
      if (afterMs !== undefined) return { afterMs, value: work() };
      if (choice === 4) {
        const value = work();
        return { afterMs: LATENCY_MS, value: lost === undefined ? value : lost(value) };
      }
      process.note(
        `${what}: the store ${['', 'fails', 'wrote, and its answer is lost', 'is down for 2 minutes'][choice]}`,
      );
      if (choice === 2) work();
      if (choice === 3) this.downUntil = now + DOWN_MS;
      return failed();
    });
  }

  /** The store as one process has it. */
  of(process: Process) {
    const write = ({ key, body }: StoredObject): void => this.write(key, [...body].join(''));
    return {
      locate: (key: string) => `store:${key}`,
      put: (object: StoredObject) => this.call(process, `put ${object.key}`, () => write(object)),
      putIfAbsent: (object: StoredObject) =>
        this.call(
          process,
          `put ${object.key} if absent`,
          () => {
            if (this.objects.has(object.key)) return false;
            write(object);
            return true;
          },
          () => false,
        ),
      replaceIf: (object: StoredObject, version: string) =>
        this.call(
          process,
          `replace ${object.key}`,
          () => {
            if (String(this.objects.get(object.key)?.version) !== version) return false;
            write(object);
            return true;
          },
          () => false,
        ),
      getVersioned: (key: string) =>
        this.call(process, `get ${key} with its version`, () => {
          const kept = this.objects.get(key);
          return kept === undefined ? null : { text: kept.text, version: String(kept.version) };
        }),
      getDated: (key: string) =>
        this.call(process, `get ${key} with its time`, () => {
          const kept = this.objects.get(key);
          return kept === undefined ? null : { text: kept.text, storedAt: Math.floor(kept.modifiedAt), inParts: false };
        }),
      listDeep: (prefix: string) =>
        this.call(process, `list all of ${prefix}`, () => {
          const keys = [...this.objects].filter(([key]) => key.startsWith(prefix));
          return new Map(keys.map(([key, { modifiedAt }]) => [key.slice(prefix.length), Math.floor(modifiedAt)]));
        }),
      listDated: (prefix: string) =>
        this.call(process, `list ${prefix} with times`, () => {
          const dated = this.names(prefix).map(
            (name) => [name, this.objects.get(prefix + name)?.modifiedAt ?? null] as const,
          );
          return new Map(dated.map(([name, at]) => [name, at === null ? null : Math.floor(at)]));
        }),
      get: (key: string) => this.call(process, `get ${key}`, () => this.textOf(key)),
      lines: (key: string) =>
        this.call(process, `read the lines of ${key}`, () => {
          const text = this.textOf(key);
          return text === null ? null : splitLines(pieces(text));
        }),
      list: (prefix: string) => this.call(process, `list ${prefix}`, () => this.names(prefix)),
      listAfter: (prefix: string, after: string) =>
        this.call(process, `list ${prefix} after ${after}`, () => ({
          names: this.names(prefix).filter((name) => name > after),
          more: false,
        })),
      fingerprint: (key: string) =>
        this.call(process, `hash ${key}`, () => {
          const text = this.textOf(key);
          return text === null ? null : { sha256: createHash('sha256').update(text).digest('hex'), version: null };
        }),
    };
  }

  names(prefix: string): readonly string[] {
    const names = [...this.objects.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length).split('/')[0] ?? '');
    return [...new Set(names)].sort();
  }
}

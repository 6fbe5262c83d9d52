/** Bytes of a part. S3 accepts at least 5 MiB for each except the last; an object has at most 10,000 parts. */
const PART_SIZE = 6 * 1024 * 1024;
/** Bytes of memory for an object of a few lines, which most objects are. */
const SMALL = 16 * 1024;

export interface EncodedPart {
  /** Good until the next part is asked for: all parts share one piece of memory. */
  readonly bytes: Uint8Array;
  readonly last: boolean;
}

/** Memory for the parts of one object at a time. */
export interface PartMemory {
  /** Memory of `size` bytes: that which was given back last, if there is some. */
  take(size: number): Uint8Array<ArrayBuffer>;
  giveBack(memory: Uint8Array<ArrayBuffer>): void;
}

/** Makes memory that is used again: several objects in a row take no more than one. */
export function makePartMemory(): PartMemory {
  let spare: Uint8Array<ArrayBuffer> | null = null;
  return {
    take(size) {
      const memory = spare?.length === size ? spare : new Uint8Array(size);
      spare = null;
      return memory;
    },
    giveBack(memory) {
      spare = memory;
    },
  };
}

/**
 * Encodes texts as UTF-8 in parts of nearly `size` bytes; the last one is what is left, and may be empty. Text is never
 * held whole.
 */
export function* encodeParts(
  texts: Iterable<string>,
  parts = makePartMemory(),
  size = PART_SIZE,
): Generator<EncodedPart> {
  const encoder = new TextEncoder();
  let memory = new Uint8Array(Math.min(size, SMALL));
  let used = 0;
  // Each text by itself: joined ones would live long enough to be in the way of the collector.
  for (const text of texts) {
    for (let rest = text; rest !== ''; ) {
      const { read, written } = encoder.encodeInto(rest, memory.subarray(used));
      used += written;
      rest = rest.slice(read);
      if (rest === '') break;
      if (memory.length < size) {
        const larger = parts.take(size);
        larger.set(memory.subarray(0, used));
        memory = larger;
      } else {
        yield { bytes: memory.subarray(0, used), last: false };
        used = 0;
      }
    }
  }
  yield { bytes: memory.subarray(0, used), last: true };
  if (memory.length === size) parts.giveBack(memory);
}

import type { EmulatorFault, FaultOf } from './fault';

/** One call, as faults, hooks and the request log see it. */
export interface Call {
  readonly service: 'lightsail' | 'sns' | 's3' | 'sts' | 'organizations' | 'ce' | 'events';
  /** The account whose credentials sign it. */
  readonly account: string;
  readonly operation: string;
  readonly region: string;
  /** What the call names, if anything. */
  readonly name: string | null;
  readonly body: string;
}

/** The faults that strike one call. */
export interface Struck {
  readonly faults: readonly EmulatorFault[];
  all<Name extends EmulatorFault['fault']>(name: Name): readonly FaultOf<Name>[];
  first<Name extends EmulatorFault['fault']>(name: Name): FaultOf<Name> | undefined;
}

const NO_FAULTS: Struck = { faults: [], all: () => [], first: () => undefined };

/**
 * Whether a text matches any of some patterns, in which `*` stands for any characters. No pattern matches everything.
 */
export function matchesAny(patterns: string | readonly string[] | undefined, text: string | null): boolean {
  if (patterns === undefined) return true;
  if (text === null) return false;
  return [patterns].flat().some((pattern) => {
    const escaped = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${escaped.join('.*')}$`, 's').test(text);
  });
}

/** Small repeatable random numbers in [0, 1): Mulberry32. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Counter {
  seen: number;
  struck: number;
}

/** Counts calls and says which faults strike each. The same calls in the same order are struck alike. */
export function faultEngine(faults: readonly EmulatorFault[], seed: number): (call: Call) => Struck {
  const random = randomOf(seed);
  const counters = faults.map(() => new Map<string, Counter>());
  const buckets = faults.map(() => new Map<string, { tokens: number; at: number }>());

  function strikes(fault: EmulatorFault, index: number, call: Call): boolean {
    if (fault.service !== call.service) return false;
    if (
      !matchesAny(fault.operations, call.operation) ||
      !matchesAny(fault.regions, call.region) ||
      !matchesAny(fault.accounts, call.account) ||
      !matchesAny(fault.names, call.name)
    )
      return false;
    const series = { all: '', region: call.region, call: `${call.region} ${call.operation} ${call.name} ${call.body}` }[
      fault.per
    ];
    const counter = counters[index]?.get(series) ?? { seen: 0, struck: 0 };
    counters[index]?.set(series, counter);
    counter.seen++;
    if (counter.seen <= fault.after || (counter.seen - fault.after) % fault.every !== 0) return false;
    if (fault.times !== undefined && counter.struck >= fault.times) return false;
    if (fault.chance < 1 && random() >= fault.chance) return false;
    if (fault.fault === 'throttle' && !exceeds(fault, index, call.region)) return false;
    counter.struck++;
    return true;
  }

  function exceeds(
    { perSecond, burst = Math.max(1, perSecond ?? 1) }: FaultOf<'throttle'>,
    index: number,
    region: string,
  ): boolean {
    if (perSecond === undefined) return true;
    const now = performance.now();
    const bucket = buckets[index]?.get(region) ?? { tokens: burst, at: now };
    buckets[index]?.set(region, bucket);
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1000) * perSecond);
    bucket.at = now;
    if (bucket.tokens < 1) return true;
    bucket.tokens--;
    return false;
  }

  if (faults.length === 0) return () => NO_FAULTS;
  return (call) => {
    const struck = faults.filter((fault, index) => strikes(fault, index, call));
    if (struck.length === 0) return NO_FAULTS;
    const all = <Name extends EmulatorFault['fault']>(name: Name) =>
      struck.filter((fault): fault is FaultOf<Name> => fault.fault === name);
    return { faults: struck, all, first: (name) => all(name)[0] };
  };
}

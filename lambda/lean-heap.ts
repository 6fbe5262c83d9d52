import { setFlagsFromString } from 'node:v8';

/**
 * Lets the heap grow in small steps and keeps the space for new objects small: a large account is then read and reported on within 256 MB, for
 * more time spent on collecting. There is no limit: what is needed is taken. Call it before anything large is made.
 */
export function keepHeapLean(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--heap-growing-percent=15');
}

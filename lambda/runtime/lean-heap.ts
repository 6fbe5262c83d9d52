import { setFlagsFromString } from 'node:v8';

/**
 * Keeps the space for new objects small and lets the heap grow in small steps: a large account is then read and
 * reported on within 256 MB, for more time spent on collecting. There is no limit: what is needed is taken. Call it
 * before anything large is made.
 */
export function keepHeapLean(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--heap-growing-percent=15');
}

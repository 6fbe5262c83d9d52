import type { ViolationCode } from './oracle';

/**
 * Rules that the code is known to break: no test fails because of them until they are fixed. Empty: every violation
 * fails the tests.
 */
export const KNOWN_FAULTS: ReadonlySet<ViolationCode> = new Set<ViolationCode>();

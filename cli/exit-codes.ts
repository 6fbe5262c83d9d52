/** Exit codes of every command (design section 3). */
export const EXIT = {
  done: 0,
  failure: 1,
  usage: 2,
  incomplete: 3,
  refused: 4,
  someFailed: 5,
  checkFailed: 6,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

import { RetentionError } from '../lambda/core/util/errors';

/** Returns the error for a name that several resources have: a sentence, then a line for each of them. */
export const ambiguousName = (sentence: string, lines: readonly string[]): RetentionError =>
  new RetentionError('explain.ambiguous', [sentence, ...lines].join('\n'));

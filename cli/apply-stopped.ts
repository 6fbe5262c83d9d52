import { RetentionError } from '../lambda/core/util/errors';

/** Returns the failure of a deletion that ended before its plan was finished: snapshots may already be deleted. */
export const applyStopped = (message: string, cause?: unknown): RetentionError =>
  new RetentionError('apply.stopped', message, { cause });

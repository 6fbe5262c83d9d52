import { RetentionError } from '../core/util/errors';

/** Why an object cannot be read, or a folder cannot be listed. */
export interface ReadFailure {
  readonly failure: string;
  /** The file or folder that could not be read, where that is known. */
  readonly path: string | null;
  /** `altered`: something else, for example a pipe, or a link that leads nowhere, is in its place. */
  readonly fault: 'altered' | 'unreadable';
}

/** Errors of S3 where the caller may not read an object or list a folder. */
const DENIED = new Set(['AccessDenied', 'AllAccessDisabled']);

/** Returns what a read of the store answers, or why a file or an object cannot be read. */
export const readOrFailure = async <T>(read: Promise<T>): Promise<T | ReadFailure> => {
  try {
    return await read;
  } catch (error) {
    if (!(error instanceof RetentionError)) throw error;
    const { name = '', path } = (error.cause ?? error) as { readonly name?: string; readonly path?: unknown };
    const failure = { failure: error.message, path: typeof path === 'string' ? path : null };
    if (error.code === 'store.folder')
      return { ...failure, fault: error.cause === undefined ? 'altered' : 'unreadable' };
    if (error.code === 'store.s3' && DENIED.has(name)) return { ...failure, fault: 'unreadable' };
    throw error;
  }
};

export const isFailure = (answer: unknown): answer is ReadFailure =>
  typeof answer === 'object' && answer !== null && 'failure' in answer;

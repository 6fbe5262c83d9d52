import type { CodeIn } from '../lambda/core/util/error-codes';
import { RetentionError } from '../lambda/core/util/errors';

/** Returns the refusal of a property of the construct. */
export const refusedProperty = (property: CodeIn<'props'>, message: string): RetentionError =>
  new RetentionError(`props.${property}`, message);

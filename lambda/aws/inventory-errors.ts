import { RetentionError } from '../core/util/errors';

/** Returns the failure of a list that an answer lacks although it must have one. */
export const absentList = (message: string): RetentionError => new RetentionError('inventory.absent-list', message);

/** Returns the failure of a source list with a row that does not identify its source. */
export const incompleteSource = (message: string): RetentionError => new RetentionError('source.incomplete', message);

/** Returns the failure of a region that Lightsail does not have, or no longer has. */
export const unknownRegion = (message: string): RetentionError => new RetentionError('region.unknown', message);

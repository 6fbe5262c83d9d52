/** The tag that holds a snapshot, for every `tagPrefix`. */
export const HOLD_KEY = 'retention:hold';

/** The prefix of the tag keys where the configuration gives none. */
export const DEFAULT_TAG_PREFIX = 'retention';

/** The prefix of the tags of resources that CloudFormation manages. */
export const CLOUDFORMATION = 'aws:cloudformation:';

/**
 * The beginning of a key that `ignoreTags` may not list, because such keys are always read; null: the key may be
 * listed. With another prefix, the default one has only its hold.
 */
export function ownBeginning(key: string, tagPrefix: string): string | null {
  if (key === HOLD_KEY && tagPrefix !== DEFAULT_TAG_PREFIX) return HOLD_KEY;
  return [`${tagPrefix}:`, CLOUDFORMATION].find((start) => key.startsWith(start)) ?? null;
}

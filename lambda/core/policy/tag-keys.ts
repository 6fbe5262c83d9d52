/** The tag that holds a snapshot, for every `tagPrefix`. */
export const HOLD_KEY = 'retention:hold';

/** The prefix of the tags of resources that CloudFormation manages. */
export const CLOUDFORMATION = 'aws:cloudformation:';

/**
 * The prefix of a key that `ignoreTags` may not list: a retention or CloudFormation key; null: the key may be listed.
 */
export function ownBeginning(key: string, tagPrefix: string): string | null {
  return [`${tagPrefix}:`, 'retention:', CLOUDFORMATION].find((start) => key.startsWith(start)) ?? null;
}

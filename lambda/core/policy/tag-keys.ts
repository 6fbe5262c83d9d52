/** The tag that holds a snapshot, whatever `tagPrefix` is. */
export const HOLD_KEY = 'retention:hold';

/** How the tags begin by which CloudFormation marks what it owns. */
export const CLOUDFORMATION = 'aws:cloudformation:';

/** The beginning of a key that `ignoreTags` may not list, because such keys are ours or hold; null for any other key. */
export function ownBeginning(key: string, tagPrefix: string): string | null {
  return [`${tagPrefix}:`, 'retention:', CLOUDFORMATION].find((start) => key.startsWith(start)) ?? null;
}

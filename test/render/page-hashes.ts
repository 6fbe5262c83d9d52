import { createHash } from 'node:crypto';

/** A source of a content security policy for an inline script or style. */
export const hashOf = (text: string): string => `sha256-${createHash('sha256').update(text).digest('base64')}`;

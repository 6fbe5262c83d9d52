import { randomBytes } from 'node:crypto';
import { compactInstant } from '../core/time/instant';

/** `20261123T080000Z-1a2b3c4d`: sorts by time, and no two runs share one. */
export const newReportId = (at: number): string => `${compactInstant(at)}-${randomBytes(4).toString('hex')}`;

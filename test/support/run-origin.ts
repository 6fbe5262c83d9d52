import type { Approval, RunOrigin } from '../../lambda/core/plan/outcome';

/** The approval of a person whose ARN STS confirmed. */
export const APPROVED: Approval = { kind: 'caller', arn: 'arn:aws:iam::123456789012:user/ann', claimed: false };

/** The origin of a run that a person approved. */
export const ORIGIN: RunOrigin = { approvedBy: APPROVED, report: '20261123T080000Z-1a2b3c4d' };

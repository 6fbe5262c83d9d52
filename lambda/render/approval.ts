import type { Approval } from '../core/plan/outcome';
import { oneLine } from '../core/util/safe-text';
import { formatCount } from './numbers';

const SUBJECTS = {
  caller: { claimed: 'the invoker of the deletion function', confirmed: 'the caller of the command line' },
  dashboard: { claimed: 'a user of the dashboard', confirmed: 'a user of the dashboard' },
} as const;

/** Describes who approved a deletion, and whether that is a claim; on one line. */
export function approvalText(approval: Approval | null): string {
  if (approval === null) return 'not recorded';
  const { kind, arn, claimed, announcedBy = [] } = approval;
  if (kind === 'automatic') {
    if (announcedBy.length === 0) return 'no person: automatic deletion';
    const names = announcedBy.length === 1 ? oneLine(announcedBy[0] ?? '') : rangeText(announcedBy);
    return `no person: automatic deletion, announced by ${formatCount(announcedBy.length, 'report')} (${names})`;
  }
  const subject = SUBJECTS[kind][claimed ? 'claimed' : 'confirmed'];
  // Any invoker of the deletion function can claim that it was the dashboard.
  if (arn === null) return `${subject}${kind === 'dashboard' && claimed ? ' (claimed)' : ''}, ARN not known`;
  return `${oneLine(arn)}, ${subject} (${claimed ? 'claimed' : 'confirmed by STS'})`;
}

/** The first and the last of reports that are listed newest first. */
const rangeText = (newestFirst: readonly string[]): string =>
  `${oneLine(newestFirst.at(-1) ?? '')} to ${oneLine(newestFirst[0] ?? '')}`;

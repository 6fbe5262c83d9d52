import { StackStatus } from '@aws-sdk/client-cloudformation';
import { stackFinding } from '../../cli/doctor-stack-state';

/**
 * What each state of a stack means for a person who waits for a report; written out here, so that a change of it shows
 * in review.
 */
const MEANINGS: Readonly<Record<StackStatus, 'ok' | 'warning' | 'failed'>> = {
  CREATE_COMPLETE: 'ok',
  UPDATE_COMPLETE: 'ok',
  IMPORT_COMPLETE: 'ok',
  UPDATE_COMPLETE_CLEANUP_IN_PROGRESS: 'ok',
  UPDATE_IN_PROGRESS: 'warning',
  IMPORT_IN_PROGRESS: 'warning',
  UPDATE_ROLLBACK_IN_PROGRESS: 'warning',
  IMPORT_ROLLBACK_IN_PROGRESS: 'warning',
  UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS: 'warning',
  UPDATE_ROLLBACK_COMPLETE: 'warning',
  IMPORT_ROLLBACK_COMPLETE: 'warning',
  UPDATE_FAILED: 'failed',
  UPDATE_ROLLBACK_FAILED: 'failed',
  IMPORT_ROLLBACK_FAILED: 'failed',
  REVIEW_IN_PROGRESS: 'failed',
  CREATE_IN_PROGRESS: 'failed',
  CREATE_FAILED: 'failed',
  ROLLBACK_IN_PROGRESS: 'failed',
  ROLLBACK_FAILED: 'failed',
  ROLLBACK_COMPLETE: 'failed',
  DELETE_IN_PROGRESS: 'failed',
  DELETE_COMPLETE: 'failed',
  DELETE_FAILED: 'failed',
};

describe('the state of a stack', () => {
  it.each(Object.values(StackStatus))('is a finding, with a remedy where it is not well: %s', (status) => {
    const finding = stackFinding('Reports in eu-central-1', status);
    expect(finding).toMatchObject({ check: 'stack', state: MEANINGS[status] });
    if (finding.state === 'ok') return;
    expect(finding.message).toContain(`Reports in eu-central-1 is ${status}: `);
    expect(finding.remedy).not.toBe('');
  });

  it.each(['SOMETHING_NEW', 'toString', undefined])('is a failure when it is not known here: %s', (status) => {
    expect(stackFinding('Reports in eu-central-1', status).state).toBe('failed');
  });
});

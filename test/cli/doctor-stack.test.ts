import { type Output, type Stack, StackStatus } from '@aws-sdk/client-cloudformation';
import { judgeStack } from '../../cli/doctor-stack';

/** What each state of a stack means for whoever waits for a report; written out here, so that a change of it shows in review. */
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

const OUTPUTS: readonly Output[] = ['TopicArn', 'BucketName', 'ScheduleName', 'FunctionName'].map((OutputKey) => ({
  OutputKey,
  OutputValue: `the ${OutputKey}`,
}));

const judge = (StackStatus: string | undefined, Outputs: readonly Output[] = OUTPUTS) =>
  judgeStack('Reports', { region: 'eu-central-1' }, { StackName: 'Reports', StackStatus, Outputs: [...Outputs] } as Stack);

describe('the state of a stack', () => {
  it.each(Object.values(StackStatus))('is judged, with a remedy where it is not well: %s', (status) => {
    const { finding, deployment } = judge(status);
    expect(finding).toMatchObject({ check: 'stack', state: MEANINGS[status] });
    if (finding.state !== 'ok') {
      expect(finding.said).toContain(`Reports in eu-central-1 is ${status}: `);
      expect(finding.remedy).not.toBe('');
    }
    expect(deployment?.functionName).toBe('the FunctionName');
  });

  it.each(['SOMETHING_NEW', 'toString', undefined])('is a failure when nobody here knows it: %s', (status) => {
    expect(judge(status).finding.state).toBe('failed');
  });

  it.each(Object.values(StackStatus))('explains why there are no outputs, or it is another stack: %s', (status) => {
    const { finding, deployment } = judge(status, []);
    expect({ state: finding.state, deployment }).toEqual({ state: 'failed', deployment: null });
    expect(finding.said.includes('has no outputs')).toBe(MEANINGS[status] !== 'failed');
  });

  it.each(OUTPUTS.map(({ OutputKey }) => OutputKey))('is no deployment without the output %s', (name) => {
    const without = OUTPUTS.filter(({ OutputKey }) => OutputKey !== name);
    expect(judge('UPDATE_COMPLETE', without)).toMatchObject({ finding: { state: 'failed' }, deployment: null });
  });
});

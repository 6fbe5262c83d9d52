import { CloudFormationClient, DescribeStacksCommand, type Stack, type StackStatus } from '@aws-sdk/client-cloudformation';
import { PATIENT, withLimits } from '../lambda/aws/http-limits';
import type { Caller } from './aws';
import { type Finding, failed, notRead, ok, warning } from './finding';

/** What a deployment says of itself by its outputs. */
export interface Deployment {
  readonly topicArn: string;
  readonly bucket: string;
  readonly scheduleName: string;
  readonly functionName: string;
  /** Digest of the configuration that was deployed; null where an output is missing. */
  readonly configurationDigest: string | null;
}

/** What to do where nothing is deployed. */
export const DEPLOY = 'deploy it: npx cdk deploy -c email=you@example.com';

type Judgement = { readonly state: 'ok' } | { readonly state: 'warning' | 'failed'; readonly means: string; readonly remedy: string };

const fine: Judgement = { state: 'ok' };
const changing = (means: string): Judgement => ({ state: 'warning', means, remedy: 'wait for its end, then run doctor again' });
const earlier: Judgement = {
  state: 'warning',
  means: 'the last deployment failed, and the one before it is in force',
  remedy: 'its events in CloudFormation say what failed; mend it and deploy again',
};
const neverMade: Judgement = {
  state: 'failed',
  means: 'its first deployment failed, so there is nothing',
  remedy: 'its events in CloudFormation say what failed; npx cdk destroy, mend it, and deploy again',
};
const halfway: Judgement = {
  state: 'failed',
  means: 'a deployment stopped halfway, between two versions',
  remedy: 'its events in CloudFormation say what failed; mend it, then deploy again, or continue its rollback there',
};

/** What each state of a stack means for whoever waits for a report. */
const STATES: Readonly<Record<StackStatus, Judgement>> = {
  CREATE_COMPLETE: fine,
  UPDATE_COMPLETE: fine,
  IMPORT_COMPLETE: fine,
  // The new version is in force; what it replaced is being removed.
  UPDATE_COMPLETE_CLEANUP_IN_PROGRESS: fine,
  UPDATE_IN_PROGRESS: changing('it is being changed'),
  IMPORT_IN_PROGRESS: changing('it is being changed'),
  UPDATE_ROLLBACK_IN_PROGRESS: changing('the last deployment failed, and the one before it is coming back'),
  IMPORT_ROLLBACK_IN_PROGRESS: changing('the last change failed, and what was before it is coming back'),
  UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS: earlier,
  UPDATE_ROLLBACK_COMPLETE: earlier,
  IMPORT_ROLLBACK_COMPLETE: earlier,
  UPDATE_FAILED: halfway,
  UPDATE_ROLLBACK_FAILED: halfway,
  IMPORT_ROLLBACK_FAILED: halfway,
  REVIEW_IN_PROGRESS: { state: 'failed', means: 'it was prepared and never deployed', remedy: DEPLOY },
  CREATE_IN_PROGRESS: { state: 'failed', means: 'it is being made', remedy: 'wait for its end, then run doctor again' },
  CREATE_FAILED: neverMade,
  ROLLBACK_IN_PROGRESS: neverMade,
  ROLLBACK_FAILED: neverMade,
  ROLLBACK_COMPLETE: neverMade,
  DELETE_IN_PROGRESS: { state: 'failed', means: 'it is being removed', remedy: `if that was not meant, wait for its end, then ${DEPLOY}` },
  DELETE_COMPLETE: { state: 'failed', means: 'it was removed', remedy: DEPLOY },
  DELETE_FAILED: {
    state: 'failed',
    means: 'it was to be removed, and part of it still stands',
    remedy: `its events in CloudFormation say what stays; npx cdk destroy, then ${DEPLOY}`,
  },
};

const UNKNOWN: Judgement = { state: 'failed', means: 'doctor does not know that state', remedy: 'look at it in CloudFormation' };

/** The state of a stack, as a finding; its outputs, where it has them all. */
export function judgeStack(
  stack: string,
  { region }: Pick<Caller, 'region'>,
  found: Stack,
): { readonly finding: Finding; readonly deployment: Deployment | null } {
  const outputs = new Map((found.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
  const status = found.StackStatus ?? 'unknown';
  const judgement = Object.hasOwn(STATES, status) ? STATES[status as StackStatus] : UNKNOWN;
  const [topicArn, bucket, scheduleName, functionName] = ['TopicArn', 'BucketName', 'ScheduleName', 'FunctionName'].map((name) =>
    outputs.get(name),
  );
  const where = `${stack} in ${region}`;
  if (!topicArn || !bucket || !scheduleName || !functionName) {
    const finding =
      judgement.state === 'failed'
        ? failed('stack', `${where} is ${status}: ${judgement.means}`, judgement.remedy)
        : failed(
            'stack',
            `${where} (${status}) has no outputs TopicArn, BucketName, ScheduleName and FunctionName`,
            'name the stack that has them with --stack NAME, or deploy this version again',
          );
    return { finding, deployment: null };
  }
  const deployment = { topicArn, bucket, scheduleName, functionName, configurationDigest: outputs.get('ConfigurationDigest') ?? null };
  if (judgement.state === 'ok') return { finding: ok('stack', where), deployment };
  const say = judgement.state === 'warning' ? warning : failed;
  return { finding: say('stack', `${where} is ${status}: ${judgement.means}`, judgement.remedy), deployment };
}

/** The deployed stack. Null beside a finding that failed: nothing of it can be looked at. */
export async function findDeployment(
  caller: Caller,
  stack: string,
): Promise<{ readonly finding: Finding; readonly deployment: Deployment | null }> {
  const client = new CloudFormationClient({ ...caller, requestHandler: withLimits(PATIENT) });
  const nothing = (finding: Finding) => ({ finding, deployment: null });
  const absent = () =>
    nothing(failed('stack', `there is no ${stack} in ${caller.region}`, `${DEPLOY}; or name another with --stack NAME and AWS_REGION`));
  try {
    const found = (await client.send(new DescribeStacksCommand({ StackName: stack }))).Stacks?.[0];
    return found === undefined ? absent() : judgeStack(stack, caller, found);
  } catch (error) {
    return error instanceof Error && /does not exist/.test(error.message)
      ? absent()
      : nothing(notRead('stack', error, 'cloudformation:DescribeStacks'));
  } finally {
    client.destroy();
  }
}

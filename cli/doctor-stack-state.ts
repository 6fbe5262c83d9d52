import type { StackStatus } from '@aws-sdk/client-cloudformation';
import { type DoctorFinding, failed, ok, warning } from './finding';

/** What to do where nothing is deployed. */
export const DEPLOY = 'deploy it: npx cdk deploy -c email=you@example.com';

/** What a state of a stack means for reports. */
type Meaning =
  | { readonly state: 'ok' }
  | { readonly state: 'warning' | 'failed'; readonly means: string; readonly remedy: string };

const fineState: Meaning = { state: 'ok' };
const changing = (means: string): Meaning => ({
  state: 'warning',
  means,
  remedy: 'wait until it ends, then run doctor again',
});
const earlier: Meaning = {
  state: 'warning',
  means: 'the last deployment failed, and the one before it is in force',
  remedy: 'its events in CloudFormation say what failed; fix that and deploy again',
};
const neverMade: Meaning = {
  state: 'failed',
  means: 'its first deployment failed, so there is nothing',
  remedy: 'its events in CloudFormation say what failed; npx cdk destroy, fix that, and deploy again',
};
const halfway: Meaning = {
  state: 'failed',
  means: 'a deployment stopped halfway, between two versions',
  remedy: 'its events in CloudFormation say what failed; fix that, then deploy again, or continue its rollback there',
};

/** What each state of a stack means. */
const STATES: Readonly<Record<StackStatus, Meaning>> = {
  CREATE_COMPLETE: fineState,
  UPDATE_COMPLETE: fineState,
  IMPORT_COMPLETE: fineState,
  // The new version is in force; what it replaced is being removed.
  UPDATE_COMPLETE_CLEANUP_IN_PROGRESS: fineState,
  UPDATE_IN_PROGRESS: changing('it is being changed'),
  IMPORT_IN_PROGRESS: changing('it is being changed'),
  UPDATE_ROLLBACK_IN_PROGRESS: changing('the last deployment failed, and the one before it is being restored'),
  IMPORT_ROLLBACK_IN_PROGRESS: changing('the last change failed, and what was before it is being restored'),
  UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS: earlier,
  UPDATE_ROLLBACK_COMPLETE: earlier,
  IMPORT_ROLLBACK_COMPLETE: earlier,
  UPDATE_FAILED: halfway,
  UPDATE_ROLLBACK_FAILED: halfway,
  IMPORT_ROLLBACK_FAILED: halfway,
  REVIEW_IN_PROGRESS: { state: 'failed', means: 'it was prepared and never deployed', remedy: DEPLOY },
  CREATE_IN_PROGRESS: {
    state: 'failed',
    means: 'it is being made',
    remedy: 'wait until it ends, then run doctor again',
  },
  CREATE_FAILED: neverMade,
  ROLLBACK_IN_PROGRESS: neverMade,
  ROLLBACK_FAILED: neverMade,
  ROLLBACK_COMPLETE: neverMade,
  DELETE_IN_PROGRESS: {
    state: 'failed',
    means: 'it is being removed',
    remedy: `if that was not meant, wait until it ends, then ${DEPLOY}`,
  },
  DELETE_COMPLETE: { state: 'failed', means: 'it was removed', remedy: DEPLOY },
  DELETE_FAILED: {
    state: 'failed',
    means: 'its removal failed, and part of it is left',
    remedy: `its events in CloudFormation say what is left; npx cdk destroy, then ${DEPLOY}`,
  },
};

const UNKNOWN: Meaning = {
  state: 'failed',
  means: 'doctor does not know that state',
  remedy: 'check it in CloudFormation',
};

/** The state of a stack as a finding. `where` names the stack for a person. */
export function stackFinding(where: string, status: string | undefined): DoctorFinding {
  const known = status ?? 'unknown';
  const meaning = Object.hasOwn(STATES, known) ? STATES[known as StackStatus] : UNKNOWN;
  if (meaning.state === 'ok') return ok('stack', where);
  const say = meaning.state === 'warning' ? warning : failed;
  return say('stack', `${where} is ${known}: ${meaning.means}`, meaning.remedy);
}

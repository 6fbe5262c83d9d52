import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import type { Context } from 'aws-lambda';
import { type ApproveAnswer, approvePlan } from '../approval/approve-plan';
import { type ApprovalPorts, viewPlan } from '../approval/view-plan';
import { PATIENT, withLimits } from '../aws/http-limits';
import { s3Store } from '../aws/s3-store';
import { notInvoked, startDeletion, startFailureOf } from '../aws/start-deletion';
import { s3ObjectLink } from '../core/report/console-links';
import type { Zone } from '../core/time/zone';
import type { RetentionError } from '../core/util/errors';
import { refusal } from '../deletion/refusals';
import { allowsRaisedCaps } from '../deletion/verify-plan';
import type { Store } from '../ports/ports';
import {
  approvedAnswer,
  notAskedAnswer,
  type PlanState,
  renderApprovalWidget,
  usedAnswer,
} from '../render/approval-widget';
import { digestOf } from '../runtime/digest';
import { parseApprovalEnv } from '../runtime/env';
import { reportFiles } from '../storage/keys';
import { readBundledConfig } from './read-bundled-config';

function bucketOf(environment: NodeJS.ProcessEnv, name: string): Store {
  const forcePathStyle = environment.AWS_ENDPOINT_URL !== undefined || environment.AWS_ENDPOINT_URL_S3 !== undefined;
  return s3Store(new S3Client({ forcePathStyle, requestHandler: withLimits(PATIENT) }), name);
}

function portsOf(environment: NodeJS.ProcessEnv, folder: string, bucket: string, context: Context): ApprovalPorts {
  const config = readBundledConfig(folder);
  return {
    store: bucketOf(environment, bucket),
    clock: Date.now,
    digest: digestOf,
    config,
    account: context.invokedFunctionArn.split(':')[4] ?? null,
    // Both functions are deployed only where a person has to approve.
    allowsRaisedCaps: allowsRaisedCaps('approve', config),
  };
}

/** A widget, and the state that it shows. */
interface Viewed {
  readonly html: string;
  readonly state: PlanState;
}

/** Composes the function of the widget, which shows the newest plan. */
export async function runView(environment: NodeJS.ProcessEnv, folder: string, context: Context): Promise<Viewed> {
  const { bucket, region, target } = parseApprovalEnv(environment, 'approveFunction');
  const ports = portsOf(environment, folder, bucket, context);
  const state = await viewPlan(ports);
  const reportLink = (id: string): string | null => s3ObjectLink(ports.store.locate(reportFiles(id).html), region);
  return {
    html: renderApprovalWidget(state, { zone: ports.config.zone, approveFunction: target, reportLink }),
    state,
  };
}

/** Returns the error of a plan that could not be handed over. */
function notStarted(functionName: string, cause: unknown): RetentionError {
  const { name, message } = cause instanceof Error ? cause : new Error(String(cause));
  return startFailureOf(cause) === 'already-started'
    ? refusal('plan.in-progress', 'a run of it was started in another way; refresh the widget to see its state')
    : notInvoked(functionName, `${name}: ${message}`, cause);
}

/** What an event has led to, and the HTML that says so. */
interface Answered {
  readonly html: string;
  readonly answer: ApproveAnswer;
}

function answerHtml(answer: ApproveAnswer, zone: Zone): string {
  switch (answer.state) {
    case 'approved':
      return approvedAnswer(answer);
    case 'used':
      return usedAnswer(answer.used, zone);
    case 'not-asked':
      return notAskedAnswer();
  }
}

/** Composes the function that approves: an event of the widget's button hands its plan to the deletion function. */
export async function runApprove(
  environment: NodeJS.ProcessEnv,
  folder: string,
  event: unknown,
  context: Context,
): Promise<Answered> {
  const { bucket, target } = parseApprovalEnv(environment, 'deletionFunction');
  const client = new LambdaClient({ requestHandler: withLimits(PATIENT) });
  const ports = portsOf(environment, folder, bucket, context);
  const answer = await approvePlan(
    {
      ...ports,
      startDeletion: (execution, approved) =>
        startDeletion(client, { functionName: target, execution, event: approved }).catch((cause) => {
          throw notStarted(target, cause);
        }),
    },
    event,
  );
  return { html: answerHtml(answer, ports.config.zone), answer };
}

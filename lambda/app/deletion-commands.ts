import type { Store } from './ports';
import { planFile } from './store-report';

interface PlanRef {
  readonly id: string;
  readonly digest: string;
}

/** The alias by which a deletion function is invoked. */
export const ALIAS = 'live';

/** The alias of a function by any of its ARNs, whose qualifier may be a version: one that is replaced by each deployment. */
export const aliasArn = (functionArn: string): string => `${functionArn.split(':').slice(0, 7).join(':')}:${ALIAS}`;

/** The command by which a person approves this plan and no other that may lie there: it shows what will go, and asks for the count. */
export const applyCommand = (store: Pick<Store, 'locate'>, { id, digest }: PlanRef, functionArn: string): string =>
  `npx lightsail-retention apply ${store.locate(planFile(id))} --digest ${digest} --function ${functionArn}`;

/**
 * The same with AWS's own command line. `name` is that of the execution: by default the plan's id, by which it starts once; one that ended
 * goes on under another name alone.
 */
export function invokeCommand(
  { id, digest }: PlanRef,
  functionArn: string,
  name: string = id,
  region = functionArn.split(':')[3] ?? '',
): string {
  const payload = JSON.stringify({ plan: id, digest });
  return `aws lambda invoke --region ${region} --function-name ${functionArn} --invocation-type Event --durable-execution-name ${name} --cli-binary-format raw-in-base64-out --payload '${payload}' /dev/stdout`;
}

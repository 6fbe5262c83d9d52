import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { BRIEF } from '../lambda/aws/http-limits';
import type { Plan } from '../lambda/core/plan/plan';
import { RetentionError } from '../lambda/core/util/errors';
import { oneLine } from '../lambda/core/util/safe-text';
import type { Digest } from '../lambda/ports/ports';
import { deployedSettings } from '../lambda/runtime/env';
import { planFile } from '../lambda/storage/keys';
import { readPlan } from '../lambda/storage/report-history';
import { type Caller, explainAccess } from './aws';
import { BUCKET_EVIDENCE, bucketStore, type PlanPlace } from './plan-place';

/** The bucket of a deployed function, by its environment; null where that cannot be read. */
async function bucketOfFunction(functionName: string, region: string, caller: Caller): Promise<string | null> {
  const { credentials, connection } = caller;
  const client = new LambdaClient({ credentials, region, requestHandler: connection.withLimits(BRIEF) });
  try {
    const answer = await client.send(new GetFunctionConfigurationCommand({ FunctionName: functionName }));
    return deployedSettings(answer.Environment?.Variables ?? {}).bucket;
  } catch (error) {
    const explained = explainAccess(error, caller);
    if (explained !== error) throw explained;
    return null;
  } finally {
    client.destroy();
  }
}

/**
 * Returns the place of a plan file in the bucket of the function that is to apply it. Null: the bucket of the function
 * cannot be read.
 */
export async function placeInBucket(
  id: string,
  file: PlanPlace,
  target: { readonly functionName: string; readonly region: string },
  caller: Caller,
): Promise<PlanPlace | null> {
  const bucket = await bucketOfFunction(target.functionName, target.region, caller);
  if (bucket === null) return null;
  const key = planFile(id);
  return {
    where: `s3://${bucket}/${key}`,
    store: bucketStore(bucket, caller),
    text: file.text,
    key,
    evidence: BUCKET_EVIDENCE,
  };
}

/** Stores a plan, byte for byte, at the key of its place. A plan that is already there stays as it is. */
export async function storePlanFile(plan: Plan, { store, text, key }: PlanPlace, digest: Digest): Promise<void> {
  if (await store.putIfAbsent({ key, contentType: 'application/json', body: [text ?? ''] })) return;
  if (readPlan(await store.get(key), plan.id, digest)?.digest === plan.digest) return;
  throw new RetentionError(
    'plan.id-taken',
    `cannot store the plan: ${oneLine(store.locate(key))} is another plan of this id (expected ${plan.digest}); make a new plan and apply that`,
  );
}

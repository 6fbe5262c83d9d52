import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { checkLedger } from '../lambda/app/ledger';
import { readResult, resultFile } from '../lambda/app/ledger-files';
import { checkCount, checkUnblocked, openPlan } from '../lambda/app/verify-plan';
import { RetentionError } from '../lambda/core/errors';
import { compactInstant } from '../lambda/core/instant';
import type { ApplyResult } from '../lambda/core/outcome';
import type { Plan } from '../lambda/core/plan';
import { digestOf } from '../lambda/digest';
import { renderPlan, renderResultText } from '../lambda/render/result-text';
import { confirmCount } from './ask-count';
import type { Caller } from './aws';
import { EXIT, type ExitCode } from './exit-codes';
import type { PlanPlace } from './plan-place';
import { type Terminal, writeOut } from './terminal';

export interface RemoteOptions {
  /** Name or ARN of the deployed deletion function, with its alias. */
  readonly name: string;
  readonly yes: number | undefined;
  readonly quiet: boolean;
}

const POLL = 5_000;
/** The function says nothing for so long (ms): then waiting ends, not the deletion. */
const SILENCE = 15 * 60_000;

/** Where a function is: an ARN says it, a name means the caller's region. */
const regionOf = (name: string, { region }: Caller): string => /^arn:[\w-]+:lambda:([\w-]+):/.exec(name)?.[1] ?? region;

async function invoke(name: string, execution: string, plan: Plan, caller: Caller): Promise<void> {
  const client = new LambdaClient({ credentials: caller.credentials, region: regionOf(name, caller) });
  try {
    const answer = await client.send(
      new InvokeCommand({
        FunctionName: name,
        InvocationType: 'Event',
        DurableExecutionName: execution,
        Payload: Buffer.from(JSON.stringify({ plan: plan.id, digest: plan.digest })),
      }),
    );
    if (answer.FunctionError !== undefined) throw new Error(answer.FunctionError);
  } catch (cause) {
    const why = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    throw new RetentionError(
      'apply.invoke',
      'aws',
      `cannot hand the plan to ${name}: got ${why}; check the function's name, its region and alias, and the permission lambda:InvokeFunction`,
      { cause },
    );
  } finally {
    client.destroy();
  }
}

/** Waits for the finished result in the plan's bucket; null when nothing was heard for too long. */
async function waitForResult(plan: Plan, { store }: PlanPlace, heard: (result: ApplyResult) => void): Promise<ApplyResult | null> {
  let last = '';
  for (let silent = 0; silent < SILENCE; silent += POLL) {
    const result = await readResult(store, plan);
    if (result?.status === 'finished') return result;
    if (result !== null && result.updatedAt !== last) {
      last = result.updatedAt;
      silent = 0;
      heard(result);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL));
  }
  return null;
}

/** Hands a plan to the deployed function, which verifies all of it again; where the plan lies in a bucket, waits there for the outcome. */
export async function applyRemotely(
  options: RemoteOptions,
  place: PlanPlace,
  caller: Caller,
  terminal: Terminal,
  input: NodeJS.ReadStream,
): Promise<ExitCode> {
  const { out, err } = terminal;
  const columns = Math.max(60, out.columns || 100);
  const plan = openPlan({ ...place, digest: null }, Date.now(), digestOf);
  checkUnblocked(plan);
  await checkLedger({ store: place.store, clock: Date.now, isAlive: () => null }, plan);
  // An execution's name starts it once; a plan that an earlier one left unfinished goes on under another name.
  const begun = (await readResult(place.store, plan)) !== null;
  const execution = begun ? `${plan.id}-${compactInstant(Date.now())}` : plan.id;
  if (options.yes !== undefined) checkCount(plan, options.yes);
  await writeOut(out, renderPlan(plan, columns));
  await confirmCount(plan, options.yes, terminal, input);
  await invoke(options.name, execution, plan, caller);
  err.write(`${options.name} has the plan: it looks at everything again, deletes, and sends the outcome by e-mail\n`);
  if (!place.where.startsWith('s3://')) return EXIT.done;
  const where = place.store.locate(resultFile(plan.id));
  err.write(`waiting for ${where}; Ctrl-C ends the waiting, not the deletion\n`);
  const result = await waitForResult(plan, place, ({ totals }) => {
    if (!options.quiet) err.write(`${totals.requested - totals.open} of ${totals.requested} dealt with\n`);
  });
  if (result === null)
    throw new RetentionError(
      'apply.no-result',
      'aws',
      `nothing was heard of the plan for ${SILENCE / 60_000} minutes: see the e-mail, ${where} and the function's log`,
    );
  await writeOut(out, renderResultText(result, columns));
  return result.totals.failed > 0 ? EXIT.someFailed : EXIT.done;
}

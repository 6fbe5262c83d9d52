import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { folderStore } from '../../cli/folder-store';
import { isRunning, thisProcess } from '../../cli/owner';
import { makeLightsailClients } from '../../lambda/aws/lightsail-client';
import { makeDeleteClients, makeSnapshotDeletion } from '../../lambda/aws/lightsail-deletion';
import { makeReadInventory } from '../../lambda/aws/lightsail-inventory';
import { parseConfig } from '../../lambda/config/parse-config';
import { applyPrepared, prepareApply } from '../../lambda/deletion/apply-plan';
import { RETRY_SETTINGS } from '../../lambda/deletion/backoff';
import { openOutcomes } from '../../lambda/deletion/outcome-store';
import { snapshotKinds } from '../../lambda/kinds/registry';
import { digestOf } from '../../lambda/runtime/digest';
import { ORIGIN } from '../support/run-origin';

/** Calls that change nothing outside of the process. */
const READINGS = /^(?:get|list|lines|read(?:Snapshot|Source|Clock))/;

/**
 * Applies the plan PLAN in a process of its own, and kills it with SIGKILL at the point KILL_AT: before every call to
 * the store and to the service is a point, and after every one that writes. Without reaching it, prints the points
 * that the world outside can tell apart: what follows only
 * readings of the point before it is left out.
 */
async function main(): Promise<void> {
  const { PLAN = '', CONFIG = '', ENDPOINT = '', KILL_AT = '' } = process.env;
  const result = parseConfig(JSON.parse(CONFIG), 'retention.yaml');
  if (!result.ok) throw new Error('the configuration is wrong');
  const { config } = result;
  let points = 0;
  let isChanged = true;
  const distinct: number[] = [];
  const point = (): void => {
    points += 1;
    if (isChanged) distinct.push(points);
    isChanged = false;
    if (points === Number(KILL_AT)) process.kill(process.pid, 'SIGKILL');
  };
  const numbered = <T extends object>(port: T): T =>
    Object.fromEntries(
      Object.entries(port).map(([name, call]) => [
        name,
        typeof call !== 'function' || name === 'locate'
          ? call
          : async (...args: readonly unknown[]) => {
              point();
              const answer = await call(...args);
              // The moment after a reading is the moment before the next call. Reading an operation continues it.
              isChanged ||= !READINGS.test(name);
              if (/^(put|replace|delete)/.test(name)) point();
              return answer;
            },
      ]),
    ) as T;

  const aws = { endpoint: ENDPOINT, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
  const clock = Date.now;
  const readers = makeLightsailClients({ config: aws });
  const kinds = snapshotKinds();
  const deletion = numbered(
    makeSnapshotDeletion({ readers, deleters: makeDeleteClients(aws), kinds, firstRegion: 'us-east-1', clock }),
  );
  const account = '123456789012';
  const readInventory = makeReadInventory({
    clients: readers,
    firstRegion: 'us-east-1',
    account,
    kinds: snapshotKinds,
    clock,
  });
  const outcomePorts = { store: numbered(folderStore(dirname(PLAN))), clock, isAlive: isRunning, owner: thisProcess() };
  const prepared = await prepareApply(
    { clock, monotonic: () => performance.now(), digest: digestOf, readInventory, deletion, outcomes: outcomePorts },
    {
      plan: { text: readFileSync(PLAN, 'utf8'), where: PLAN, digest: null },
      config,
      account,
      count: null,
      deadline: null,
    },
  );
  const outcomes = await openOutcomes(outcomePorts, prepared.plan, ORIGIN);
  const sleep = () => new Promise<void>((resolve) => setImmediate(resolve));
  await applyPrepared(
    { clock, monotonic: () => performance.now(), sleep, deletion, outcomes, retrySettings: RETRY_SETTINGS },
    prepared,
  );
  await outcomes.close();
  process.stdout.write(`${JSON.stringify(distinct)}\n`);
}

void main();

import { type AutoSnapshotDetails, GetAutoSnapshotsCommand, type LightsailClient } from '@aws-sdk/client-lightsail';
import type { AutomaticSnapshots } from '../core/report/report-model';
import type { Problem } from '../core/snapshot/snapshot';
import { unreadablePage } from '../kinds/page';
import type { Source } from '../ports/snapshot-kind';
import { classify, type ErrorClass, errorFacts } from './aws-errors';
import type { Deadline } from './deadline';
import { incompleteSource } from './inventory-errors';
import type { ReadSources } from './source-lists';
import { unreadable } from './walk-pages';

export interface AutomaticCount {
  readonly automatic: readonly AutomaticSnapshots[];
  /** At most one: how many sources could not be asked, and why. */
  readonly problem: Problem | null;
}

/**
 * Errors after which the other sources of the region are not read: they would be denied too, or fail after as many
 * attempts.
 */
const REGION_ENDING_CODES: ReadonlySet<ErrorClass> = new Set(['denied', 'not-set-up', 'throttled', 'transient']);

/** There is none to bill for behind these. */
const NOTHING_THERE: ReadonlySet<string | undefined> = new Set(['Failed', 'NotFound']);

function newestDate(details: readonly AutoSnapshotDetails[]): number | null {
  const instants = details.flatMap(({ createdAt }) =>
    createdAt instanceof Date && !Number.isNaN(createdAt.getTime()) ? [createdAt.getTime()] : [],
  );
  return instants.length === 0 ? null : Math.max(...instants);
}

/**
 * Counts the automatic snapshots of a region's sources, one call each, `atOnce` side by side. Sources without any are
 * left out. Failures are one problem; one that would meet the others too ends the counting.
 */
export async function countAutomatic(
  client: LightsailClient,
  lists: readonly ReadSources[],
  region: string,
  deadline: Deadline,
  atOnce: number,
): Promise<AutomaticCount> {
  const queue = lists.flatMap(({ kind, sources }) => [...sources.values()].map((source) => ({ kind, source })));
  const automatic: AutomaticSnapshots[] = [];
  const failures: unknown[] = [];
  let next = 0;
  let stopped = false;

  const count = async ({ name, arn }: Source): Promise<readonly AutoSnapshotDetails[]> => {
    if (name === null)
      throw incompleteSource(`${arn} was listed without its name, by which automatic snapshots are asked for`);
    deadline.check();
    // Absent where there are none, like every member of an answer.
    const { autoSnapshots = [] } = await client.send(
      new GetAutoSnapshotsCommand({ resourceName: name }),
      deadline.options,
    );
    if (!Array.isArray(autoSnapshots)) throw unreadablePage(`the answer for ${name} has something that is not a list`);
    return autoSnapshots.filter(({ status }) => !NOTHING_THERE.has(status));
  };
  const work = async (): Promise<void> => {
    for (let item = queue[next++]; item !== undefined && !stopped; item = queue[next++]) {
      const { kind, source } = item;
      try {
        const found = await count(source);
        if (found.length === 0) continue;
        automatic.push({
          source: { arn: source.arn, name: source.name, region, kind },
          count: found.length,
          newestAt: newestDate(found),
          addOnEnabled: source.autoSnapshots,
        });
      } catch (error) {
        const explained = unreadable('GetAutoSnapshots', deadline.explain(error));
        const { code } = errorFacts(explained);
        const is = classify(error);
        if (is === 'not-found') continue;
        failures.push(explained);
        if (REGION_ENDING_CODES.has(is) || code === 'deadline') stopped = true;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, queue.length) }, work));
  automatic.sort((a, b) => (String(a.source.arn) < String(b.source.arn) ? -1 : 1));
  const [first] = failures;
  if (first === undefined) return { automatic, problem: null };
  const { code, message } = errorFacts(first);
  const how = stopped ? 'counted only in part, up to the first failure' : 'not all counted';
  const text = `automatic snapshots in ${region} were ${how} (GetAutoSnapshots: ${code}: ${message}); they are never in a plan`;
  return { automatic, problem: { code: 'automatic.unread', arn: null, message: text } };
}

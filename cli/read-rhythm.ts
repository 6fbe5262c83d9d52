import type { Rhythm } from '../lambda/core/policy/schedule';
import { RetentionError } from '../lambda/core/util/errors';
import { oneLine } from '../lambda/core/util/safe-text';
import { readReportFile } from './report-file';

const refuseSource = (message: string): RetentionError => new RetentionError('simulate.source', message);

/**
 * Reads when the snapshots of one source were made out of a stored report. Copies of automatic snapshots are left out:
 * no policy of a source reaches them. Throws `simulate.source` unless one source of the name has two snapshots.
 */
export function readRhythm(file: string, source: string): { readonly rhythm: Rhythm; readonly evaluatedAt: number } {
  const { inventory, evaluatedAt } = readReportFile(file);
  const made = new Map<string, number[]>();
  for (const { source: of, createdAt, fromAutoSnapshot } of inventory.snapshots) {
    if (of?.arn == null || createdAt === null || fromAutoSnapshot || (of.arn !== source && of.name !== source))
      continue;
    const known = made.get(of.arn);
    if (known === undefined) made.set(of.arn, [createdAt]);
    else known.push(createdAt);
  }
  const [instants, ...others] = made.values();
  const named = `the report ${oneLine(file)}`;
  if (instants === undefined)
    throw refuseSource(`${named} has no snapshot of a source "${oneLine(source)}"; expected its name or ARN`);
  if (others.length > 0)
    throw refuseSource(
      `${named} has ${made.size} sources named "${oneLine(source)}"; pass one ARN: ${[...made.keys()].join(', ')}`,
    );
  if (instants.length < 2)
    throw refuseSource(`${named} has one snapshot of "${oneLine(source)}"; a rhythm needs two or more`);
  return {
    rhythm: { instants: instants.sort((a, b) => a - b), text: `at the distances of ${oneLine(source)}` },
    evaluatedAt,
  };
}

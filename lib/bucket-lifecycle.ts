import { Annotations, Stack } from 'aws-cdk-lib';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { bucketResource } from './bucket-identity';
import type { Need } from './lifetime';

/** A rule of a bucket's lifecycle, as far as it can remove a report. */
interface WrittenLifecycleRule {
  readonly status?: unknown;
  readonly prefix?: unknown;
  readonly expirationInDays?: unknown;
  readonly tagFilters?: unknown;
  readonly objectSizeGreaterThan?: unknown;
  readonly objectSizeLessThan?: unknown;
}

/** Whether a rule is for objects of its prefix, whatever their tags and size. */
const isForAll = ({ tagFilters, objectSizeGreaterThan, objectSizeLessThan }: WrittenLifecycleRule): boolean =>
  [tagFilters, objectSizeGreaterThan, objectSizeLessThan].every((each) => each === undefined);

const overlaps = (prefix: string, pattern: string): boolean => {
  const start = pattern.replace(/\*$/, '');
  return prefix.startsWith(start) || start.startsWith(prefix);
};

/**
 * Warns where a bucket that the app makes removes what is needed for longer; looked at when the app is synthesized,
 * when all its rules are there.
 */
export function checkLifecycle(scope: Construct, bucket: IBucket, patterns: readonly string[], least: Need): void {
  const resource = bucketResource(bucket);
  if (resource === null) return;
  scope.node.addValidation({
    validate: () => {
      const { rules = [] } = (Stack.of(resource).resolve(resource.lifecycleConfiguration) ?? {}) as {
        readonly rules?: readonly WrittenLifecycleRule[];
      };
      for (const { status, prefix = '', expirationInDays: days } of rules.filter(isForAll)) {
        if (status !== 'Enabled' || typeof prefix !== 'string' || typeof days !== 'number' || days >= least.days)
          continue;
        const hit = patterns.filter((pattern) => overlaps(prefix, pattern));
        if (hit.length === 0) continue;
        Annotations.of(scope).addWarningV2(
          'lightsail-retention:bucket-lifecycle',
          `bucket: its lifecycle removes ${hit.join(', ')} after ${days} days, expected at least ${least.days}: ${least.why}`,
        );
      }
      return [];
    },
  });
}

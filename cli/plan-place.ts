import { basename, dirname } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import type { Store } from '../lambda/app/ports';
import { type HttpLimits, UPLOADING } from '../lambda/aws/http-limits';
import { s3Store } from '../lambda/aws/s3-store';
import { RetentionError } from '../lambda/core/errors';
import { type Caller, explainAccess } from './aws';
import { folderStore } from './folder-store';

/** A plan's place: the store in which it and its results lie, and its text there (null: there is none). */
export interface PlanPlace {
  readonly where: string;
  readonly store: Store;
  readonly text: string | null;
}

/** Opens the place that PLAN names: a file (results go into `results/` beside it), or `s3://bucket/key` (into the bucket's `results/`). */
export async function openPlace(plan: string, caller: Caller, limits: HttpLimits = UPLOADING): Promise<PlanPlace> {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(plan)) {
    const store = folderStore(dirname(plan));
    return { where: plan, store, text: await store.get(basename(plan)) };
  }
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(plan) ?? [];
  if (bucket === undefined || key === undefined)
    throw new RetentionError(
      'usage.plan',
      'operator',
      `cannot read the plan ${plan}: expected a file, or an address such as s3://bucket/plans/ID.json`,
    );
  const { credentials, region, forcePathStyle, connection } = caller;
  const settings = { credentials, region, forcePathStyle, followRegionRedirects: true, requestHandler: connection.withLimits(limits) };
  const store = s3Store(new S3Client(settings), bucket);
  const text = await store.get(key).catch((error: unknown) => {
    throw explainAccess(error, caller);
  });
  return { where: plan, store, text };
}

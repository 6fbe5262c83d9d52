import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { type HttpLimits, UPLOADING } from '../lambda/aws/http-limits';
import { s3Store } from '../lambda/aws/s3-store';
import { irregularAt } from '../lambda/config/regular-file';
import { RetentionError } from '../lambda/core/util/errors';
import { oneLine } from '../lambda/core/util/safe-text';
import type { Store } from '../lambda/ports/ports';
import type { EvidencePorts } from '../lambda/storage/evidence';
import { DEFAULT_KEPT_DAYS, EVIDENCE, LOCAL_EVIDENCE } from '../lambda/storage/keys';
import { type Caller, explainAccess } from './aws';
import { folderStore, readGiven } from './folder-store';

/** A plan's place: the store in which it and its results lie, and its text there (null: there is none). */
export interface PlanPlace {
  readonly where: string;
  readonly store: Store;
  readonly text: string | null;
  /** The key of the plan in the store. */
  readonly key: string;
  /** The evidence chain of the place. */
  readonly evidence: Pick<EvidencePorts, 'folder' | 'keptForDays'>;
}

/** Files in a folder are never removed. */
const FOLDER_EVIDENCE = { folder: LOCAL_EVIDENCE, keptForDays: null } as const;
/** How long a bucket keeps its objects is not known here: it is the default of a deployment. */
export const BUCKET_EVIDENCE = { folder: EVIDENCE, keptForDays: DEFAULT_KEPT_DAYS } as const;

const unusable = (plan: string, got: string): RetentionError =>
  new RetentionError(
    'usage.plan',
    `cannot read the plan ${plan === '' ? "''" : oneLine(plan)}: got ${got}, expected a file, or an address such as s3://bucket/plans/ID.json`,
  );

/**
 * A path with its links resolved, so that every name of a plan has the same results beside it; as it is where nothing
 * is there.
 */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Returns a bucket as a store, with the credentials and connection of a caller. */
export function bucketStore(
  bucket: string,
  { credentials, region, forcePathStyle, connection }: Caller,
  limits: HttpLimits = UPLOADING,
): Store {
  const requestHandler = connection.withLimits(limits);
  return s3Store(
    new S3Client({ credentials, region, forcePathStyle, followRegionRedirects: true, requestHandler }),
    bucket,
  );
}

/**
 * Opens the place that PLAN names: a file (results go into `results/` beside it), or `s3://bucket/key` (into the
 * bucket's `results/`).
 */
export async function openPlace(plan: string, caller: Caller, limits: HttpLimits = UPLOADING): Promise<PlanPlace> {
  if (plan === '') throw unusable(plan, 'an empty name');
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(plan)) {
    const there = irregularAt(plan);
    if (there !== null) throw unusable(plan, there);
    const file = realPath(plan);
    const text = existsSync(file) ? await readGiven(file) : null;
    return { where: plan, store: folderStore(dirname(file)), text, key: basename(file), evidence: FOLDER_EVIDENCE };
  }
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(plan) ?? [];
  if (bucket === undefined || key === undefined) throw unusable(plan, 'another address');
  const store = bucketStore(bucket, caller, limits);
  const text = await store.get(key).catch((error: unknown) => {
    throw explainAccess(error, caller);
  });
  return { where: plan, store, text, key, evidence: BUCKET_EVIDENCE };
}

import { parseArn } from '../core/snapshot/arn';
import type { Defect, SourceRef } from '../core/snapshot/snapshot';
import { type CommonFields, SnapshotRecord } from '../core/snapshot/snapshot-record';
import type { ListedIn, Source } from '../ports/snapshot-kind';
import type { RawTag, Share } from './interning';
import type { KindFacts } from './kind-metadata';

/** The members that every kind of snapshot has on the wire, each of them optional. */
interface RawSnapshot {
  readonly arn?: string | undefined;
  readonly name?: string | undefined;
  readonly createdAt?: Date | undefined;
  readonly sizeInGb?: number | undefined;
  readonly state?: string | undefined;
  readonly isFromAutoSnapshot?: boolean | undefined;
  readonly supportCode?: string | undefined;
  readonly tags?: readonly RawTag[] | undefined;
}

interface RawSource {
  readonly arn?: string | undefined;
  readonly name?: string | undefined;
  readonly tags?: readonly RawTag[] | undefined;
  readonly addOns?: readonly { readonly name?: string | undefined; readonly status?: string | undefined }[] | undefined;
}

/** A text that says something; null otherwise. */
export const textOf = (value: string | undefined): string | null =>
  typeof value === 'string' && value !== '' ? value : null;

/** A text that need not be there. */
export const optionalText = (value: string | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;

/** Beyond this no disk is: a size in GB that is larger, or negative, is not known. */
const MAX_GB = 10_000_000;

/** A size in GB that can be; null otherwise. */
export const sizeOf = (value: number | undefined): number | null =>
  typeof value === 'number' && value >= 0 && value <= MAX_GB ? value : null;

function readInstant(value: Date | undefined): number | null {
  const instant = value instanceof Date ? value.getTime() : Number.NaN;
  // Zero is what an unset time looks like: nothing can be evaluated by it.
  return Number.isNaN(instant) || instant <= 0 ? null : instant;
}

/** What only some kinds have; absent where the service sends none. */
type Extras = Partial<Pick<CommonFields, 'blueprint' | 'bundle' | 'engine' | 'engineVersion' | 'attachedDisks'>>;

/** Makes a record of a row. What is missing or unreadable becomes null and a defect, never a guess. */
export function makeRecord(
  raw: RawSnapshot,
  source: SourceRef | null,
  facts: KindFacts,
  where: ListedIn,
  share: Share,
  { blueprint, bundle, engine, engineVersion, attachedDisks }: Extras = {},
): SnapshotRecord {
  const arn = textOf(raw.arn);
  const parsed = arn === null ? null : parseArn(arn);
  const name = textOf(raw.name);
  const createdAt = readInstant(raw.createdAt);
  const { tags, defect } = share.tags(raw.tags);
  const common = share.common({
    kind: facts.kind,
    account: parsed === null ? where.account : share.text(parsed.account),
    region: where.region,
    sizeGb: sizeOf(raw.sizeInGb),
    state: textOf(raw.state),
    fromAutoSnapshot: raw.isFromAutoSnapshot != null && raw.isFromAutoSnapshot !== false,
    tags,
    source,
    blueprint,
    bundle,
    engine,
    engineVersion,
    attachedDisks,
  });
  const wellFormed = parsed !== null && parsed.type === facts.snapshotType && parsed.region === where.region;
  const flagged = raw.isFromAutoSnapshot == null || typeof raw.isFromAutoSnapshot === 'boolean';
  const regular = wellFormed && name !== null && createdAt !== null && defect === null && flagged;
  return new SnapshotRecord(common, {
    arn,
    name,
    createdAt,
    supportCode: optionalText(raw.supportCode),
    defects: regular ? undefined : defectsOf(),
  });

  function defectsOf(): readonly Defect[] {
    const missing = [
      ...(name === null ? ['name'] : []),
      ...(arn === null ? ['ARN'] : []),
      ...(createdAt === null ? ['createdAt'] : []),
    ];
    const defects: Defect[] = [];
    if (missing.length > 0)
      defects.push({ code: 'snapshot.incomplete', message: `it came without a readable ${missing.join(', ')}` });
    if (arn !== null && !wellFormed)
      defects.push({
        code: 'snapshot.incomplete',
        message: `its ARN is ${arn}, expected one of a ${facts.snapshotType} in ${where.region}`,
      });
    if (!flagged)
      defects.push({ code: 'snapshot.incomplete', message: 'isFromAutoSnapshot is neither true nor false' });
    if (defect !== null) defects.push(defect);
    return defects;
  }
}

/** A source as a record; automatic snapshots are those of the add-on `AutoSnapshot`. */
export function normalizeSource(raw: RawSource, share: Share): Source {
  const { tags, defect } = share.tags(raw.tags);
  return {
    arn: textOf(raw.arn),
    name: textOf(raw.name),
    tags,
    defect: defect === null ? null : defect.message,
    autoSnapshots: Array.isArray(raw.addOns)
      ? raw.addOns.some((addOn) => addOn?.name === 'AutoSnapshot' && addOn.status === 'Enabled')
      : null,
  };
}

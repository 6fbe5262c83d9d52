import * as z from 'zod/mini';
import type { ListedSource, Scope } from '../core/report/report-model';
import { parseArn } from '../core/snapshot/arn';
import {
  type Defect,
  KINDS,
  type Problem,
  type Snapshot,
  type SourceLookup,
  type SourceState,
  type Tags,
} from '../core/snapshot/snapshot';
import { parseInstant } from '../core/time/instant';
import type { LiveInventory } from '../ports/ports';

/** What a stored report says of the account: enough to evaluate another configuration. */
export interface StoredInventory {
  readonly reportId: string;
  /** Epoch ms. */
  readonly evaluatedAt: number;
  /** Whether it asked every region of the account; false also where it does not say so. */
  readonly allRegions: boolean;
  readonly inventory: LiveInventory;
}

export type ReadReport =
  | { readonly ok: true; readonly stored: StoredInventory }
  | { readonly ok: false; readonly why: string };

const text = z.string();
const maybeText = z.nullable(z.string());
const kind = z.enum(KINDS);
const instantSchema = z
  .string()
  .check(z.refine((value) => parseInstant(value) !== null, 'expected an ISO 8601 instant'));

/** Tags are not read by a record schema, which would lose the key `__proto__`. */
const tags = z.custom<Readonly<Record<string, string | null>>>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((each) => each === null || typeof each === 'string'),
  'expected an object of texts and nulls',
);

const listStatus = z.enum(['read', 'failed', 'disabled', 'denied']);

const scope = z.object({
  account: maybeText,
  region: text,
  kind,
  status: listStatus,
  sources: listStatus,
  pages: z.number(),
  snapshots: z.number(),
  error: z.optional(z.object({ code: text, message: text })),
});

const disk = z.object({ name: maybeText, path: maybeText, sizeGb: z.nullable(z.number()), system: z.boolean() });

const snapshot = z.object({
  arn: maybeText,
  name: maybeText,
  kind,
  account: maybeText,
  region: text,
  createdAt: z.nullable(instantSchema),
  sizeGb: z.nullable(z.number()),
  state: maybeText,
  fromAutoSnapshot: z.boolean(),
  tags,
  supportCode: z.optional(text),
  blueprint: z.optional(text),
  bundle: z.optional(text),
  engine: z.optional(text),
  engineVersion: z.optional(text),
  attachedDisks: z.optional(z.array(disk)),
  source: z.nullable(z.object({ name: maybeText, arn: maybeText, exists: z.nullable(z.boolean()) })),
  reasons: z.array(z.object({ code: text, text })),
});

const source = z.object({
  arn: text,
  name: maybeText,
  kind,
  region: text,
  exists: z.nullable(z.boolean()),
  tags,
});

const problem = z.object({ code: text, arn: maybeText, message: text });

/** The members of a report that an evaluation needs. Others may be there. */
const reportSchema = z.object({
  schemaVersion: z.literal(1),
  reportId: text,
  evaluatedAt: instantSchema,
  complete: z.boolean(),
  // Reports of earlier versions do not say it.
  allRegions: z._default(z.boolean(), false),
  scopes: z.array(scope),
  snapshots: z.array(snapshot),
  sources: z.array(source),
  problems: z.array(problem),
});

type StoredReport = z.infer<typeof reportSchema>;

const tagsOf = (given: Readonly<Record<string, string | null>>): Tags => new Map(Object.entries(given));

const DEFECTS: readonly string[] = ['snapshot.incomplete', 'snapshot.conflict'] satisfies Defect['code'][];

function toSnapshot({
  reasons,
  source: from,
  createdAt,
  tags: given,
  ...rest
}: StoredReport['snapshots'][number]): Snapshot {
  const defects = reasons
    .filter(({ code }) => DEFECTS.includes(code))
    .map(({ code, text: message }) => ({ code, message }) as Defect);
  return {
    ...rest,
    createdAt: createdAt === null ? null : parseInstant(createdAt),
    tags: tagsOf(given),
    source: from === null ? null : { name: from.name, arn: from.arn },
    ...(defects.length > 0 && { defects }),
  };
}

const UNCONFIRMED = /is not confirmed as gone \((.*)\): its snapshots are kept/;

/** Why a source could not be confirmed, by ARN. */
const unconfirmedIn = (problems: readonly Problem[]): ReadonlyMap<string, string> =>
  new Map(
    problems.flatMap(({ code, arn, message }) =>
      code === 'source.unconfirmed' && arn !== null
        ? [[arn, UNCONFIRMED.exec(message)?.[1] ?? 'the report could not confirm it'] as const]
        : [],
    ),
  );

function lookupIn({ sources, problems }: StoredReport): SourceLookup {
  const unconfirmed = unconfirmedIn(problems);
  const states = new Map(
    sources.map(({ arn, name, exists, tags: given, kind: sourceKind }): [string, SourceState] => {
      if (exists === true) return [arn, { state: 'exists', name, tags: tagsOf(given) }];
      if (exists === false) return [arn, { state: 'gone' }];
      const why = unconfirmed.get(arn);
      if (why !== undefined) return [arn, { state: 'unconfirmed', why }];
      const region = parseArn(arn)?.region;
      return [arn, { state: 'unread', list: region === undefined ? null : { region, kind: sourceKind } }];
    }),
  );
  return (arn) => states.get(arn) ?? { state: 'unread', list: null };
}

/** The first error of a schema with its place. */
function firstError(error: z.core.$ZodError): string {
  const [issue] = error.issues;
  const place = issue?.path.map(String).join('.') ?? '';
  return `${place === '' ? 'the file' : place}: ${issue?.message ?? 'not as expected'}`;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Reads the account out of a JSON report. Sources that were absent when the report was made count as gone: nothing can
 * be asked offline. Problems of the lists are kept; those of tags are found again by each evaluation.
 */
export function readStoredReport(json: unknown): ReadReport {
  if (isObject(json) && json.schemaVersion === 1 && Array.isArray(json.snapshots) && json.sources === undefined)
    return { ok: false, why: 'it has no list of sources, because an earlier version made it; make a new report' };
  const parsed = reportSchema.safeParse(json);
  if (!parsed.success) return { ok: false, why: `it is not a JSON report of this tool (${firstError(parsed.error)})` };
  const report = parsed.data;
  const account = report.scopes[0]?.account ?? null;
  const sourceList = report.sources
    .filter(({ exists }) => exists === true)
    .map(({ arn, name, region, kind: sourceKind }): ListedSource => ({ arn, name, region, kind: sourceKind }));
  return {
    ok: true,
    stored: {
      reportId: report.reportId,
      evaluatedAt: parseInstant(report.evaluatedAt) ?? 0,
      allRegions: report.allRegions,
      inventory: {
        account,
        complete: report.complete,
        scopes: report.scopes as readonly Scope[],
        snapshots: report.snapshots.map(toSnapshot),
        sources: lookupIn(report),
        sourceList,
        problems: [],
        automatic: [],
        askSources: async (asked) => new Map(asked.map(({ arn }) => [arn, { state: 'gone' as const }])),
      },
    },
  };
}

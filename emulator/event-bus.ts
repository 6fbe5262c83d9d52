import { randomUUID } from 'node:crypto';
import { matchesAny, type Struck } from './faults';
import { ServiceRefusal } from './service-error';

/** An event that a bus accepted. */
export interface ReceivedEvent {
  readonly id: string;
  /** The name or ARN as the entry has it; `default` where it has none. */
  readonly bus: string;
  readonly source: string;
  readonly detailType: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly region: string;
  /** Epoch milliseconds by the emulator's clock. */
  readonly at: number;
}

type Entry = Readonly<Record<string, unknown>>;
type EntryResult = { readonly EventId: string } | { readonly ErrorCode: string; readonly ErrorMessage: string };

const MAX_ENTRIES = 10;
const MAX_ENTRIES_BYTES = 1_048_576;
const MAX_DETAIL_TYPE = 128;

const invalidEvents = (message: string) => new ServiceRefusal({ code: 'ValidationException', message });

function entriesOf(input: Entry): readonly Entry[] {
  const { Entries: entries } = input;
  if (!Array.isArray(entries) || entries.length < 1 || entries.length > MAX_ENTRIES)
    throw invalidEvents(
      `1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length between 1 and ${MAX_ENTRIES}`,
    );
  const bytes = entries
    .flatMap(({ Source, DetailType, Detail }: Entry) => [Source, DetailType, Detail])
    .reduce<number>((sum, text) => sum + Buffer.byteLength(String(text ?? '')), 0);
  if (bytes > MAX_ENTRIES_BYTES) throw invalidEvents(`Total size of the entries in the request is over the limit.`);
  return entries;
}

function detailOf(text: unknown): ReceivedEvent['detail'] | null {
  try {
    const value: unknown = JSON.parse(String(text));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}

const missing = (name: string): EntryResult => ({
  ErrorCode: 'InvalidArgument',
  ErrorMessage: `Parameter ${name} is not valid. Reason: ${name} is a required argument.`,
});

/** The error of an entry that the service refuses; null: it accepts it. */
function refusedEntry({ Source: source, DetailType: detailType, Detail: detail }: Entry): EntryResult | null {
  if (typeof source !== 'string' || source === '') return missing('Source');
  if (typeof detailType !== 'string' || detailType === '') return missing('DetailType');
  if (typeof detail !== 'string' || detail === '') return missing('Detail');
  if (source.startsWith('aws.'))
    return { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' };
  if (detailType.length > MAX_DETAIL_TYPE)
    return { ErrorCode: 'InvalidArgument', ErrorMessage: 'Parameter DetailType is not valid. Reason: it is too long.' };
  return detailOf(detail) === null ? { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' } : null;
}

/** Carries out one call of EventBridge (AWS JSON 1.1) and returns its JSON. */
export function answerEventBus(
  operation: string,
  input: Entry,
  world: {
    readonly struck: Struck;
    readonly region: string;
    readonly receive: (event: ReceivedEvent) => void;
    readonly now: () => number;
  },
): string {
  if (operation !== 'PutEvents')
    throw new ServiceRefusal({ code: 'UnknownOperationException', message: `${operation} is not known here.` });
  const faults = world.struck.all('entries');
  const results = entriesOf(input).map((entry): EntryResult => {
    const detailType = String(entry.DetailType);
    const fault = faults.find(({ detailTypes }) => matchesAny(detailTypes, detailType));
    if (fault) return { ErrorCode: fault.code, ErrorMessage: fault.message };
    const refused = refusedEntry(entry);
    if (refused !== null) return refused;
    const EventId = randomUUID();
    world.receive({
      ...{ id: EventId, bus: String(entry.EventBusName ?? 'default'), source: String(entry.Source), detailType },
      ...{ detail: detailOf(entry.Detail) ?? {}, region: world.region, at: world.now() },
    });
    return { EventId };
  });
  const FailedEntryCount = results.filter((result) => 'ErrorCode' in result).length;
  return JSON.stringify({ FailedEntryCount, Entries: results });
}

import type { AccountGlobs } from '../core/policy/config';
import type { MemberAccount } from '../core/policy/policy';
import type { FollowedRollUp } from '../core/report/account-changes';
import type { RollUpAccount } from '../core/report/roll-up';
import { instantOfId } from '../core/time/instant';
import { RetentionError } from '../core/util/errors';
import { jsonText } from '../core/util/safe-text';
import type { DurableBatches } from '../ports/durable-steps';
import type { EventsSent } from '../ports/event-bus';
import type { Clock, Store } from '../ports/ports';
import { withTimeout } from '../ports/with-timeout';
import { type EvidenceSettings, evidenceEntry, headText, recordEvidence } from '../storage/evidence';
import { accountsFile, batchFile, EVIDENCE, REPORTS, summaryFile } from '../storage/keys';
import { ACCOUNT_LIST, BATCH_ROWS, parseStored, SUMMARY } from '../storage/schemas';
import { followAccounts, missedAccounts } from './follow-accounts';
import type { ReadAccountsSpend } from './read-accounts-spend';
import { makeRollUp, unreadAccount } from './roll-up';
import { type AccountSelection, type ListedAccount, requireSelected, selectAccounts } from './select-accounts';

/** Accounts of one invocation: 5,000 accounts are 200 durable operations. */
export const BATCH_SIZE = 25;

/** Batches at the same time. */
const BATCHES_AT_ONCE = 10;

/** Earlier reports that are searched for a roll-up to compare with. */
const MAX_EARLIER = 5;

/** How long (ms) recording a roll-up may take. */
const RECORD_TIMEOUT_MS = 60_000;

/** Which accounts one invocation reads: its part of the list of the report. */
export interface BatchEvent {
  readonly reportId: string;
  readonly batch: number;
}

type RollUpDelivery = 'sent' | 'already-sent' | 'switched-off';

/** What the report of an organization needs. */
export interface OrganizationPorts {
  readonly clock: Clock;
  readonly store: Store;
  readonly newReportId: (at: number) => string;
  /** The scheduled time by which a run is idempotent; null for an event that is handled as a run by hand. */
  readonly runSchedule: (scheduledAt: number | null, now: number) => number | null;
  readonly listAccounts: () => Promise<readonly ListedAccount[]>;
  /** Whether a text matches a glob. */
  readonly matches: (glob: string, text: string) => boolean;
  /** Whether the report of this scheduled time was sent. */
  readonly wasSent: (scheduledAt: number) => Promise<boolean>;
  /** Reads the bill of the accounts; absent: it is not to be read. */
  readonly readSpend?: ReadAccountsSpend;
  /** Absent: nothing is recorded in the evidence chain. */
  readonly evidence?: EvidenceSettings;
  /** Stores the files of a roll-up that people read. */
  readonly storeViews: (rollUp: FollowedRollUp) => Promise<void>;
  /** Sends a roll-up, once for each scheduled time. */
  readonly send: (
    rollUp: FollowedRollUp,
    scheduledAt: number | null,
    evidenceHead: string | null | undefined,
  ) => Promise<RollUpDelivery>;
  /** Puts the events of a roll-up on a bus; never rejects. Absent: none are sent. */
  readonly announce?: (rollUp: FollowedRollUp, email: Exclude<RollUpDelivery, 'already-sent'>) => Promise<EventsSent>;
}

export interface OrganizationRequest {
  /** The scheduled time of the event (epoch ms); null: a run by hand, which always sends. */
  readonly scheduledAt: number | null;
  readonly accounts: AccountGlobs;
  /** The tag by which costs are told. */
  readonly costTag?: string | undefined;
  /** The name of the function that reads a batch. */
  readonly batchFunction: string;
}

/** The result of a run; without numbers where a duplicate delivery found the report sent. */
export type OrganizationResult =
  | { readonly delivery: 'already-sent' }
  | (Counts & Partial<EventsSent> & { readonly reportId: string; readonly delivery: RollUpDelivery });

/** What a run measures. */
interface Counts {
  readonly accounts: number;
  readonly accountsUnread: number;
  readonly accountsMissed: number;
  readonly batchesFailed: number;
  readonly complete: boolean;
  readonly incomplete: boolean;
  readonly snapshots: number;
  readonly expiring: number;
  readonly held: number;
  readonly problems: number;
  readonly sizeGb: number;
  readonly monthlyCostCeiling: number;
  /** Patterns that match no account; absent: none. */
  readonly warnings?: readonly string[];
  readonly seconds: number;
}

const missing = (store: Store, key: string): RetentionError =>
  new RetentionError(
    'organization.stored',
    `cannot read ${store.locate(key)}: got nothing, or not what this version writes; make a report again`,
  );

async function putJson(store: Store, key: string, value: unknown): Promise<void> {
  // A try before may have written it, and its answer been lost.
  await store.putIfAbsent({ key, contentType: 'application/json', body: [`${jsonText(value)}\n`] });
}

/** Reads the accounts of a report. Throws `organization.stored` where they are not there. */
export async function readAccounts(store: Store, reportId: string): Promise<Omit<AccountSelection, 'excluded'>> {
  const key = accountsFile(reportId);
  const list = parseStored(ACCOUNT_LIST, await store.get(key));
  if (list === null) throw missing(store, key);
  return list;
}

/** The accounts of one batch. */
export const accountsOfBatch = <T>(selected: readonly T[], batch: number): readonly T[] =>
  selected.slice(batch * BATCH_SIZE, (batch + 1) * BATCH_SIZE);

/** Stores what a batch has read. */
export const storeBatch = (store: Store, { reportId, batch }: BatchEvent, accounts: readonly RollUpAccount[]) =>
  putJson(store, batchFile(reportId, batch), { schemaVersion: 1, accounts });

/** Lists and selects the accounts, and stores them. Returns how many are to be read. */
async function listBatches(
  { store, listAccounts, matches }: OrganizationPorts,
  { accounts }: OrganizationRequest,
  reportId: string,
): Promise<number> {
  const selection = selectAccounts(await listAccounts(), accounts, matches);
  requireSelected(selection, accounts);
  const { selected, notActive, warnings } = selection;
  await putJson(store, accountsFile(reportId), { schemaVersion: 1, selected, notActive, warnings });
  // A try before may have stored another list: that one is read.
  const stored = await readAccounts(store, reportId);
  return Math.ceil(stored.selected.length / BATCH_SIZE);
}

/** The accounts of a batch, all failed where the batch has: nothing is known of them. */
async function rowsOfBatch(
  store: Store,
  { reportId, batch }: BatchEvent,
  accounts: readonly MemberAccount[],
  failure: string | null,
): Promise<readonly RollUpAccount[]> {
  const stored = failure === null ? parseStored(BATCH_ROWS, await store.get(batchFile(reportId, batch))) : null;
  const rows = new Map(stored?.accounts.map((row) => [row.id, row]));
  const message = failure ?? 'the batch of the account left no result';
  return accounts.map(
    (account) => rows.get(account.id) ?? unreadAccount(account, 'failed', { code: 'organization.batch', message }),
  );
}

/** Returns the newest earlier roll-up; null where there is none that can be read. */
async function previousRollUp(store: Store, reportId: string): Promise<FollowedRollUp | null> {
  const ids = (await store.list(REPORTS)).filter(
    (id) => instantOfId(id) !== null && id.slice(0, 16) < reportId.slice(0, 16),
  );
  for (const id of [...ids].reverse().slice(0, MAX_EARLIER)) {
    const summary = parseStored(SUMMARY, await store.get(summaryFile(id)));
    if (summary !== null) return summary;
  }
  return null;
}

/** Makes the roll-up of what the batches have read, and stores it. */
async function rollUpAccounts(
  { clock, store, storeViews, readSpend }: OrganizationPorts,
  { costTag }: OrganizationRequest,
  reportId: string,
  failures: readonly (string | null)[],
): Promise<FollowedRollUp> {
  const { selected, notActive, warnings } = await readAccounts(store, reportId);
  const rows: RollUpAccount[] = notActive.map((account) =>
    unreadAccount(account, 'not-active', {
      code: 'organization.not-active',
      message: `the organization lists the account as ${account.state ?? 'not active'}`,
    }),
  );
  for (const [batch, failure] of failures.entries())
    rows.push(...(await rowsOfBatch(store, { reportId, batch }, accountsOfBatch(selected, batch), failure)));
  const bill = (await readSpend?.(rows, clock())) ?? { spend: null };
  const made = {
    ...makeRollUp(reportId, rows, { ...bill, costTag }),
    ...(warnings.length > 0 && { warnings }),
  };
  const rollUp = followAccounts(made, await previousRollUp(store, reportId));
  await storeViews(rollUp);
  // Last: a report without it is not finished.
  await putJson(store, summaryFile(reportId), rollUp);
  return rollUp;
}

/** Whether a roll-up is recorded: the head of the chain then, or why it is not. */
type Recorded = { readonly head?: string; readonly failure?: string };

/** Records a stored roll-up. A failure is data: the report is still to be sent. */
async function recordRollUp(
  { store, clock, evidence }: OrganizationPorts,
  reportId: string,
  since: number,
): Promise<Recorded> {
  if (evidence === undefined) return {};
  const ports = { ...evidence, store, clock, folder: EVIDENCE };
  const { value, failure } = await withTimeout('record the report', RECORD_TIMEOUT_MS, async () =>
    recordEvidence(ports, [await evidenceEntry(ports, { kind: 'report', key: summaryFile(reportId), since })]),
  );
  if (failure !== null) return { failure: failure.message };
  return value === null ? {} : { head: headText(value) };
}

function countsOf(rollUp: FollowedRollUp, failures: readonly (string | null)[]): Omit<Counts, 'seconds'> {
  const { accounts, complete, totals, warnings } = rollUp;
  const { snapshots, expire: expiring, held, problems, sizeGb, monthlyCostCeiling } = totals;
  return {
    accounts: accounts.length,
    accountsUnread: accounts.filter(({ status }) => status !== 'read').length,
    accountsMissed: missedAccounts(rollUp).length,
    batchesFailed: failures.filter((failure) => failure !== null).length,
    complete,
    incomplete: !complete,
    snapshots,
    expiring,
    held,
    problems,
    sizeGb,
    monthlyCostCeiling,
    ...(warnings !== undefined && { warnings }),
  };
}

/** Reads the roll-up of this report. Throws `organization.stored` where it is not there. */
async function storedRollUp(store: Store, reportId: string): Promise<FollowedRollUp> {
  const key = summaryFile(reportId);
  const rollUp = parseStored(SUMMARY, await store.get(key));
  if (rollUp === null) throw missing(store, key);
  return rollUp;
}

/** Sends the events of a roll-up, unless another run sends the same one. Events decide nothing: never rejects. */
async function announceRollUp(
  steps: DurableBatches,
  { announce, store }: OrganizationPorts,
  reportId: string,
  delivery: RollUpDelivery,
): Promise<Partial<EventsSent>> {
  if (announce === undefined || delivery === 'already-sent') return {};
  return steps
    .step('events', async () => announce(await storedRollUp(store, reportId), delivery))
    .catch(() => ({ events: 'failed', eventsFailure: 'the step did not end' }));
}

/**
 * Reports on an organization: lists its accounts, has them read batch by batch, stores and sends one roll-up. A batch
 * that fails fails its accounts and nothing else. What one step hands to the next is in the store.
 */
export async function runOrganization(
  steps: DurableBatches,
  ports: OrganizationPorts,
  request: OrganizationRequest,
): Promise<OrganizationResult> {
  const begun = await steps.step('begin', async () => {
    const at = ports.clock();
    const scheduledAt = ports.runSchedule(request.scheduledAt, at);
    if (scheduledAt !== null && (await ports.wasSent(scheduledAt))) return null;
    return { at, scheduledAt, reportId: ports.newReportId(scheduledAt ?? at) };
  });
  if (begun === null) return { delivery: 'already-sent' };
  const { reportId, at, scheduledAt } = begun;
  const count = await steps.step('list-accounts', () => listBatches(ports, request, reportId));
  const batches = Array.from({ length: count }, (_, batch): BatchEvent => ({ reportId, batch }));
  const failures = await steps.invokeEach('accounts', request.batchFunction, batches, BATCHES_AT_ONCE);
  const { counts, recorded } = await steps.step('roll-up', async () => {
    const rollUp = await rollUpAccounts(ports, request, reportId, failures);
    return { counts: countsOf(rollUp, failures), recorded: await recordRollUp(ports, reportId, at) };
  });
  const delivery = await steps.step('send', async () => {
    const head = recorded.failure === undefined ? recorded.head : null;
    return ports.send(await storedRollUp(ports.store, reportId), scheduledAt, head);
  });
  const events = await announceRollUp(steps, ports, reportId, delivery);
  if (recorded.failure !== undefined) {
    const notPut = events.events === 'failed' ? `; the events were not put: ${events.eventsFailure}` : '';
    throw new RetentionError(
      'organization.evidence',
      `the report ${reportId} was ${delivery}, and is not in the evidence chain: ${recorded.failure}${notPut}`,
    );
  }
  return { reportId, delivery, ...counts, ...events, seconds: (ports.clock() - at) / 1_000 };
}

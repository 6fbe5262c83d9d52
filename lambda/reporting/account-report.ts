import type { NewPlan } from '../core/plan/plan';
import type { Config } from '../core/policy/config';
import type { MemberAccount } from '../core/policy/policy';
import type { Blocked } from '../core/report/report-model';
import type { Digest, Store } from '../ports/ports';
import { accountStore } from '../storage/account-store';
import { type MadeReport, type MakeReportPorts, makeReport } from './make-report';
import { previousReport, type StoredPage, storeReport } from './store-report';

/** What blocks the plan of an account of an organization that was read in full, with any number of snapshots. */
const REPORT_ONLY: Blocked = {
  code: 'organization.report-only',
  message: 'nothing deletes in the accounts of an organization yet: the plan of this account is for reading only',
};

export interface AccountReportRequest {
  /** Of the report on the organization. */
  readonly reportId: string;
  readonly config: Config;
  readonly account: MemberAccount;
  /** Epoch ms after which nothing more is read. */
  readonly deadline: number;
}

/** The report with a plan that is for reading only. */
export function forReading({ report, plan }: MadeReport, digest: Digest): MadeReport {
  const blocked = plan.blocked?.code === 'inventory.incomplete' ? plan.blocked : REPORT_ONLY;
  const { digest: _, ...content } = plan;
  const marked: Omit<NewPlan, 'digest'> = { ...content, blocked };
  const marking = digest(marked);
  return {
    report: { ...report, plan: { ...report.plan, digest: marking, blocked } },
    plan: { ...marked, digest: marking },
  };
}

/**
 * Makes the report of one account of an organization, with its own comparison and a plan that is for reading only.
 * Stores nothing.
 */
export async function makeAccountReport(
  ports: MakeReportPorts & { readonly store: Store },
  { reportId, config, account, deadline }: AccountReportRequest,
): Promise<MadeReport> {
  const previous = await previousReport(accountStore(ports.store, account.id), reportId).then(
    ({ newest }) => newest,
    (unread: unknown) => ({ unread: unread instanceof Error ? unread : new Error(String(unread)) }),
  );
  const made = await makeReport(ports, {
    reportId,
    config: { ...config, member: account },
    at: null,
    inventory: { regions: config.regions, kinds: config.kinds, deadline },
    previous,
  });
  return forReading(made, ports.digest);
}

/** Stores the files of such a report, and its plan, in the folder of the account. */
export const storeAccountReport = (
  store: Store,
  { report, plan }: MadeReport,
  { id }: MemberAccount,
  page: StoredPage,
): Promise<void> => storeReport(accountStore(store, id), report, plan, page);

import type { ERROR_CODES, ErrorCode, Fault } from './error-codes';

type Family<Code> = Code extends `${infer Name}.${string}` ? Name : Code;

/** The fault of the families of codes whose fault is not the operator. */
const FAMILIES: Readonly<Partial<Record<Family<ErrorCode>, Fault>>> = {
  alias: 'aws',
  apply: 'aws',
  bug: 'bug',
  bundle: 'bug',
  channel: 'aws',
  connection: 'aws',
  credentials: 'aws',
  deadline: 'aws',
  demo: 'bug',
  digest: 'bug',
  docs: 'bug',
  evidence: 'aws',
  inventory: 'aws',
  invocation: 'aws',
  organization: 'aws',
  outcomes: 'bug',
  report: 'aws',
  run: 'aws',
  source: 'aws',
  store: 'aws',
};

/** The codes whose fault differs from that of their family. */
const EXCEPTIONS: { readonly [Code in ErrorCode]?: (typeof ERROR_CODES)[Code]['fault'] } = {
  'config.duration': 'bug',
  'connection.endpoint': 'operator',
  'connection.region': 'operator',
  'evidence.unreadable': 'operator',
  'inventory.incomplete': 'operator',
  'organization.no-accounts': 'operator',
  'organization.not-active': 'operator',
  'organization.report-only': 'operator',
  'organization.stored': 'bug',
  'plan.exists': 'bug',
  'plan.stranger': 'bug',
  'region.unreadable': 'aws',
  'report.not-json': 'operator',
  'run.superseded': 'operator',
  'store.folder': 'operator',
};

/** Returns the fault of a code, as ERROR_CODES has it. */
export const faultOfCode = (code: ErrorCode): Fault =>
  EXCEPTIONS[code] ?? FAMILIES[code.split('.', 1)[0] as Family<ErrorCode>] ?? 'operator';

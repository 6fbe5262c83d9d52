import { randomBytes } from 'node:crypto';
import type { AccountData } from './account';
import { ServiceRefusal } from './service-error';
import { element, queryAnswer } from './xml';

/** The role of an account that other accounts may assume, with what its trust policy asks for. */
export interface RoleData {
  readonly name: string;
  /** Absent: none is asked for. */
  readonly externalId?: string | undefined;
  /** The account that its trust names; absent: the management account. */
  readonly trusts?: string | undefined;
  /** The organization that its trust asks the caller to be in; absent: any. */
  readonly organizationId?: string | undefined;
}

/** An account of the organization. */
export interface OrganizationMember {
  readonly name?: string | undefined;
  readonly state?: 'ACTIVE' | 'SUSPENDED' | 'PENDING_CLOSURE' | 'PENDING_ACTIVATION' | 'CLOSED' | undefined;
  /** The path of its organizational unit, from the organization on, with `/` at its end. */
  readonly ou: string;
  /** Absent: the account has no such role. */
  readonly role?: RoleData | undefined;
  readonly account: AccountData;
}

/** An organization, whose management account is that of the scenario. */
export interface OrganizationData {
  readonly id: string;
  readonly rootId: string;
  readonly managementName?: string | undefined;
  /** The role of the management account itself. */
  readonly managementRole?: RoleData | undefined;
  /** Empty pages with a token after the first page of ListAccounts. */
  readonly emptyPages?: number | undefined;
  readonly members: readonly OrganizationMember[];
}

/** A session of an assumed role. */
export interface EmulatedSession {
  readonly accountId: string;
  readonly arn: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

const MAX_ACCOUNTS_A_PAGE = 20;
const SESSION_KEY = 'ASIAEMULATED';
const HOUR_SECONDS = 3_600;

interface Entry extends Omit<OrganizationMember, 'account'> {
  readonly id: string;
}

/** The sessions and the accounts of an emulated organization; without one, a single account. */
export class OrganizationWorld {
  private readonly sessions = new Map<string, EmulatedSession>();
  private readonly entries: ReadonlyMap<string, Entry>;

  constructor(
    private readonly managementId: string,
    private readonly data: OrganizationData | undefined,
    private readonly now: () => number,
  ) {
    const root = data && `${data.id}/${data.rootId}/`;
    const management: Entry = {
      id: managementId,
      name: data?.managementName ?? 'management',
      ou: root ?? '',
      role: data?.managementRole,
    };
    const members = (data?.members ?? []).map(({ account, ...member }) => ({ ...member, id: account.accountId }));
    this.entries = new Map([management, ...members].map((entry) => [entry.id, entry]));
  }

  /** The account whose credentials sign a call. Keys that were not handed out here are those of the management account. */
  callerOf(accessKeyId: string): Omit<EmulatedSession, 'expiresAt'> {
    const session = this.sessions.get(accessKeyId);
    if (session === undefined) {
      if (accessKeyId.startsWith(SESSION_KEY))
        throw new ServiceRefusal({
          code: 'UnrecognizedClientException',
          message: 'The security token included in the request is invalid.',
        });
      return { accountId: this.managementId, arn: `arn:aws:iam::${this.managementId}:user/emulator` };
    }
    if (session.expiresAt <= this.now())
      throw new ServiceRefusal({
        code: 'ExpiredTokenException',
        message: 'The security token included in the request is expired',
      });
    return session;
  }

  /** AssumeRole: checks that the role exists, and what its trust asks for. */
  assumeRole(form: URLSearchParams, callerArn: string, requestId: string): string {
    const roleArn = form.get('RoleArn') ?? '';
    const [, accountId = '', roleName = ''] = /^arn:aws:iam::(\d{12}):role\/(?:.*\/)?([^/]+)$/.exec(roleArn) ?? [];
    const role = this.entries.get(accountId)?.role;
    const refuse = (why: string): ServiceRefusal =>
      new ServiceRefusal({
        code: 'AccessDenied',
        status: 403,
        message: `User: ${callerArn} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}${why}`,
      });
    // An absent role and a suspended account look alike from outside.
    if (role === undefined || role.name !== roleName || this.entries.get(accountId)?.state === 'SUSPENDED')
      throw refuse('');
    const callerId = callerArn.split(':')[4] ?? '';
    const isTrusted =
      callerId === (role.trusts ?? this.managementId) &&
      (role.externalId === undefined || form.get('ExternalId') === role.externalId) &&
      (role.organizationId === undefined || role.organizationId === this.data?.id);
    if (!isTrusted) throw refuse(' because no role trust policy allows the sts:AssumeRole action');
    const accessKeyId = `${SESSION_KEY}${randomBytes(4).toString('hex').toUpperCase()}`;
    const seconds = Number(form.get('DurationSeconds') ?? HOUR_SECONDS);
    const arn = `arn:aws:sts::${accountId}:assumed-role/${roleName}/${form.get('RoleSessionName')}`;
    const expiresAt = this.now() + seconds * 1000;
    this.sessions.set(accessKeyId, { accountId, arn, expiresAt });
    const credentials = [
      element('AccessKeyId', accessKeyId),
      element('SecretAccessKey', randomBytes(20).toString('hex')),
      element('SessionToken', randomBytes(32).toString('base64')),
      element('Expiration', new Date(expiresAt).toISOString()),
    ].join('');
    const user = `${element('AssumedRoleId', `AROAEMULATED:${form.get('RoleSessionName')}`)}${element('Arn', arn)}`;
    const result = `<Credentials>${credentials}</Credentials><AssumedRoleUser>${user}</AssumedRoleUser>`;
    return queryAnswer('AssumeRole', 'https://sts.amazonaws.com/doc/2011-06-15/', result, requestId);
  }

  /** Carries out one Organizations call and returns its JSON. */
  answer(operation: string, input: Readonly<Record<string, unknown>>, callerId: string): string {
    const { data } = this;
    if (data === undefined)
      throw new ServiceRefusal({
        code: 'AWSOrganizationsNotInUseException',
        message: 'Your account is not a member of an organization.',
      });
    if (operation === 'DescribeOrganization') {
      const arn = `arn:aws:organizations::${this.managementId}:organization/${data.id}`;
      return JSON.stringify({
        Organization: { Id: data.id, Arn: arn, FeatureSet: 'ALL', MasterAccountId: this.managementId },
      });
    }
    if (operation !== 'ListAccounts')
      throw new ServiceRefusal({ code: 'UnknownOperationException', message: `There is no operation ${operation}.` });
    if (callerId !== this.managementId)
      throw new ServiceRefusal({
        code: 'AccessDeniedException',
        message: "You don't have permissions to access this resource.",
        status: 400,
      });
    return JSON.stringify(this.accountsPage(data, input));
  }

  private accountsPage(data: OrganizationData, { NextToken, MaxResults }: Readonly<Record<string, unknown>>): object {
    const invalid = (message: string) => new ServiceRefusal({ code: 'InvalidInputException', message });
    const size = MaxResults === undefined ? MAX_ACCOUNTS_A_PAGE : Number(MaxResults);
    if (!(size >= 1 && size <= MAX_ACCOUNTS_A_PAGE)) throw invalid('MaxResults must be from 1 to 20.');
    const [, from = '0', skipped = '0'] =
      NextToken === undefined ? [] : (/^accounts-(\d+)-(\d+)$/.exec(String(NextToken)) ?? ['', 'x']);
    if (from === 'x') throw invalid('You specified an invalid value for NextToken.');
    const [start, empty] = [Number(from), Number(skipped)];
    const all = [...this.entries.values()];
    const next = (at: number, count: number): string => `accounts-${at}-${count}`;
    if (start > 0 && empty < (data.emptyPages ?? 0)) return { Accounts: [], NextToken: next(start, empty + 1) };
    const rows = all.slice(start, start + size).map((entry) => this.accountRow(data, entry));
    const end = start + size;
    return { Accounts: rows, ...(end < all.length ? { NextToken: next(end, start === 0 ? 0 : empty) } : {}) };
  }

  private accountRow(data: OrganizationData, { id, name, ou, state = 'ACTIVE' }: Entry): object {
    return {
      Id: id,
      Arn: `arn:aws:organizations::${this.managementId}:account/${data.id}/${id}`,
      Email: `aws+${id}@example.com`,
      ...(name === undefined ? {} : { Name: name }),
      State: state,
      Status: state === 'ACTIVE' ? 'ACTIVE' : 'SUSPENDED',
      JoinedMethod: id === this.managementId ? 'INVITED' : 'CREATED',
      JoinedTimestamp: 1_700_000_000,
      Paths: [`${ou}${id}/`],
    };
  }
}

import { makeLightsailClients } from '../lambda/aws/lightsail-client';
import { builtInConfig } from '../lambda/config/parse-config';
import type { Config } from '../lambda/core/policy/config';
import type { MemberAccount } from '../lambda/core/policy/policy';
import { RetentionError } from '../lambda/core/util/errors';
import { unreadAccount } from '../lambda/organization/roll-up';
import { accountTitle } from '../lambda/render/roll-up';
import type { Caller } from './aws';
import { checkCaller } from './doctor-account';
import { type DoctorFinding, failed, ok } from './finding';
import { type AccountsOptions, type MemberReader, memberReader, readMembers } from './member-accounts';
import type { Terminal } from './terminal';

const GUIDE = 'docs/organizations.md says what each account needs';

const textOfFinding = ({ check, message }: DoctorFinding): string => `${check}: ${message}`;

/** One finding for an account: all of its checks together. */
function memberFinding(account: MemberAccount, findings: readonly DoctorFinding[]): DoctorFinding {
  const check = `account ${accountTitle(account)}`;
  const wrong = findings.filter(({ state }) => state !== 'ok');
  const [first] = wrong;
  if (first === undefined || first.state === 'ok')
    return ok(check, ['its role can be assumed', ...findings.map(textOfFinding)].join('; '));
  return failed(check, wrong.map(textOfFinding).join('; '), first.remedy);
}

async function findMembers(
  caller: Caller,
  options: AccountsOptions,
  config: Config,
  err: Terminal['err'],
): Promise<MemberReader | DoctorFinding> {
  try {
    return await memberReader(caller, options, config, err);
  } catch (error) {
    if (!(error instanceof RetentionError) || !error.code.startsWith('organization.')) throw error;
    return failed('organization', error.message, GUIDE);
  }
}

/** Whether the role of each account can be assumed, and reads what a report reads. */
export async function checkMembers(
  options: AccountsOptions,
  caller: Caller,
  config: Config | null,
  say: (...findings: readonly DoctorFinding[]) => void,
  err: Terminal['err'],
): Promise<void> {
  const reader = await findMembers(caller, options, config ?? builtInConfig(), err);
  if ('state' in reader) {
    say(reader);
    return;
  }
  const { selected, notActive, excluded } = reader.selection;
  say(
    ok(
      'organization',
      `${selected.length} accounts to read, ${notActive.length} not active, ${excluded.length} excluded`,
    ),
  );
  const findings = new Map<string, DoctorFinding>();
  const outcomes = await readMembers(reader, { ...options, quiet: true }, err, async (member, { credentials }) => {
    const clients = makeLightsailClients({
      config: { credentials },
      pace: { attempts: 4 },
      agents: caller.connection.agents,
    });
    findings.set(member.id, memberFinding(member, await checkCaller(clients, caller, config)));
    return unreadAccount(member, 'failed', { code: '', message: '' });
  });
  for (const { error, ...member } of [...outcomes].sort((a, b) => (a.id < b.id ? -1 : 1)))
    say(findings.get(member.id) ?? failed(`account ${accountTitle(member)}`, error?.message ?? '', GUIDE));
}

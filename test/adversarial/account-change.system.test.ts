import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clean, makeFolder, planIn, resultOf, run } from './rig';
import { accountOf, startService } from './service';

const credentials = (folder: string, key: string, claimed?: string): void =>
  writeFileSync(
    join(folder, 'creds.json'),
    JSON.stringify({
      Version: 1,
      AccessKeyId: key,
      ...(claimed === undefined ? {} : { AccountId: claimed }),
      SecretAccessKey: 's',
      SessionToken: 't',
      Expiration: new Date(Date.now() + 240_000).toISOString(),
    }),
  );

test('credentials that change account in the middle say nothing of the snapshots of the first', async () => {
  const [one, two] = [accountOf('111111111111', 6), accountOf('222222222222', 0)];
  const service = await startService({ keyA: one, keyB: two });
  const folder = makeFolder();
  writeFileSync(
    join(folder, '.aws', 'config'),
    `[profile work]\nregion = us-east-1\ncredential_process = cat ${join(folder, 'creds.json')}\n`,
  );
  credentials(folder, 'keyA');
  const env = { AWS_PROFILE: 'work' };
  const { count } = await planIn(folder, service.url, env);
  expect(count).toBe(5);
  service.after = ({ op }) => {
    if (op === 'GetOperation' || op === 'DeleteInstanceSnapshot') credentials(folder, 'keyB');
    return null;
  };
  await run(folder, service.url, ['apply', 'plan.json', '--local', '--yes', String(count)], env);
  const text =
    resultOf(folder)
      ?.items.filter(({ outcome }) => outcome === 'deleted' || outcome === 'already-gone')
      .map(({ arn }) => arn) ?? [];
  expect(one.snapshots.map(({ arn }) => arn).filter((arn) => text.includes(arn))).toEqual([]);
  await service.close();
  clean(folder);
});

test.each([
  ['STS never answers', true, undefined],
  ['STS never answers, and they claim to be of the account of the plan', true, '111111111111'],
  ['STS answers, and they claim to be of the account of the plan', false, '111111111111'],
])('credentials of an account with the same names delete nothing there: %s', async (_, deniesSts, claimed) => {
  const [one, two] = [accountOf('111111111111', 6), accountOf('222222222222', 6)];
  const service = await startService({ keyA: one, keyB: two });
  const folder = makeFolder();
  try {
    service.deniesSts = deniesSts;
    writeFileSync(
      join(folder, '.aws', 'config'),
      `[profile work]\nregion = us-east-1\ncredential_process = cat ${join(folder, 'creds.json')}\n`,
    );
    credentials(folder, 'keyA', claimed);
    const env = { AWS_PROFILE: 'work' };
    const { count } = await planIn(folder, service.url, env);
    expect(count).toBe(5);
    const apply = () => run(folder, service.url, ['apply', 'plan.json', '--local', '--yes', String(count)], env);
    service.after = ({ op, input }) => {
      // The keys change between the check of the second snapshot and its delete.
      if (op === 'GetInstanceSnapshot' && service.deletes.length === 1 && input.instanceSnapshotName === 'web-s3')
        credentials(folder, 'keyB', claimed);
      return null;
    };
    const stopped = await apply();
    expect([stopped.code, stopped.err]).toEqual([5, expect.stringContaining('[caller.failed]')]);
    expect(service.deletes.map(({ account }) => account)).toEqual(['111111111111']);
    expect(resultOf(folder)).toMatchObject({ status: 'unfinished' });
    service.after = () => null;
    credentials(folder, 'keyA', claimed);
    expect((await apply()).code).toBe(0);
    expect(service.deletes.filter(({ account }) => account === '111111111111')).toHaveLength(5);
    expect([one.snapshots.length, two.snapshots.length]).toEqual([1, 6]);
  } finally {
    await service.close();
    clean(folder);
  }
});

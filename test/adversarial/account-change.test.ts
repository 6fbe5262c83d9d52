import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clean, makeFolder, planIn, resultOf, run } from './rig';
import { accountOf, startService } from './service';

const credentials = (folder: string, key: string): void =>
  writeFileSync(
    join(folder, 'creds.json'),
    JSON.stringify({
      Version: 1,
      AccessKeyId: key,
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

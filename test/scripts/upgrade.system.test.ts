import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lostBy } from '../../scripts/upgrade';
import { synthesized } from '../lib/synthesized';

const ROOT = join(__dirname, '..', '..');
const END = '\n✨  Number of stacks with differences: 1\n';

describe('what an upgrade would lose', () => {
  test.each([
    '[~] AWS::SNS::Topic Retention/Topic RetentionTopic189D3939 replace',
    '[~] AWS::SNS::Topic Retention/Topic RetentionTopic189D3939 may be replaced',
    '[-] AWS::S3::Bucket Retention/Store/Bucket RetentionStoreBucketCC601A1A orphan',
    '[-] AWS::S3::Bucket RetentionStoreBucketCC601A1A destroy',
    '[-] AWS::Logs::LogGroup Retention/Report/Logs RetentionReportLogs44303451 destroy',
  ])('is reported for: %s', (line) => {
    expect(lostBy(`Resources\n[+] AWS::S3::Bucket Mine Mine123\n${line}\n └─ [~] X\n${END}`)).toEqual([line]);
  });

  test.each([
    '[~] AWS::S3::Bucket Retention/Store/Bucket RetentionStoreBucketCC601A1A',
    '[+] AWS::SNS::Topic Retention/Topic RetentionTopic189D3939',
    '[~] AWS::S3::BucketPolicy Retention/Store/Bucket/Policy RetentionStoreBucketPolicy9E0F09A7 replace',
    '[-] AWS::Lambda::Version Retention/Deletion/Function/CurrentVersion V1 orphan',
    '[~] Output BucketName BucketName: replace',
  ])('is not reported for: %s', (line) => {
    expect(lostBy(`${line}\n${END}`)).toEqual([]);
  });

  test('refuses a comparison that did not finish', () => {
    expect(() => lostBy('Error: cannot find the app')).toThrow('cdk diff did not finish');
    expect(() => lostBy('')).toThrow('cdk diff did not finish');
  });
});

describe('npm run upgrade', () => {
  const work = mkdtempSync(join(tmpdir(), 'upgrade-'));
  afterAll(() => rmSync(work, { recursive: true }));

  /** Compares with an earlier template, without network or credentials. */
  function upgradeFrom(template: string): {
    readonly status: number | null;
    readonly out: string;
    readonly lost: readonly string[];
  } {
    const file = join(work, 'earlier.json');
    if (template !== '') writeFileSync(file, template);
    const { status, stdout, stderr } = spawnSync(
      'npm',
      ['run', '--silent', 'upgrade', '--', template === '' ? join(work, 'none') : file],
      {
        cwd: ROOT,
        encoding: 'utf8',
        env: {
          PATH: process.env.PATH,
          HOME: work,
          HTTPS_PROXY: 'http://127.0.0.1:9',
          AWS_EC2_METADATA_DISABLED: 'true',
          CDK_DISABLE_CLI_TELEMETRY: 'true',
          CDK_VALIDATION: 'false',
        },
      },
    );
    const found = stderr.split('\n').flatMap((line) => /^LOST by an upgrade: (.*)$/.exec(line)?.[1] ?? []);
    return { status, out: `${stdout}${stderr}`, lost: found };
  }

  test('is content with a template that differs in what can be changed in place', () => {
    const template = JSON.stringify(synthesized({ emails: ['you@example.com'] }).toJSON());
    const { status, out, lost } = upgradeFrom(template.replace('"Timeout":900', '"Timeout":60'));
    expect({ status, lost, out: status === 0 ? '' : out }).toEqual({ status: 0, lost: [], out: '' });
    expect(out).toContain('Number of stacks with differences: 1');
  }, 120_000);

  test('fails where the bucket or the topic would be another one', () => {
    const template = JSON.stringify(synthesized({ emails: ['you@example.com'] }).toJSON())
      .replaceAll('"RetentionStoreBucketCC601A1A"', '"FormerBucket"')
      .replace('"DisplayName":', '"TopicName":"former","DisplayName":');
    const { status, lost } = upgradeFrom(template);
    expect(status).toBe(1);
    expect(lost).toEqual([
      expect.stringMatching(/^\[-\] AWS::S3::Bucket .*FormerBucket orphan$/),
      expect.stringMatching(/^\[~\] AWS::SNS::Topic .* replace$/),
      expect.stringMatching(/^\[~\] AWS::SNS::Subscription .* replace$/),
    ]);
  }, 120_000);

  test('refuses a template that is not there', () => {
    expect(upgradeFrom('')).toMatchObject({ status: 1, out: expect.stringContaining('error: there is no template') });
  }, 120_000);
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type App, Stack, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { ManagedPolicy, PermissionsBoundary, Role } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { BlockPublicAccess, Bucket, BucketEncryption, type CfnBucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { HIPAASecurityChecks, NIST80053R5Checks, PCIDSS321Checks } from 'cdk-nag';
import { SnapshotRetention, type SnapshotRetentionProps } from '../../lib/snapshot-retention';
import { PROPS, quickApp } from './synthesized';

const PACKS = { NIST: NIST80053R5Checks, HIPAA: HIPAASecurityChecks, PCI: PCIDSS321Checks } as const;
type Pack = keyof typeof PACKS;

const page = readFileSync(join(__dirname, '..', '..', 'docs', 'compliance.md'), 'utf8');

/** The rows of docs/compliance.md: the rule, and how many findings each pack has. */
const ROWS = [...page.matchAll(/^\| `(\w+)` \| (\d+) \| (\d+) \| (\d+) \|/gm)].map(([, rule = '', ...counts]) => ({
  rule,
  counts: counts.slice(0, 3).map(Number),
}));

interface Findings {
  readonly pluginReports: readonly {
    readonly violations?: readonly {
      readonly ruleName: string;
      readonly violatingConstructs: readonly { readonly constructPath: string }[];
    }[];
  }[];
}

/** Runs a pack over an app. Returns the number of resources by rule; the rule is without the name of the pack. */
function findingsOf(app: App, pack: Pack): Readonly<Record<string, number>> {
  Validations.of(app).addPlugins(new PACKS[pack]());
  try {
    app.synth();
  } catch {
    // Synth throws for findings, which are in the file.
  }
  const report = JSON.parse(readFileSync(join(app.outdir, 'validation-report.json'), 'utf8')) as Findings;
  const found: Record<string, number> = {};
  for (const { violations = [] } of report.pluginReports)
    for (const { ruleName, violatingConstructs } of violations) {
      const rule = ruleName.replace(/^.*-/, '');
      found[rule] = (found[rule] ?? 0) + new Set(violatingConstructs.map(({ constructPath }) => constructPath)).size;
    }
  return found;
}

/** The roles of the stack. */
const ROLES = [
  ...['Report/Role', 'ScheduleRole', 'Deletion/Role', 'DeletionScheduleRole', 'Monitoring/AgeCheckRole'],
  'FirstReportRole',
];

/** A stack with deletion and a key; `hasRoles`: its roles are made elsewhere; `change` applies the remedies of the page. */
function aStack(
  props: (stack: Stack, key: Key) => Partial<SnapshotRetentionProps> = () => ({}),
  change: (retention: SnapshotRetention) => void = () => undefined,
  hasRoles = false,
) {
  const app = quickApp();
  if (hasRoles) {
    const usePrecreatedRoles = Object.fromEntries(ROLES.map((path) => [`Mine/Retention/${path}`, 'made']));
    Role.customizeRoles(app, { usePrecreatedRoles });
  }
  const stack = new Stack(app, 'Mine', { env: { account: '123456789012', region: 'eu-central-1' } });
  const encryptionKey = new Key(stack, 'Key', { enableKeyRotation: true });
  const more = props(stack, encryptionKey);
  const retention = new SnapshotRetention(stack, 'Retention', {
    ...{ ...PROPS, deletion: 'automatic', encryptionKey },
    ...more,
  });
  change(retention);
  return { app, stack };
}

/** A bucket with access logs and a copy in another one. */
function copiedBucket(stack: Stack, encryptionKey: Key): IBucket {
  const bucket = new Bucket(stack, 'Reports', {
    ...{ encryption: BucketEncryption.KMS, encryptionKey, enforceSSL: true, versioned: true },
    serverAccessLogsPrefix: 'logs/',
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  });
  (bucket.node.defaultChild as CfnBucket).replicationConfiguration = {
    role: 'arn:aws:iam::123456789012:role/copies',
    rules: [{ status: 'Enabled', destination: { bucket: 'arn:aws:s3:::copy' } }],
  };
  return bucket as unknown as IBucket;
}

/** The remedies for the functions. */
function changeFunctions({ report, deletion, deadLetters }: SnapshotRetention): void {
  for (const each of [report.function, deletion?.function]) {
    const resource = each?.node.defaultChild as CfnFunction;
    resource.reservedConcurrentExecutions = 2;
    resource.vpcConfig = { subnetIds: ['subnet-1'], securityGroupIds: ['sg-1'] };
  }
  (report.function.node.defaultChild as CfnFunction).deadLetterConfig = { targetArn: deadLetters.queueArn };
}

// CDK prints every finding.
beforeEach(() => jest.spyOn(console, 'error').mockReturnValue());
afterEach(() => jest.restoreAllMocks());

describe.each(Object.keys(PACKS) as Pack[])('the pack %s', (pack) => {
  const column = Object.keys(PACKS).indexOf(pack);

  test('finds what docs/compliance.md lists, and nothing else', () => {
    const listed = ROWS.map(({ rule, counts }) => [rule, counts[column] ?? 0] as const).filter(
      ([, count]) => count > 0,
    );
    expect(findingsOf(aStack().app, pack)).toEqual(Object.fromEntries(listed));
  });

  test('finds nothing after the remedies of the page, with roles that the organization makes', () => {
    const { app } = aStack((stack, key) => ({ bucket: copiedBucket(stack, key) }), changeFunctions, true);
    expect(findingsOf(app, pack)).toEqual({});
  });
});

test('a permissions boundary reaches every role of the stack', () => {
  const { stack } = aStack();
  PermissionsBoundary.of(stack).apply(ManagedPolicy.fromManagedPolicyName(stack, 'Boundary', 'boundary'));
  const roles = Object.values(Template.fromStack(stack).findResources('AWS::IAM::Role'));
  expect(roles.length).toBeGreaterThan(4);
  for (const { Properties } of roles)
    expect(JSON.stringify(Properties.PermissionsBoundary)).toContain('policy/boundary');
});

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type App, Duration, Stack, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AnyPrincipal, Effect, ManagedPolicy, PermissionsBoundary, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { BlockPublicAccess, Bucket, BucketEncryption, type CfnBucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import type { CfnQueue } from 'aws-cdk-lib/aws-sqs';
import { HIPAASecurityChecks, NIST80053R5Checks, PCIDSS321Checks } from 'cdk-nag';
import { SnapshotRetention, type SnapshotRetentionProps } from '../../lib/snapshot-retention';
import { describeWith } from '../support/optional';
import { PROPS, quickApp } from './synthesized';

const PACKS = { NIST: NIST80053R5Checks, HIPAA: HIPAASecurityChecks, PCI: PCIDSS321Checks } as const;
type Pack = keyof typeof PACKS;

const ROOT = join(__dirname, '..', '..');
const page = readFileSync(join(ROOT, 'docs', 'compliance.md'), 'utf8');

const GUARD = join(ROOT, 'tools', 'node_modules', '@cdklabs', 'cdk-validator-cfnguard');
/** The program that checks the rules of Control Tower; null where the package has none for this system. */
function guardProgram(): string | null {
  const system = { linux: 'ubuntu', darwin: 'macos' }[process.platform as string];
  const processor = { x64: 'x86_64', arm64: 'aarch64' }[process.arch as string];
  const program = join(GUARD, 'bin', system ?? 'none', processor ?? 'none', 'cfn-guard');
  return existsSync(program) ? program : null;
}
const PROGRAM = guardProgram();

/** The rows of docs/compliance.md about Control Tower: the control, and how many resources it finds. */
const CONTROLS = [...page.matchAll(/^\| `(CT\.[\w.]+)` \| (\d+) \|/gm)].map(
  ([, control = '', count]) => [control, Number(count)] as const,
);

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

/** Runs the proactive controls of Control Tower over the stack of an app. Returns the number of resources by control. */
function controlsThatFind(app: App): Readonly<Record<string, number>> {
  const template = join(app.synth().directory, 'Mine.template.json');
  const { stdout, stderr } = spawnSync(
    PROGRAM ?? '',
    [
      ...['validate', '--rules', join(GUARD, 'rules', 'control-tower', 'cfn-guard'), '--data', template],
      ...['--type', 'CFNTemplate', '--structured', '--output-format', 'json', '--show-summary', 'none'],
    ],
    { encoding: 'utf8', maxBuffer: 64_000_000 },
  );
  if (!stdout.startsWith('[')) throw new Error(`cfn-guard checked nothing: ${stderr}`);
  const [report] = JSON.parse(stdout) as [{ readonly not_compliant: readonly object[]; readonly compliant: unknown[] }];
  expect(report.compliant.length).toBeGreaterThan(10);
  return Object.fromEntries(
    report.not_compliant.map((rule) => {
      const text = JSON.stringify(rule);
      const resources = [...text.matchAll(/"path":"\/Resources\/(\w+)/g)].map(([, id]) => id);
      return [/\[(CT\.[\w.]+)\]/.exec(text)?.[1] ?? text, new Set(resources).size];
    }),
  );
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

/** A bucket with access logs, a lifecycle, Object Lock and a copy in another one. */
function copiedBucket(stack: Stack, encryptionKey: Key): IBucket {
  const bucket = new Bucket(stack, 'Reports', {
    ...{ encryption: BucketEncryption.KMS, encryptionKey, enforceSSL: true, versioned: true },
    ...{ serverAccessLogsPrefix: 'logs/', objectLockEnabled: true },
    lifecycleRules: [{ noncurrentVersionExpiration: Duration.days(30) }],
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  });
  (bucket.node.defaultChild as CfnBucket).replicationConfiguration = {
    role: 'arn:aws:iam::123456789012:role/copies',
    rules: [{ status: 'Enabled', destination: { bucket: 'arn:aws:s3:::copy' } }],
  };
  return bucket as unknown as IBucket;
}

/** Lets services of AWS alone make grants of a key. */
function limitGrants(key: Key): void {
  key.addToResourcePolicy(
    new PolicyStatement({
      effect: Effect.DENY,
      actions: ['kms:CreateGrant'],
      principals: [new AnyPrincipal()],
      resources: ['*'],
      conditions: { BoolIfExists: { 'kms:GrantIsForAWSResource': 'false', 'aws:PrincipalIsAWSService': 'false' } },
    }),
  );
}

/** The remedies for the functions, the queue and the bucket. */
function changeResources({ report, deletion, deadLetters, bucket }: SnapshotRetention): void {
  for (const each of [report.function, deletion?.function]) {
    const resource = each?.node.defaultChild as CfnFunction;
    resource.reservedConcurrentExecutions = 2;
    resource.vpcConfig = { subnetIds: ['subnet-1'], securityGroupIds: ['sg-1'] };
  }
  (report.function.node.defaultChild as CfnFunction).deadLetterConfig = { targetArn: deadLetters.queueArn };
  (deadLetters.node.defaultChild as CfnQueue).redriveAllowPolicy = { redrivePermission: 'allowAll' };
  (bucket.node.defaultChild as CfnBucket).notificationConfiguration = {
    eventBridgeConfiguration: { eventBridgeEnabled: true },
  };
}

/** The stack with every remedy of the page, and with roles that the organization makes. */
const remedied = () =>
  aStack(
    (stack, key) => {
      limitGrants(key);
      return { bucket: copiedBucket(stack, key), logRetention: RetentionDays.ONE_YEAR };
    },
    changeResources,
    true,
  );

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
    expect(findingsOf(remedied().app, pack)).toEqual({});
  });
});

describeWith(
  PROGRAM !== null,
  'what `npm run tools` installs, on Linux or macOS',
  'the proactive controls of Control Tower',
  () => {
    test('find what docs/compliance.md lists, and nothing else', () => {
      expect(controlsThatFind(aStack().app)).toEqual(Object.fromEntries(CONTROLS));
    });

    test('find logs and bucket too without a key, as the page says', () => {
      const found = controlsThatFind(aStack(() => ({ encryptionKey: undefined as never })).app);
      const more = Object.entries(found).filter(([control]) => !CONTROLS.some(([listed]) => listed === control));
      expect(more).toEqual([
        ['CT.CLOUDWATCH.PR.3', 2],
        ['CT.S3.PR.10', 1],
      ]);
    });

    test('find nothing after the remedies of the page', () => {
      expect(controlsThatFind(remedied().app)).toEqual({});
    });
  },
);

test('a permissions boundary reaches every role of the stack', () => {
  const { stack } = aStack();
  PermissionsBoundary.of(stack).apply(ManagedPolicy.fromManagedPolicyName(stack, 'Boundary', 'boundary'));
  const roles = Object.values(Template.fromStack(stack).findResources('AWS::IAM::Role'));
  expect(roles.length).toBeGreaterThan(4);
  for (const { Properties } of roles)
    expect(JSON.stringify(Properties.PermissionsBoundary)).toContain('policy/boundary');
});

test('functions are traced where the page is followed, and may write their traces', () => {
  const { stack } = aStack(undefined, ({ report, deletion }) => {
    for (const each of [report.function, deletion?.function]) {
      (each?.node.defaultChild as CfnFunction).tracingConfig = { mode: 'Active' };
      each?.role?.addManagedPolicy(ManagedPolicy.fromAwsManagedPolicyName('AWSXRayDaemonWriteAccess'));
    }
  });
  const template = Template.fromStack(stack);
  const functions = Object.values(template.findResources('AWS::Lambda::Function'));
  expect(functions.map(({ Properties }) => Properties.TracingConfig)).toEqual([{ Mode: 'Active' }, { Mode: 'Active' }]);
  const roles = template.findResources('AWS::IAM::Role');
  for (const { Properties } of functions) {
    const role = roles[Properties.Role['Fn::GetAtt'][0]];
    expect(JSON.stringify(role?.Properties.ManagedPolicyArns)).toContain('XRayDaemonWriteAccess');
  }
});

import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { type Alarm, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type Alias, Architecture, Function as LambdaFunction, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { buildApprovalEnv } from '../lambda/runtime/env';
import type { BundledConfiguration, FunctionName } from '../lambda/runtime/stage-function';
import { PLANS, RESULTS } from '../lambda/storage/keys';
import { type AlarmAudience, makeAlarm } from './alarm';
import { functionCode } from './function-code';
import type { ReportStore } from './report-store';
import { LAMBDA_PERIOD } from './retention-metric';

/** What an approval on the dashboard works with. */
export interface ApprovalFunctionsProps {
  readonly configuration: BundledConfiguration;
  /** Where plans and results are. */
  readonly store: ReportStore;
  /** What carries out an approved plan. */
  readonly deletion: Alias;
  /** Encrypts their logs; absent: CloudWatch Logs itself does. */
  readonly logKey?: IKey;
  /**
   * How long logs are kept.
   *
   * @default - three months
   */
  readonly logRetention?: RetentionDays;
}

/** What differs between the two functions. */
interface Part {
  readonly name: Extract<FunctionName, 'view' | 'approve'>;
  readonly description: string;
  /** Of the role. */
  readonly purpose: string;
  /** The folders of the bucket that it reads. */
  readonly folders: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly logs: RemovalPolicy;
}

/** A plan of 100,000 snapshots takes three seconds and 490 MB. */
const SIZE = { memorySize: 1024, timeout: Duration.minutes(1) };

/**
 * The two functions of an approval on the dashboard, each with a role of its own. CloudWatch invokes them with the
 * permissions of the person: seeing a plan and approving it are two permissions.
 */
export class ApprovalFunctions extends Construct {
  /** Shows the newest plan. */
  readonly view: LambdaFunction;
  /** Hands a plan to the deletion function, when the button of the widget calls it. */
  readonly approve: LambdaFunction;

  constructor(scope: Construct, id: string, props: ApprovalFunctionsProps) {
    super(scope, id);
    const { store, deletion } = props;
    const bucket = store.bucket.bucketName;
    this.approve = this.makeFunction('Approve', props, {
      name: 'approve',
      description: 'Hands the plan that a person approved on the dashboard to the deletion function.',
      purpose: 'Reads plans and results and invokes the deletion function. Can delete and write nothing.',
      folders: [PLANS, RESULTS],
      environment: buildApprovalEnv(bucket, 'deletionFunction', deletion.functionArn),
      // Its log is part of the record of a deletion, and outlives the function.
      logs: RemovalPolicy.RETAIN,
    });
    this.approve.addToRolePolicy(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [deletion.functionArn] }),
    );
    this.view = this.makeFunction('View', props, {
      name: 'view',
      description: 'Shows the newest plan on the dashboard. Approves and deletes nothing.',
      purpose: 'Reads plans and results for the dashboard. Can change nothing.',
      folders: [PLANS, RESULTS],
      environment: buildApprovalEnv(bucket, 'approveFunction', this.approve.functionArn),
      logs: RemovalPolicy.DESTROY,
    });
  }

  private makeFunction(
    id: 'View' | 'Approve',
    { configuration, store, logKey, logRetention = RetentionDays.THREE_MONTHS }: ApprovalFunctionsProps,
    { name, description, purpose, folders, environment, logs }: Part,
  ): LambdaFunction {
    const logGroup = new LogGroup(this, `${id}Logs`, {
      retention: logRetention,
      removalPolicy: logs,
      ...(logKey && { encryptionKey: logKey }),
    });
    const role = new Role(this, `${id}Role`, {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: purpose,
    });
    role.addToPolicy(
      new PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [logGroup.logGroupArn],
      }),
    );
    store.grantFolders(role, folders);
    return new LambdaFunction(this, `${id}Function`, {
      description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: functionCode(name, configuration),
      role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      environment: { ...environment },
      ...SIZE,
      // CloudWatch waits for the answer. What is invoked in another way is not repeated.
      retryAttempts: 0,
    });
  }
}

/** The alarm over both functions. What they refuse is no error: the person reads it in the widget. */
export function approvalAlarm(functions: ApprovalFunctions, audience: AlarmAudience): Alarm {
  const period = LAMBDA_PERIOD;
  const metric = new MathExpression({
    expression: 'FILL(view, 0) + FILL(approve, 0)',
    usingMetrics: {
      view: functions.view.metricErrors({ period }),
      approve: functions.approve.metricErrors({ period }),
    },
    period,
    label: 'failed approvals',
  });
  return makeAlarm(
    functions,
    'ApprovalFailed',
    {
      section: 'approval-failed',
      what: 'The widget of the dashboard could not show the plan, or an approval ended with an error.',
      metric,
      threshold: 1,
      periods: 1,
      missing: TreatMissingData.NOT_BREACHING,
    },
    audience,
  );
}

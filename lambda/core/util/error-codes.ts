/** The cause of a failure: the input of the operator, an answer of AWS, or a defect of this program. */
export type Fault = 'operator' | 'aws' | 'bug';

/** The meaning of a code and its remedy, in Markdown. */
export interface CodeText {
  readonly meaning: string;
  readonly remedy: string;
}

const NEW_PLAN_REMEDY = 'Make a new plan with a new report.';
const DEFECT = 'Report the defect with the output.';
const CHECK_NETWORK = 'Check the network connection, `AWS_ENDPOINT_URL` and the proxy.';
const NEXT_REPORT = 'Wait for the next report, or invoke the report function again.';

/**
 * Every code of a RetentionError. docs/errors.md is generated from this table. The program imports its types only:
 * texts would enlarge every bundle, so faults.ts repeats the faults in a short form, and a test compares the two.
 */
export const ERROR_CODES = {
  'alias.unreadable': {
    fault: 'aws',
    meaning:
      'The deletion function cannot read its own alias, so it cannot tell whether its version is still deployed.',
    remedy: 'Grant the role `lambda:GetAlias` on the function: deploy the stack again.',
  },
  'approval.old-page': {
    fault: 'operator',
    meaning: 'The widget of the dashboard showed a plan that is no longer the newest one. Nothing was approved.',
    remedy: 'Refresh the widget, and check the plan that it shows.',
  },
  'apply.invoke': {
    fault: 'aws',
    meaning: 'The deletion function could not be invoked, or its answer was lost, so that it may have started.',
    remedy:
      "Check the function's name, its region and alias, and the permission `lambda:InvokeFunction`. After a lost answer, run the same again.",
  },
  'apply.lock-stays': {
    fault: 'aws',
    meaning: 'A deletion has finished, and could not release its lock. Its outcomes are stored.',
    remedy:
      'Fix what the message names, such as a full disk. The next deletion on the same machine replaces the lock; one on another machine can begin an hour later.',
  },
  'apply.no-result': {
    fault: 'aws',
    meaning: 'The deletion function was invoked, and its bucket shows no result in time, or cannot be read.',
    remedy: "Read the e-mail and the function's log. The message says how to start it again.",
  },
  'apply.not-checked': {
    fault: 'aws',
    meaning: 'A dry run could not check every snapshot of the plan by name. What it printed is not complete.',
    remedy: 'Run the same command again.',
  },
  'apply.stopped': {
    fault: 'aws',
    meaning: 'The deletion ended before its plan was finished. Some snapshots may already be deleted.',
    remedy: 'Do what the message says. Where it names nothing else, apply the same plan again: it continues.',
  },
  'apply.too-slow': {
    fault: 'aws',
    meaning:
      'This machine or its connection is too slow: no delete could be sent within 5 seconds after the check of its snapshot. Such snapshots stay.',
    remedy: 'Apply the plan again on a faster connection, or with `--function`.',
  },
  'bug.config': { fault: 'bug', meaning: 'A configuration that is part of this program is not valid.', remedy: DEFECT },
  'build.licence': {
    fault: 'operator',
    meaning: 'A bundle contains a package whose licence is not on the list of allowed ones.',
    remedy: 'Replace the package, or add its licence to `scripts/third-party.ts` after a review.',
  },
  'bundle.assets': {
    fault: 'bug',
    meaning: 'A bundled function does not load the script and the style of the report page.',
    remedy: 'Check the import of the page assets in `scripts/bundle.ts`.',
  },
  'bundle.died': {
    fault: 'bug',
    meaning: 'The process of a bundled function ended without a result.',
    remedy: 'Read the log that it printed.',
  },
  'caller.failed': {
    fault: 'operator',
    meaning:
      'The credentials or the connection of the run failed during a deletion. The remaining snapshots stay open.',
    remedy: 'Sign in and run the same command: it continues with the remaining snapshots.',
  },
  'cap.max-deletions': {
    fault: 'operator',
    meaning: 'The plan would delete more snapshots than `caps.maxDeletions` allows.',
    remedy: 'Check the list, then raise `caps.maxDeletions`.',
  },
  'cap.max-share': {
    fault: 'operator',
    meaning: 'The plan would delete a larger share of the snapshots than `caps.maxShare` allows.',
    remedy: 'Check the list, then raise `caps.maxShare`.',
  },
  'channel.chat': {
    fault: 'aws',
    meaning: 'The chat message could not be published.',
    remedy: 'Check that the topic exists and that the role may publish to it.',
  },
  'channel.events': {
    fault: 'aws',
    meaning: 'The event bus did not accept all events of a report or a deletion in time. Nothing else depends on them.',
    remedy: 'Check that the bus exists, and that the role may put events on it.',
  },
  'channel.sns': {
    fault: 'aws',
    meaning: 'The report could not be published to its topic.',
    remedy: 'Check that the topic exists and that the role may publish to it.',
  },
  'check.no-file': {
    fault: 'operator',
    meaning: '`check` found no `retention.yaml` in the working directory.',
    remedy: 'Name a configuration with `--config`, or write one.',
  },
  'check.unreadable': {
    fault: 'operator',
    meaning: 'The object that notes since when a report is due does not hold an instant.',
    remedy: 'Delete the object that the message names.',
  },
  'clock.skew': {
    fault: 'operator',
    meaning:
      'The clock of the machine differs from the clock of the service by more than five minutes, or the ' +
      'difference is unknown.',
    remedy: 'Set the clock, then apply the plan again.',
  },
  'config.built-in': {
    fault: 'operator',
    meaning: 'Deletion was requested with the built-in starter policy, which is for reports only.',
    remedy: 'Write a `retention.yaml` with your own policies.',
  },
  'config.duration': {
    fault: 'bug',
    meaning: 'A duration passed validation and could not be parsed afterwards.',
    remedy: DEFECT,
  },
  'config.invalid': {
    fault: 'operator',
    meaning: 'The configuration has errors. The message lists all of them.',
    remedy: 'Correct the lines that the message names. `lightsail-retention check` validates the file.',
  },
  'config.near-file': {
    fault: 'operator',
    meaning: 'There is no `retention.yaml`, and the working directory has a file with a similar name.',
    remedy: 'Rename the file, or name it with `--config`.',
  },
  'config.not-bundled': {
    fault: 'operator',
    meaning: 'The function has no readable `retention.json` in its package.',
    remedy: 'Deploy the stack again.',
  },
  'connection.ca-bundle': {
    fault: 'aws',
    meaning: 'The file of trusted certificates cannot be used.',
    remedy: 'Set `AWS_CA_BUNDLE`, or `ca_bundle` in the profile, to a PEM file with certificates.',
  },
  'connection.certificate': {
    fault: 'aws',
    meaning: 'The certificate of the endpoint is not trusted.',
    remedy:
      'Set `AWS_CA_BUNDLE` to a PEM file with the certificate of your private CA. Check the clock and ' +
      '`AWS_ENDPOINT_URL`.',
  },
  'connection.clock': {
    fault: 'aws',
    meaning: 'AWS refuses the signature because the clock of the machine is off by more than five minutes.',
    remedy: 'Set the clock, for example by NTP.',
  },
  'connection.endpoint': {
    fault: 'operator',
    meaning: 'An endpoint that the environment or the profile names is no HTTP address.',
    remedy: 'Correct the setting that the message names, for example to `http://127.0.0.1:4566`, or remove it.',
  },
  'connection.lost': { fault: 'aws', meaning: 'The endpoint closed the connection.', remedy: CHECK_NETWORK },
  'connection.name': {
    fault: 'aws',
    meaning: 'The host name of the endpoint cannot be resolved.',
    remedy: 'Check the region, the network connection and the proxy.',
  },
  'connection.protocol': {
    fault: 'aws',
    meaning: 'The endpoint does not use TLS.',
    remedy: 'Begin `AWS_ENDPOINT_URL` with `http://` if the endpoint has no TLS.',
  },
  'connection.proxy-authentication': {
    fault: 'aws',
    meaning: 'The proxy requires a user name and a password.',
    remedy: 'Write both into the address of the proxy: `http://USER:PASSWORD@HOST:PORT`.',
  },
  'connection.proxy-invalid': {
    fault: 'aws',
    meaning: 'The address of the proxy is not an HTTP address.',
    remedy: 'Correct it, for example to `http://proxy.example.com:3128`.',
  },
  'connection.proxy-refused': {
    fault: 'aws',
    meaning: 'The proxy refuses the connection.',
    remedy: 'Allow `*.amazonaws.com` in the proxy, or list the host in `NO_PROXY`.',
  },
  'connection.proxy-unreachable': {
    fault: 'aws',
    meaning: 'The proxy cannot be reached.',
    remedy: 'Correct its address, or list the hosts of AWS in `NO_PROXY`.',
  },
  'connection.refused': { fault: 'aws', meaning: 'The endpoint refuses the connection.', remedy: CHECK_NETWORK },
  'connection.region': {
    fault: 'operator',
    meaning:
      'The region that the environment or the profile names is no name of a region, or no known region answers there.',
    remedy: 'Set it to one region such as `eu-central-1`.',
  },
  'connection.timeout': {
    fault: 'aws',
    meaning: 'The endpoint, or the proxy, does not answer in time.',
    remedy: CHECK_NETWORK,
  },
  'connection.unreachable': { fault: 'aws', meaning: 'The endpoint cannot be reached.', remedy: CHECK_NETWORK },
  'context.approval': {
    fault: 'operator',
    meaning: 'The context value `approval` is not known.',
    remedy: 'Pass `off` or `dashboard`: `-c approval=dashboard`.',
  },
  'context.bucket': {
    fault: 'operator',
    meaning: 'The context value `bucket` is not the name of a bucket.',
    remedy: 'Pass the name of the bucket that an earlier deployment left, or leave it out.',
  },
  'context.config': {
    fault: 'operator',
    meaning: 'The context value `config` is not the path of a file.',
    remedy: 'Pass a path: `-c config=retention.yaml`.',
  },
  'context.deletion': {
    fault: 'operator',
    meaning: 'The context value `deletion` is not known.',
    remedy: 'Pass `off`, `approve` or `automatic`: `-c deletion=approve`.',
  },
  'context.email': {
    fault: 'operator',
    meaning: 'The context value `email` is missing or is not a list of e-mail addresses.',
    remedy: 'Pass one address or several with commas: `-c email=you@example.com`.',
  },
  'context.events': {
    fault: 'operator',
    meaning: 'The context `events` is neither `off` nor `on`.',
    remedy: 'Pass `-c events=on`, or leave it out.',
  },
  'context.monitoring': {
    fault: 'operator',
    meaning: 'The context value `monitoring` is not known.',
    remedy: 'Pass one of the values that the message lists: `-c monitoring=alarms`.',
  },
  'context.organization': {
    fault: 'operator',
    meaning: 'The context value `organization` is not known.',
    remedy: 'Pass `on` or `off`: `-c organization=on`, with the parameter `OrganizationRoot`.',
  },
  'context.schedule': {
    fault: 'operator',
    meaning: 'The schedule is not an expression of EventBridge Scheduler, never fires again, or fires too often.',
    remedy: 'Pass `cron(…)` or `rate(…)`, for example `cron(0 8 ? * MON *)`.',
  },
  'context.spend': {
    fault: 'operator',
    meaning: 'The context `spend` is neither `on` nor `off`.',
    remedy: 'Write `-c spend=on`, and `report: { spend: true }` in the configuration.',
  },
  'context.unknown': {
    fault: 'operator',
    meaning: 'The context has a key that the app does not know.',
    remedy: 'Correct the key. The message lists the known ones.',
  },
  'credentials.expired': {
    fault: 'aws',
    meaning: 'The session token has expired.',
    remedy: 'Sign in again, or renew the token.',
  },
  'credentials.invalid': {
    fault: 'aws',
    meaning: 'AWS does not accept the credentials.',
    remedy: 'Check that the access key is active, complete and of this account.',
  },
  'credentials.login': {
    fault: 'aws',
    meaning: 'The session of `aws login` has expired or does not exist.',
    remedy: 'Sign in with `aws login`.',
  },
  'credentials.mfa': {
    fault: 'aws',
    meaning: 'The profile requires a code of multi-factor authentication, which this program cannot request.',
    remedy: 'Export a session with `aws configure export-credentials --format env` and leave out `--profile`.',
  },
  'credentials.missing': {
    fault: 'aws',
    meaning: 'No credentials were found.',
    remedy: 'Set `AWS_PROFILE`, pass `--profile NAME`, or sign in with `aws login` or `aws sso login`.',
  },
  'credentials.process': {
    fault: 'aws',
    meaning: 'The `credential_process` of the profile failed.',
    remedy: 'Run its command in a terminal and correct it.',
  },
  'credentials.sso': {
    fault: 'aws',
    meaning: 'The SSO session of the profile has expired or does not exist.',
    remedy: 'Sign in with `aws sso login`.',
  },
  'credentials.unknown-profile': {
    fault: 'aws',
    meaning: 'The profile is in neither `~/.aws/config` nor `~/.aws/credentials`.',
    remedy: 'Correct the name, or create the profile with `aws configure --profile NAME`.',
  },
  'credentials.unusable': {
    fault: 'aws',
    meaning: 'The credentials of the profile cannot be used.',
    remedy: 'Correct the profile in `~/.aws/config`. `aws configure list` shows its settings.',
  },
  deadline: {
    fault: 'aws',
    meaning: 'A list was not read before the deadline of the run.',
    remedy: 'Read fewer regions, or give the run more time.',
  },
  'demo.failed': {
    fault: 'bug',
    meaning: 'The report function of the package failed on the sample account.',
    remedy: DEFECT,
  },
  'digest.not-json': { fault: 'bug', meaning: 'A value without a JSON form was to get a digest.', remedy: DEFECT },
  'docs.example': {
    fault: 'bug',
    meaning: 'An example in the documentation is not valid.',
    remedy: 'Correct the example in `scripts/policy-docs.ts`.',
  },
  'docs.markers': {
    fault: 'bug',
    meaning: 'A generated page has no markers for its generated part.',
    remedy: 'Restore the two comments that the message names.',
  },
  'docs.run': {
    fault: 'bug',
    meaning: 'The sample run for the pictures made no report.',
    remedy: 'Read the failure in the message.',
  },
  'emulator.port': {
    fault: 'operator',
    meaning: 'The emulator cannot listen on the port.',
    remedy: 'Choose another port with `--port`.',
  },
  'env.missing': {
    fault: 'operator',
    meaning: 'An environment variable of the function is absent, blank or not one of the expected values.',
    remedy: 'Deploy the stack again: its functions bring their environment.',
  },
  'evidence.absent': {
    fault: 'aws',
    meaning: 'An object that a run has just stored is not in the bucket, so it cannot be recorded.',
    remedy: 'Find out who removed it, for example in the data events of CloudTrail.',
  },
  'evidence.busy': {
    fault: 'aws',
    meaning: 'Other runs wrote all of the next evidence records first.',
    remedy: 'Run the same again.',
  },
  'evidence.not-recorded': {
    fault: 'aws',
    meaning: 'The approval of a deletion could not be recorded, so nothing was deleted.',
    remedy: 'Fix the cause that the message names, and apply the plan again.',
  },
  'evidence.result': {
    fault: 'aws',
    meaning: 'The result of a deletion could not be recorded. Its outcomes are stored, and `history` lists them.',
    remedy: 'Fix the cause that the message names. `history --verify` names the approval as one without a result.',
  },
  'evidence.unreadable': {
    fault: 'operator',
    meaning: 'The last evidence record is not as it was written. Nothing is deleted while the chain cannot continue.',
    remedy: 'Restore the record, in a bucket from its earlier version. `history --verify` names every broken link.',
  },
  'event.malformed': {
    fault: 'operator',
    meaning: 'The event of an invocation is not one that the function accepts.',
    remedy: 'Send the event that the message describes.',
  },
  'explain.ambiguous': {
    fault: 'operator',
    meaning: 'Several snapshots have the name.',
    remedy: 'Pass one of the ARNs that the message lists.',
  },
  'explain.unknown': {
    fault: 'operator',
    meaning: 'No snapshot that was read has the name or the ARN.',
    remedy: 'Correct the name. Check that the configuration reads the region and the kind.',
  },
  'history.empty': {
    fault: 'operator',
    meaning: 'The place that was named for the history has no objects.',
    remedy: 'Name the folder `results/` that `apply --local` wrote, the bucket of a deployment, or its stack.',
  },
  'history.foreign': {
    fault: 'operator',
    meaning: 'The place that was named for the history has other files, and no result of a deletion.',
    remedy: 'Name the folder `results/` that `apply --local` wrote, the bucket of a deployment, or its stack.',
  },
  'history.incomplete': {
    fault: 'operator',
    meaning: 'Parts of the record are missing, altered or not readable. The history lists all the others.',
    remedy: 'Do what the message says of each part, and remove nothing. `history --verify` checks all of it.',
  },
  'history.no-store': {
    fault: 'operator',
    meaning: 'The folder of the history does not exist, or the stack has no bucket of its own.',
    remedy: 'Pass the folder or the bucket with `--store`.',
  },
  'init.exists': {
    fault: 'operator',
    meaning: '`init` never writes over a configuration, and the folder has one, or a file with a near name.',
    remedy: 'Rename or remove the file, or run `init` in another folder.',
  },
  'inventory.absent-list': {
    fault: 'aws',
    meaning: 'An answer of Lightsail has no list, and rows would be missing without it.',
    remedy: NEXT_REPORT,
  },
  'inventory.incomplete': {
    fault: 'operator',
    meaning: 'Not everything that the plan depends on can be read now.',
    remedy: 'Fix the failure that the message names, then apply the plan again.',
  },
  'inventory.page-limit': {
    fault: 'aws',
    meaning: 'A list of Lightsail still has a next page after the maximum number of pages.',
    remedy: NEXT_REPORT,
  },
  'inventory.repeated-token': {
    fault: 'aws',
    meaning: 'Lightsail returned the same page token twice, so the list would never end.',
    remedy: NEXT_REPORT,
  },
  'inventory.unreadable-page': {
    fault: 'aws',
    meaning: "An answer of Lightsail does not have the form of the service's model.",
    remedy: `${NEXT_REPORT} Check \`AWS_ENDPOINT_URL\` and the proxy.`,
  },
  'invocation.ended': {
    fault: 'aws',
    meaning: 'A call was still in flight when its invocation ended.',
    remedy: 'Nothing: the next invocation continues.',
  },
  'organization.batch': {
    fault: 'aws',
    meaning: 'The batch of an account failed, or left no result: nothing is known of its accounts.',
    remedy: 'Read the log of the report function. The next report reads the accounts again.',
  },
  'organization.denied': {
    fault: 'aws',
    meaning: 'The caller may not list the accounts of the organization.',
    remedy:
      'Sign in to the management account or a delegated administrator account with `organizations:ListAccounts`, ' +
      'or name the accounts with `--account ID`.',
  },
  'organization.evidence': {
    fault: 'aws',
    meaning: 'The report of an organization was sent, and could not be recorded in the evidence chain.',
    remedy: 'Fix the cause that the message names, and make a report again.',
  },
  'organization.foreign-resource': {
    fault: 'aws',
    meaning: 'The answers for one account of an organization name a resource of another account. It has no report.',
    remedy: 'Check `--role-arn` and `AWS_ENDPOINT_URL`.',
  },
  'organization.no-accounts': {
    fault: 'operator',
    meaning: 'The patterns of `organization.accounts` select no account of the organization.',
    remedy: 'Correct `organization.accounts` in the configuration.',
  },
  'organization.no-session': {
    fault: 'aws',
    meaning: 'STS answered AssumeRole without credentials.',
    remedy: 'Run the command again. Check `AWS_ENDPOINT_URL` and the proxy.',
  },
  'organization.not-active': {
    fault: 'operator',
    meaning: 'The organization lists the account as suspended, closed or not joined yet. It is not read.',
    remedy: 'Exclude the account with `organization.accounts.exclude`, if it is to stay so.',
  },
  'organization.not-used': {
    fault: 'aws',
    meaning: 'The account of the caller is in no organization.',
    remedy: 'Sign in to the management account, or name the accounts with `--account ID`.',
  },
  'organization.report-only': {
    fault: 'operator',
    meaning: 'The plan is that of one account of an organization, in which nothing deletes yet.',
    remedy: 'Make a plan with a report of that account alone.',
  },
  'organization.stored': {
    fault: 'bug',
    meaning: 'A file of a report on an organization is missing, or was changed.',
    remedy: 'Invoke the function of the organization again.',
  },
  'organization.unreadable': {
    fault: 'aws',
    meaning: 'The accounts of the organization could not all be listed.',
    remedy: 'Run the command again. Check `AWS_ENDPOINT_URL` and the proxy.',
  },
  'outcomes.closed': {
    fault: 'bug',
    meaning: 'An outcome was to be recorded after the run had ended.',
    remedy: DEFECT,
  },
  'output.exists': {
    fault: 'operator',
    meaning: 'A command writes a file of a fixed name, and the folder has one.',
    remedy: 'Name the file with `--output`. A file that is named is replaced.',
  },
  'output.unwritable': {
    fault: 'operator',
    meaning: 'An output file or folder cannot be written.',
    remedy: 'Choose a file in a folder that exists and that you may write to.',
  },
  'package.functions': {
    fault: 'operator',
    meaning: 'The bundles of the functions are missing, or are of another version than the library.',
    remedy: 'Install the package again, in the version that the app imports.',
  },
  'package.playground': {
    fault: 'operator',
    meaning: 'The page of the playground is not beside the command line.',
    remedy: 'Run `npm run build`, or install the package again.',
  },
  'plan.account': {
    fault: 'operator',
    meaning: 'The plan is for another account than the credentials.',
    remedy: "Use a profile of the plan's account.",
  },
  'plan.altered': {
    fault: 'operator',
    meaning: 'The plan is not as a report wrote it, or is not the plan that was approved.',
    remedy: NEW_PLAN_REMEDY,
  },
  'plan.applied': { fault: 'operator', meaning: 'The plan is already finished.', remedy: NEW_PLAN_REMEDY },
  'plan.blocked': {
    fault: 'operator',
    meaning: 'The report blocked its plan when it was made.',
    remedy: `Fix the cause that the message names. ${NEW_PLAN_REMEDY}`,
  },
  'plan.config-changed': {
    fault: 'operator',
    meaning: 'The configuration in force differs from the one that the plan was made with.',
    remedy: `Name that configuration with \`--config\`. ${NEW_PLAN_REMEDY}`,
  },
  'plan.count': {
    fault: 'operator',
    meaning: 'The number of snapshots that was entered is not the number in the plan.',
    remedy: 'Read the plan again and enter its count.',
  },
  'plan.exists': { fault: 'bug', meaning: 'Another plan with the same id is already stored.', remedy: DEFECT },
  'plan.expired': {
    fault: 'operator',
    meaning: 'The plan is older than `deletion.planValidFor`.',
    remedy: NEW_PLAN_REMEDY,
  },
  'plan.id-taken': {
    fault: 'operator',
    meaning: 'The bucket of the deletion function has another plan of the same id.',
    remedy: 'Make a new plan and apply that.',
  },
  'plan.in-progress': {
    fault: 'operator',
    meaning: 'Another run applies the same plan.',
    remedy: 'Wait until that run has ended. The message says when a run that crashed is treated as ended.',
  },
  'plan.incomplete': {
    fault: 'operator',
    meaning: 'The report of the plan could not read everything.',
    remedy: `Fix the failure that the report names. ${NEW_PLAN_REMEDY}`,
  },
  'plan.not-found': {
    fault: 'operator',
    meaning: 'There is no plan at this place.',
    remedy: `Check the name. ${NEW_PLAN_REMEDY}`,
  },
  'plan.stranger': {
    fault: 'bug',
    meaning: 'An outcome was to be recorded for a snapshot that is not in the plan.',
    remedy: DEFECT,
  },
  'props.approval': {
    fault: 'operator',
    meaning: 'The property `approval` is not known, or does not go with `deletion` or `monitoring`.',
    remedy: 'Pass `off` or `dashboard`, and with `dashboard` also `deletion: approve` and `monitoring: full`.',
  },
  'props.bucket': {
    fault: 'operator',
    meaning:
      'The property `bucket` is not usable: another deployment uses it, it is in another region, or it has ' +
      'a lifecycle of its own.',
    remedy: 'Follow the message, or leave the property out.',
  },
  'props.configuration': {
    fault: 'operator',
    meaning: 'The property `configuration` is not the result of `readConfiguration`.',
    remedy: "Pass `readConfiguration('retention.yaml', console.warn)`.",
  },
  'props.deletion': {
    fault: 'operator',
    meaning: 'The property `deletion` is not known, or is off where a metric of deletions is requested.',
    remedy: 'Pass `off`, `approve` or `automatic`.',
  },
  'props.emails': {
    fault: 'operator',
    meaning: 'The property `emails` is not a list of e-mail addresses.',
    remedy: "Pass a list such as `['you@example.com']`.",
  },
  'props.encryptionKey': {
    fault: 'operator',
    meaning:
      'The property `encryptionKey` is not a key that policies can name, is in another region, or has ' +
      'nothing to encrypt.',
    remedy: 'Follow the message, or leave the property out.',
  },
  'props.events': {
    fault: 'operator',
    meaning:
      'The property `events` is neither a boolean nor an event bus, or its bus is in another region or cannot exist.',
    remedy: 'Pass `true` for the default bus, or an event bus in the region of the stack.',
  },
  'props.keepReportsFor': {
    fault: 'operator',
    meaning: 'The property `keepReportsFor` is not a whole number of days, or is too short for the schedule.',
    remedy: 'Pass a `Duration` of at least the number of days in the message.',
  },
  'props.lockReportsFor': {
    fault: 'operator',
    meaning: 'The property `lockReportsFor` is not a whole number of days that S3 accepts.',
    remedy: 'Pass a `Duration` of whole days.',
  },
  'props.objectLock': {
    fault: 'operator',
    meaning: 'The property `objectLock` has no retention of whole days that S3 accepts, or an unknown mode.',
    remedy: 'Pass `{ retention: Duration.days(400) }`, with the mode `governance` or `compliance` if needed.',
  },
  'props.logRetention': {
    fault: 'operator',
    meaning: 'The property `logRetention` is not one of `RetentionDays`.',
    remedy: 'Pass a value such as `RetentionDays.THREE_MONTHS`.',
  },
  'props.monitoring': {
    fault: 'operator',
    meaning: 'The property `monitoring` is not known.',
    remedy: 'Pass one of the values that the message lists.',
  },
  'props.okActions': {
    fault: 'operator',
    meaning: 'The property `okActions` is not a boolean.',
    remedy: 'Pass `true` or `false`, or leave the property out.',
  },
  'props.organization': {
    fault: 'operator',
    meaning:
      'The property `organization` has no usable targets, shares its role name with another deployment, or does not ' +
      'fit the configuration or `deletion`.',
    remedy: 'Follow the message, or leave the property out.',
  },
  'props.runbookUrl': {
    fault: 'operator',
    meaning: 'The property `runbookUrl` is not the address of a page.',
    remedy: 'Pass an https address without `#`, or leave the property out.',
  },
  'props.spend': {
    fault: 'operator',
    meaning: 'The property `spend` is neither true nor false, or does not agree with `report.spend`.',
    remedy: 'Write `report: { spend: true }` in the configuration, or leave `spend` out.',
  },
  'props.topic': {
    fault: 'operator',
    meaning: 'The property `topic` is not usable: it is a FIFO topic or is in another region.',
    remedy: 'Pass a standard topic in the region of the stack, or leave the property out.',
  },
  'props.unknown': {
    fault: 'operator',
    meaning: 'The construct has no property of this name. Ignored, it would have been a wish without effect.',
    remedy: 'Correct the name, or remove the property. docs/construct.md lists them all.',
  },
  'region.unknown': {
    fault: 'operator',
    meaning: 'Lightsail does not name a region that was to be read.',
    remedy: 'Correct `--region`, or `regions` in the configuration.',
  },
  'region.unreadable': { fault: 'aws', meaning: 'The list of regions is not complete.', remedy: NEXT_REPORT },
  'report.not-json': {
    fault: 'operator',
    meaning: 'A file that was given as a stored report is not the JSON of a report.',
    remedy: 'Write one with `report --format json --output FILE`.',
  },
  'report.conflict': {
    fault: 'aws',
    meaning: 'S3 answered that an object exists, and then that it does not.',
    remedy: 'Make a report again.',
  },
  'report.not-stored': {
    fault: 'aws',
    meaning: 'The report was sent and could not be stored. Its plan cannot be applied.',
    remedy: 'Fix the cause that the message names, then make a report manually.',
  },
  'report.unfinished': {
    fault: 'aws',
    meaning: 'The report was sent and stored, and a step after that failed.',
    remedy: 'Fix the cause that the message names, then make a report manually.',
  },
  'result.unreadable': {
    fault: 'operator',
    meaning: 'The record of what was deleted cannot be read, or lacks its plan. No plan of the same place is applied.',
    remedy: 'Restore the object that the message names. Or apply a new plan a day after the last deletion.',
  },
  'run.attempts': {
    fault: 'aws',
    meaning: 'The report of one scheduled time could not be sent in 100 attempts.',
    remedy: "Read the function's log.",
  },
  'run.failed': {
    fault: 'aws',
    meaning: 'The deletion function failed and could not continue with its plan.',
    remedy: "Read the function's log, then apply the plan again.",
  },
  'run.in-progress': {
    fault: 'aws',
    meaning: 'Another invocation is sending the report of the same scheduled time, or stopped while it did.',
    remedy: 'Nothing: the next attempt decides.',
  },
  'run.lock-lost': {
    fault: 'aws',
    meaning: 'While a run deleted, another run took over its place, or its lock was removed.',
    remedy: 'Let the other run finish. If there is none, apply the same plan again: it continues with the rest.',
  },
  'run.superseded': {
    fault: 'operator',
    meaning: 'A newer version of the deletion function was deployed while the old one ran.',
    remedy: 'Apply the plan again.',
  },
  'scenario.invalid': {
    fault: 'operator',
    meaning: 'The scenario file of the emulator is not valid.',
    remedy: 'Correct the file. [emulator.md](emulator.md) describes it.',
  },
  'simulate.no-policy': {
    fault: 'operator',
    meaning: '`simulate` has no policy.',
    remedy: 'Pass `--policy NAME`, `--keep` or `--expire-after`.',
  },
  'simulate.policy': {
    fault: 'operator',
    meaning: 'The value of `--keep` or `--expire-after` is not valid.',
    remedy: 'Correct the value that the message names.',
  },
  'simulate.source': {
    fault: 'operator',
    meaning: '`--from` and `--source` do not name the snapshots of one source.',
    remedy: 'Pass a stored report, and the name or ARN of a source that has two or more snapshots in it.',
  },
  'simulate.too-large': {
    fault: 'operator',
    meaning: 'The simulation would have too many snapshots or too long a calendar.',
    remedy: 'Choose a longer `--every` or a shorter `--for`.',
  },
  'simulate.two-policies': {
    fault: 'operator',
    meaning: '`--policy` and `--keep` or `--expire-after` were passed together.',
    remedy: 'Leave one of them out.',
  },
  'simulate.unknown-policy': {
    fault: 'operator',
    meaning: 'The configuration has no policy of the name.',
    remedy: 'Correct the name. The message lists the known ones.',
  },
  'source.incomplete': {
    fault: 'aws',
    meaning: 'A source in a list of Lightsail has no name, or has an ARN of another kind or region.',
    remedy: NEXT_REPORT,
  },
  'store.folder': {
    fault: 'operator',
    meaning: 'A file or folder of the local store cannot be read or written.',
    remedy: 'Correct the path or its permissions.',
  },
  'store.s3': {
    fault: 'aws',
    meaning: 'An object in the bucket cannot be read, written or listed.',
    remedy: 'Check that the bucket exists and that the role may use the prefix.',
  },
  'store.slow': {
    fault: 'aws',
    meaning: 'A step with the bucket took longer than the time that it has.',
    remedy: 'Check the state of S3 in the region. The report is sent without that step.',
  },
  'upgrade.no-diff': {
    fault: 'operator',
    meaning: '`cdk diff` did not finish.',
    remedy: 'Read its output in the message.',
  },
  'upgrade.template': {
    fault: 'operator',
    meaning: 'The template of the earlier release does not exist.',
    remedy: 'Synthesize the release first, as CONTRIBUTING.md shows.',
  },
  'usage.accounts': {
    fault: 'operator',
    meaning: 'The options that select accounts of an organization are not valid, or contradict each other.',
    remedy: 'Give `--role-arn` with `{account}`, and `--account ID` or `--account all`.',
  },
  'usage.apply': {
    fault: 'operator',
    meaning: 'The options of `apply` contradict each other, or one is missing.',
    remedy: 'Follow the message. `apply --help` lists the options.',
  },
  'usage.compare': {
    fault: 'operator',
    meaning: 'The arguments of `compare` do not fit together.',
    remedy: 'Give two or more configuration files, and either `--from` or options of the account.',
  },
  'usage.at-with-plan-out': {
    fault: 'operator',
    meaning: '`--at` and `--plan-out` were passed together.',
    remedy: 'Leave one of them out: a plan is made at the real time only.',
  },
  'usage.history': {
    fault: 'operator',
    meaning: 'The options that name the place of the history contradict each other, or name no place.',
    remedy: 'Pass `--store` with a folder or `s3://BUCKET`, or `--stack` with the name of a stack.',
  },
  'usage.needs-live': {
    fault: 'operator',
    meaning: '`check` got `--region` or `--profile` without `--live`.',
    remedy: 'Add `--live`, or leave the option out.',
  },
  'usage.no-terminal': {
    fault: 'operator',
    meaning: 'There is no terminal to enter the count, and no input was piped.',
    remedy: 'Read the plan and pass its count with `--yes COUNT`.',
  },
  'usage.plan': {
    fault: 'operator',
    meaning: 'The argument of `apply` is neither a file nor the address of a plan in S3.',
    remedy: 'Pass a file, or an address such as `s3://bucket/plans/ID.json`.',
  },
  'usage.raise-caps': {
    fault: 'operator',
    meaning: '`report --raise-caps` changes a plan, and `--plan-out` names none.',
    remedy: 'Add `--plan-out FILE`, or leave out `--raise-caps`.',
  },
  'usage.summary': {
    fault: 'operator',
    meaning: '`report --summary` is text only.',
    remedy: 'Leave out `--summary` or `--format`.',
  },
  'usage.verify': {
    fault: 'operator',
    meaning: 'Options of `history --verify` do not go together, or `--head` is not `NUMBER:SHA256`.',
    remedy: 'Correct the options as the message says.',
  },
  'usage.same-file': {
    fault: 'operator',
    meaning: '`--output` and `--plan-out` name the same file.',
    remedy: 'Pass two different files.',
  },
} as const satisfies Readonly<Record<string, CodeText & { readonly fault: Fault }>>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** The codes of one family, without its name: `CodeIn<'context'>` is `'email' | 'deletion' | …`. */
export type CodeIn<Family extends string> = ErrorCode extends infer Code
  ? Code extends `${Family}.${infer Name}`
    ? Name
    : never
  : never;

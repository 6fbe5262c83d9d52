import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, CfnParameter, Fn, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { DEFAULT_FILE, findConfigFile } from '../lambda/config/read-config-file';
import { RetentionError } from '../lambda/core/util/errors';
import { TARGET_PATTERN } from '../lib/check-organization';
import { readContext } from '../lib/context';
import { memberRoleTemplate } from '../lib/member-role';
import { readConfiguration } from '../lib/read-configuration';
import { RetentionStack } from '../lib/retention-stack';

const say = (line: string): unknown => process.stderr.write(`${line}\n`);

/** The stack's parameter for the organization: no account id has to be in a file of the app. */
const ROOT_PARAMETER = 'OrganizationRoot';

/** The template of the read role beside the stack's own, for the management account. */
const MEMBER_FILE = 'member-role.template.json';

function askForRoot(stack: RetentionStack): void {
  new CfnParameter(stack, ROOT_PARAMETER, {
    description: 'The ARN of the root of the organization, or of one organizational unit: aws organizations list-roots',
    allowedPattern: TARGET_PATTERN.source,
    constraintDescription:
      'expected arn:aws:organizations::<account>:root/o-…/r-… or arn:aws:organizations::<account>:ou/o-…/ou-…',
  });
}

function main(): void {
  // Synthesized below and not on exit, so that what is refused leaves no template behind.
  const app = new App({ autoSynth: false });
  const { configPath, organization, bucketName, ...settings } = readContext(app.node.getAllContext());
  const file = configPath ?? findConfigFile((near) => `-c config=${near}`);
  if (file === null)
    say(`note: no ${DEFAULT_FILE} here, so the built-in starter policy is deployed: it can report, and never delete`);
  const stack = new RetentionStack(app, 'LightsailRetention', {
    configuration: readConfiguration(file, say),
    ...settings,
    ...(organization && { organization: { targets: [Fn.ref(ROOT_PARAMETER)] } }),
    ...(bucketName !== null && { bucketName }),
  });
  if (organization) askForRoot(stack);
  Validations.of(app).addPlugins(new AwsSolutionsChecks());
  const { directory } = app.synth();
  if (organization) writeFileSync(join(directory, MEMBER_FILE), `${JSON.stringify(memberRoleTemplate(), null, 1)}\n`);
}

try {
  main();
} catch (error) {
  if (!(error instanceof RetentionError)) throw error;
  say(`error: ${error.message}`);
  process.exitCode = 1;
}

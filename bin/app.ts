import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { DEFAULT_FILE, findConfigFile } from '../lambda/config/read-config-file';
import { RetentionError } from '../lambda/core/util/errors';
import { readContext } from '../lib/context';
import { readConfiguration } from '../lib/read-configuration';
import { RetentionStack } from '../lib/retention-stack';

const say = (line: string): unknown => process.stderr.write(`${line}\n`);

function main(): void {
  // Synthesized below and not on exit, so that what is refused leaves no template behind.
  const app = new App({ autoSynth: false });
  const { emails, configPath, schedule, monitoring, deletion, events, bucketName } = readContext(
    app.node.getAllContext(),
  );
  const file = configPath ?? findConfigFile((near) => `-c config=${near}`);
  if (file === null)
    say(`note: no ${DEFAULT_FILE} here, so the built-in starter policy is deployed: it can report, and never delete`);
  new RetentionStack(app, 'LightsailRetention', {
    configuration: readConfiguration(file, say),
    emails,
    schedule,
    monitoring,
    deletion,
    events,
    ...(bucketName !== null && { bucketName }),
  });
  Validations.of(app).addPlugins(new AwsSolutionsChecks());
  app.synth();
}

try {
  main();
} catch (error) {
  if (!(error instanceof RetentionError)) throw error;
  say(`error: ${error.message}`);
  process.exitCode = 1;
}

import { App, Stack } from 'aws-cdk-lib';
import { readConfiguration, SnapshotRetention } from 'lightsail-retention';

const app = new App();
const stack = new Stack(app, 'Backups', { env: { account: '111111111111', region: 'eu-central-1' } });
new SnapshotRetention(stack, 'Retention', {
  // The CDK command line starts the app in the folder of cdk.json.
  configuration: readConfiguration('retention.yaml', console.warn),
  emails: ['you@example.com'],
});
app.synth();

import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { readConfiguration, SnapshotRetention } from 'lightsail-retention';

const app = new App();
const stack = new Stack(app, 'Backups', { env: { account: '111111111111', region: 'eu-central-1' } });
new SnapshotRetention(stack, 'Retention', {
  configuration: readConfiguration(join(__dirname, 'retention.yaml'), console.warn),
  emails: ['you@example.com'],
});
app.synth();

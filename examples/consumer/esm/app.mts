import { fileURLToPath } from 'node:url';
import { App, Stack } from 'aws-cdk-lib';
import { readConfiguration, SnapshotRetention } from 'lightsail-retention';

const app = new App();
const stack = new Stack(app, 'Backups', { env: { account: '111111111111', region: 'eu-central-1' } });
new SnapshotRetention(stack, 'Retention', {
  configuration: readConfiguration(fileURLToPath(new URL('retention.yaml', import.meta.url)), console.warn),
  emails: ['you@example.com'],
  deletion: 'approve',
});
app.synth();

import { App, Stack, Stage, type StageProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { configure, SnapshotRetention } from 'lightsail-retention';

const configuration = configure({
  version: 1,
  timezone: 'Europe/Berlin',
  policies: { standard: { keep: { daily: 14, weekly: 8, monthly: 6 } }, short: { keep: { daily: 3 } } },
  rules: [{ name: 'staging', match: { source: '*-staging' }, policy: 'short' }],
  default: 'standard',
});

/** The same deployment for each account: what one reports, the other may also delete. */
class Backups extends Stage {
  constructor(scope: Construct, id: string, { deletion, ...props }: StageProps & { deletion: 'off' | 'automatic' }) {
    super(scope, id, props);
    const stack = new Stack(this, 'Snapshots');
    new SnapshotRetention(stack, 'Retention', { configuration, emails: ['you@example.com'], deletion });
  }
}

const app = new App();
new Backups(app, 'Test', { env: { account: '111111111111', region: 'eu-central-1' }, deletion: 'off' });
new Backups(app, 'Production', { env: { account: '222222222222', region: 'us-east-1' }, deletion: 'automatic' });
app.synth();

import { App, Stack } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { configure, SnapshotRetention } from 'lightsail-retention';

const env = { account: '111111111111', region: 'eu-central-1' };
const app = new App();

/** What a platform team makes for everyone. */
const platform = new Stack(app, 'Platform', { env });
const encryptionKey = new Key(platform, 'Key', { enableKeyRotation: true });
const topic = new Topic(platform, 'Topic', { enforceSSL: true, masterKey: encryptionKey });
const bucket = new Bucket(platform, 'Bucket', { enforceSSL: true, encryptionKey, serverAccessLogsPrefix: 'logs/' });

new SnapshotRetention(new Stack(app, 'Backups', { env }), 'Retention', {
  configuration: configure({ version: 1, policies: { standard: { keep: { daily: 14 } } }, default: 'standard' }),
  topic,
  bucket,
  encryptionKey,
  deletion: 'approve',
});
app.synth();

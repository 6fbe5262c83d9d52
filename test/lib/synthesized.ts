import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { RetentionStack } from '../../lib/retention-stack';
import type { SnapshotRetentionProps } from '../../lib/snapshot-retention';

const FLAGS = JSON.parse(readFileSync(join(__dirname, '..', '..', 'cdk.json'), 'utf8')).context as Record<string, unknown>;

/** An app with the feature flags that are deployed, which builds no bundles. */
export const quickApp = (): App => new App({ context: { ...FLAGS, 'aws:cdk:bundling-stacks': [] } });

/** Properties of the smallest stack. */
export const PROPS: SnapshotRetentionProps = {
  configuration: { origin: 'retention.yaml', config: { version: 1, timezone: 'Europe/Berlin' } },
  emails: ['a@example.com'],
};

/** The template of a stack with these properties instead of the smallest one's. */
export function synthesized(props: Partial<SnapshotRetentionProps> = {}): Template {
  return Template.fromStack(new RetentionStack(quickApp(), 'LightsailRetention', { ...PROPS, ...props }));
}

/** One statement of a policy, as far as tests look at it. */
export interface Statement {
  readonly Effect: string;
  readonly Action?: string | string[];
  readonly NotAction?: unknown;
  readonly Resource?: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | string[]>>>>;
}

/** Every policy statement of a template, whatever it is attached to: policies, roles' own and trust, topics, queues, buckets. */
export function statementsOf(value: unknown): readonly Statement[] {
  if (Array.isArray(value)) return value.flatMap(statementsOf);
  if (typeof value !== 'object' || value === null) return [];
  const own = 'Effect' in value ? [value as Statement] : [];
  return [...own, ...Object.values(value).flatMap(statementsOf)];
}

/** The actions of a statement as a list. */
export const actionsOf = (statement: Statement): readonly string[] => [statement.Action ?? []].flat();

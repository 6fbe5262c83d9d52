export { RetentionError } from '../lambda/core/util/errors';
export { METRIC_NAMESPACE, METRICS, type Measure } from '../lambda/runtime/metrics';
export type { ApprovalFunctions } from './approval-functions';
export {
  configure,
  type KeepRules,
  type RetentionConfiguration,
  type RetentionPolicy,
  type RetentionRule,
} from './configure';
export type { ApprovalSetting, DeletionSetting } from './context';
export type { DeletionFunction } from './deletion-function';
export type { RetentionGrants } from './grants';
export type { MemberRoles, OrganizationProps } from './member-roles';
export type { MonitoringLevel } from './monitoring';
export type { OrganizationFunction } from './organization-function';
export { readConfiguration } from './read-configuration';
export type { ReportFunction } from './report-function';
export { RetentionStack } from './retention-stack';
export {
  type DeployedConfiguration,
  type ObjectLockProps,
  SnapshotRetention,
  type SnapshotRetentionProps,
} from './snapshot-retention';

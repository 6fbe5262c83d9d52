export { readConfiguration } from './read-configuration';
export { ReportFunction, type ReportFunctionProps } from './report-function';
export { ReportStore, type ReportStoreProps } from './report-store';
export { RetentionStack } from './retention-stack';
export { type DeployedConfiguration, SnapshotRetention, type SnapshotRetentionProps } from './snapshot-retention';

/** Console hosts by region prefix. All other regions are in the standard partition. */
const HOSTS: readonly (readonly [start: string, host: string])[] = [
  ['cn-', 'console.amazonaws.cn'],
  ['us-gov-', 'console.amazonaws-us-gov.com'],
];

const STANDARD = 'console.aws.amazon.com';

const consoleOf = (region: string): string =>
  `https://${region}.${HOSTS.find(([start]) => region.startsWith(start))?.[1] ?? STANDARD}`;

/** A link to AWS CloudShell. */
export const cloudShellLink = (region: string): string => `${consoleOf(region)}/cloudshell/home?region=${region}`;

/** A link to an object in the S3 console; null: the place is not `s3://bucket/key`. */
export function s3ObjectLink(place: string, region: string): string | null {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(place) ?? [];
  if (bucket === undefined || key === undefined) return null;
  const prefix = key.split('/').map(encodeURIComponent).join('/');
  return `${consoleOf(region)}/s3/object/${bucket}?region=${region}&prefix=${prefix}`;
}

/** A link to a CloudWatch dashboard. */
export const dashboardLink = (name: string, region: string): string =>
  `${consoleOf(region)}/cloudwatch/home?region=${region}#dashboards/dashboard/${encodeURIComponent(name)}`;

/** A link to a schedule of the default group in EventBridge Scheduler. */
export const scheduleLink = (name: string, region: string): string =>
  `${consoleOf(region)}/scheduler/home?region=${region}#schedules/default/${encodeURIComponent(name)}`;

/** The snapshots page of the Lightsail console, for all regions. */
export const SNAPSHOTS_PAGE = 'https://lightsail.aws.amazon.com/ls/webapp/home/snapshots';

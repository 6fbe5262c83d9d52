import { Duration } from 'aws-cdk-lib';
import { type Alarm, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { type AlarmAudience, makeAlarm } from './alarm';
import { failedExecutions } from './deletion-alarms';
import type { OrganizationFunction } from './organization-function';
import { LAMBDA_PERIOD, retentionMetric } from './retention-metric';

/** Alarms over the report of an organization, made beside its function. */
export function organizationAlarms(organization: OrganizationFunction, audience: AlarmAudience): readonly Alarm[] {
  const target = organization.function;
  const often = { threshold: 1, periods: 1, missing: TreatMissingData.NOT_BREACHING };
  return [
    makeAlarm(
      organization,
      'OrganizationFailed',
      {
        section: 'organization-failed',
        what: 'The report of the organization ended with an error, or ran out of time.',
        metric: failedExecutions(target, LAMBDA_PERIOD, 'failed reports of the organization'),
        ...often,
      },
      audience,
    ),
    makeAlarm(
      organization,
      'AccountsMissed',
      {
        section: 'accounts-missed',
        what: 'Three reports in a row could not read an account; the e-mail of the report names it.',
        metric: retentionMetric(target, 'accountsMissed', { period: Duration.hours(1) }),
        ...often,
      },
      audience,
    ),
  ];
}

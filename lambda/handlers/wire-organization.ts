import type { DurableContext } from '@aws/durable-execution-sdk-js';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { STSClient } from '@aws-sdk/client-sts';
import { durableBatches } from '../aws/durable-steps';
import { PATIENT, UPLOADING, withLimits } from '../aws/http-limits';
import { makeJsonCalls } from '../aws/json-call';
import { listAccounts, organizationsEndpoint } from '../aws/list-accounts';
import { s3Store } from '../aws/s3-store';
import { snsChannel } from '../channels/sns';
import { anyGlob } from '../config/globs';
import type { Config } from '../core/policy/config';
import { nextScheduledDay } from '../core/time/report-schedule';
import type { ListedAccount } from '../organization/select-accounts';
import { type OrganizationPorts, type OrganizationResult, runOrganization } from '../organization/run-organization-job';
import type { Clock } from '../ports/ports';
import { pausesOfEvent, reportAge } from '../reporting/report-age';
import { runSchedule, wasSent } from '../reporting/send-lock';
import { sendRollUp } from '../reporting/send-roll-up';
import { digestOf } from '../runtime/digest';
import { type OrganizationEnv, parseOrganizationEnv } from '../runtime/env';
import { newReportId } from '../runtime/report-id';
import { readBundledConfig } from './read-bundled-config';
import { checkOf, scheduledTimeOf } from './wire-report';

/** Time (ms) after which accounts are no longer listed: 10,000 of them are 500 calls. */
const LISTING_LIMIT = 5 * 60_000;

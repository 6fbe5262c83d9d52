import { Aws } from 'aws-cdk-lib';
import { type ILogGroup, QueryDefinition, QueryString } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

/** A question of an operator to the logs. */
interface LogQuestion {
  readonly id: string;
  /** As the console lists it. */
  readonly name: string;
  /** The name of the log lines. */
  readonly message: string;
  readonly fields: readonly string[];
  readonly filter?: string;
  /** Instead of lines: numbers, and by what they are grouped. */
  readonly stats?: string;
}

const TIME = '@timestamp';

/** Questions to the log of the report function. */
export const REPORT_QUESTIONS: readonly LogQuestion[] = [
  {
    id: 'FailedReports',
    name: 'Why did a report fail?',
    message: 'report.failed',
    fields: [TIME, 'error.name', 'error.message', 'function_request_id'],
  },
  {
    id: 'Reports',
    name: 'What did each report find, and how long did it take?',
    message: 'report.finished',
    fields: [TIME, 'reportId', 'delivery', 'complete', 'snapshots', 'expiring', 'held', 'problems', 'seconds'],
  },
  {
    id: 'UnreadLists',
    name: 'Which lists were not read?',
    message: 'inventory.scope',
    fields: [TIME, 'region', 'kind', 'status', 'pages', 'retries', 'seconds'],
    filter: 'status != "read"',
  },
  {
    id: 'SlowLists',
    name: 'Which lists are slow, or throttled?',
    message: 'inventory.scope',
    fields: ['seconds', 'retries', 'pages', 'snapshots', 'region', 'kind'],
    stats: 'max(seconds), sum(retries), max(pages), max(snapshots) by region, kind',
  },
];

/** Questions to the log of the deletion function. */
export const DELETION_QUESTIONS: readonly LogQuestion[] = [
  {
    id: 'Outcomes',
    name: 'What happened to each snapshot of a plan?',
    message: 'deletion.snapshot',
    fields: [TIME, 'plan', 'name', 'kind', 'region', 'outcome', 'code', 'requestId'],
  },
  {
    id: 'Deletions',
    name: 'How did each deletion end?',
    message: 'deletion.finished',
    fields: [TIME, 'plan', 'state', 'code', 'deleted', 'deletionsFailed', 'open', 'delivery'],
  },
];

const MAX_ROWS = 1_000;

function queryOf({ message, fields, filter, stats }: LogQuestion): QueryString {
  const filterStatements = [`message = "${message}"`, ...(filter === undefined ? [] : [filter])];
  if (stats !== undefined) return new QueryString({ filterStatements, statsStatements: [stats], limit: MAX_ROWS });
  return new QueryString({ fields: [...fields], filterStatements, sort: `${TIME} desc`, limit: MAX_ROWS });
}

/** Saved queries of CloudWatch Logs Insights over one log. They cost nothing until a person runs one. */
export class SavedQueries extends Construct {
  constructor(scope: Construct, id: string, questions: readonly LogQuestion[], logGroup: ILogGroup) {
    super(scope, id);
    // Names are unique in an account and region. A slash makes a folder.
    const folder = `${Aws.STACK_NAME}-${scope.node.addr.slice(-8)}`;
    for (const question of questions)
      new QueryDefinition(this, question.id, {
        queryDefinitionName: `${folder}/${question.name}`,
        queryString: queryOf(question),
        logGroups: [logGroup],
      });
  }
}

import type { Template } from 'aws-cdk-lib/assertions';
import { DELETION_QUESTIONS, REPORT_QUESTIONS } from '../../lib/saved-queries';
import { synthesized } from './synthesized';

interface QueryProperties {
  readonly Name: { readonly 'Fn::Join': readonly [string, readonly unknown[]] };
  readonly QueryString: string;
  readonly LogGroupNames: readonly { readonly Ref: string }[];
}
const queriesOf = (template: Template): readonly QueryProperties[] =>
  Object.values(template.findResources('AWS::Logs::QueryDefinition')).map(({ Properties }) => Properties);

const ALL = [...REPORT_QUESTIONS, ...DELETION_QUESTIONS];

describe('the saved queries', () => {
  const queries = queriesOf(synthesized({ deletion: 'approve' }));

  test('ask the log of the function that writes the lines', () => {
    expect(queries.map(({ LogGroupNames: [group] }) => group?.Ref.replace(/[0-9A-F]{8}$/, ''))).toEqual([
      ...REPORT_QUESTIONS.map(() => 'RetentionReportLogs'),
      ...DELETION_QUESTIONS.map(() => 'RetentionDeletionLogs'),
    ]);
  });

  test('have a folder with the name of the stack, so that two stacks do not collide', () => {
    const names = queries.map(({ Name }) => JSON.stringify(Name['Fn::Join'][1]));
    expect(new Set(names).size).toBe(ALL.length);
    for (const name of names) expect(name).toMatch(/^\[\{"Ref":"AWS::StackName"\},"-[0-9a-f]{8}\/.*\?"\]$/);
  });

  test('use no field that is not among those that a test finds in the lines', () => {
    for (const { fields, filter = '', stats = '' } of ALL) {
      const used = `${filter} ${stats}`.replace(/"[^"]*"/g, '').match(/[a-z]\w+/gi) ?? [];
      const words = used.filter((word) => !['max', 'sum', 'by'].includes(word));
      expect(fields).toEqual(expect.arrayContaining(words));
    }
  });

  test('are sentences of the query language', () => {
    expect(queries.map(({ QueryString }) => QueryString)).toMatchInlineSnapshot(`
[
  "fields @timestamp, error.name, error.message, function_request_id
| filter message = "report.failed"
| sort @timestamp desc
| limit 1000",
  "fields @timestamp, reportId, delivery, complete, snapshots, expiring, held, problems, seconds
| filter message = "report.finished"
| sort @timestamp desc
| limit 1000",
  "fields @timestamp, region, kind, status, pages, retries, seconds
| filter message = "inventory.scope"
| filter status != "read"
| sort @timestamp desc
| limit 1000",
  "filter message = "inventory.scope"
| stats max(seconds), sum(retries), max(pages), max(snapshots) by region, kind
| limit 1000",
  "fields @timestamp, plan, name, kind, region, outcome, code, requestId
| filter message = "deletion.snapshot"
| sort @timestamp desc
| limit 1000",
  "fields @timestamp, plan, state, code, deleted, deletionsFailed, open, delivery
| filter message = "deletion.finished"
| sort @timestamp desc
| limit 1000",
]
`);
  });

  test('are part of the dashboard: without it there are none', () => {
    expect(queriesOf(synthesized({ monitoring: 'alarms' }))).toEqual([]);
    expect(queriesOf(synthesized())).toHaveLength(REPORT_QUESTIONS.length);
  });
});

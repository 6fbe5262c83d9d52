import { JSON_SHAPES } from '../../cli/json-shapes';
import { REPORT_TOTALS, RESULT_TOTALS } from '../../lambda/storage/schemas';

it.each([
  ['a report', JSON_SHAPES.report.shape.totals.shape, REPORT_TOTALS],
  ['a roll-up', JSON_SHAPES['roll-up'].shape.totals.shape, REPORT_TOTALS],
  ['a result', JSON_SHAPES['apply-result'].shape.totals.shape, RESULT_TOTALS],
])('the published schema of the totals of %s has the members by which they are read back', (_, published, stored) => {
  const members = Object.entries(stored) as [keyof typeof published, unknown][];
  expect(Object.keys(published)).toEqual(members.map(([name]) => name));
  for (const [name, member] of members) expect(published[name]).toBe(member);
});

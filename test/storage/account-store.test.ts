import { accountStore } from '../../lambda/storage/account-store';
import { reportFiles, reportFolder } from '../../lambda/storage/keys';
import { memoryStore } from '../fakes/memory-store';

const ID = '20261123T080000Z-1a2b3c4d';
const ACCOUNT = '123456789012';

it('the folder of a report is that of the account in it, which lists its files alone', async () => {
  const whole = memoryStore();
  const store = accountStore(whole, ACCOUNT);
  const { json } = reportFiles(ID);
  await whole.put({ key: `${reportFolder(ID)}summary.json`, contentType: 'application/json', body: ['{}'] });
  await store.put({ key: json, contentType: 'application/json', body: ['{}'] });
  expect(store.locate(reportFolder(ID))).toBe(`memory:reports/${ID}/${ACCOUNT}/`);
  expect([...(await store.listDated(reportFolder(ID))).keys()]).toEqual(['report.json']);
});

it('the listing of reports is that of the whole store', () => {
  expect(accountStore(memoryStore(), ACCOUNT).locate('reports/')).toBe('memory:reports/');
});

import { Token } from 'aws-cdk-lib';
import * as manifest from '../package.json';
import { refusedProperty } from './refused-property';

/** The page in the repository of this version that explains each alarm, by an anchor; without a repository its path. */
export function defaultRunbook({
  repository,
  version,
}: {
  readonly repository?: { readonly url: string };
  readonly version: string;
} = manifest): string {
  const page = 'docs/runbook.md';
  if (repository === undefined) return page;
  return `${repository.url.replace(/^git\+/, '').replace(/\.git$/, '')}/blob/v${version}/${page}`;
}

/** The page of alarms' sections that was given, or the default. Throws a RetentionError for what is no such page. */
export function checkRunbookUrl(given: unknown): string {
  if (given === undefined) return defaultRunbook();
  const expected = 'expected the https address of a page with the sections of docs/runbook.md, without #';
  if (typeof given !== 'string') throw refusedProperty('runbookUrl', `runbookUrl: got ${typeof given}, ${expected}`);
  if (Token.isUnresolved(given) || /^https?:\/\/[^\s#]+$/.test(given)) return given;
  throw refusedProperty('runbookUrl', `runbookUrl: got ${JSON.stringify(given)}, ${expected}`);
}

/** The line with which a run says that AWS is called at an endpoint of the tests. */
const NOTICE = /^warning: calls to AWS go to another endpoint: .*\n/;

/** What a run wrote to stderr without that line, which `test/cli/endpoints.test.ts` tests. */
export const withoutNotice = (err: string): string => err.replace(NOTICE, '');

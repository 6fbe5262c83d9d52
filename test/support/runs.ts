/**
 * How many random cases a slow test tries: `short` in `npm test`, `long` where LONG_TESTS is set, as `npm run test:soak`
 * does.
 */
export const runs = (short: number, long: number): number => (process.env.LONG_TESTS === undefined ? short : long);

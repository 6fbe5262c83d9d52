/** How many random cases a slow test tries: `short` in `npm test`, `long` in `npm run test:long`. */
export const runs = (short: number, long: number): number => (process.env.LONG_TESTS === undefined ? short : long);

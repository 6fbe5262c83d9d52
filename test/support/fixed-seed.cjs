const fc = require('fast-check');

/**
 * Properties try the same cases in every run, so that a failure belongs to the change that is tested. The long tests,
 * which run every night, try new ones; a failure prints its seed.
 */
if (process.env.LONG_TESTS === undefined) fc.configureGlobal({ seed: 20_261_201 });

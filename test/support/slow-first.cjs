const Sequencer = require('@jest/test-sequencer').default;

/** Suites that start browsers, installations or deployments: begun last, one of them would keep a single worker. */
const SLOW = /\/test\/(bin|browser|docs|integration|scripts)\/|\/apply-interrupted\.test/;

/** Starts slow suites first, in a first run too, for which Jest knows no durations. */
module.exports = class SlowFirst extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    return [...sorted.filter(({ path }) => SLOW.test(path)), ...sorted.filter(({ path }) => !SLOW.test(path))];
  }
};

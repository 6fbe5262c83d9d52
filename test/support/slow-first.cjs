const Sequencer = require('@jest/test-sequencer').default;

/** Suites that take minutes: begun last, one of them would keep a single worker. */
const SLOW = /\/(bin|browser|docs|integration|scripts)\/[^/]+\.system\.test|\/apply-interrupted\./;

/** Starts slow suites first, in a first run too, for which Jest knows no durations. */
module.exports = class SlowFirst extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    return [...sorted.filter(({ path }) => SLOW.test(path)), ...sorted.filter(({ path }) => !SLOW.test(path))];
  }
};

/** A script for `--require`: the clock of a process goes as many milliseconds ahead as CLOCK_AHEAD says. */
export const CLOCK = `const ahead = Number(process.env.CLOCK_AHEAD);
const Real = Date;
globalThis.Date = class extends Real {
  constructor(...given) { if (given.length > 0) super(...given); else super(Real.now() + ahead); }
  static now() { return Real.now() + ahead; }
};`;

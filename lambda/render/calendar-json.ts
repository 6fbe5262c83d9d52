import { AGE_BANDS } from '../core/policy/outlook';
import { describeReason } from '../core/policy/reason';
import { rhythmText } from '../core/policy/schedule';
import { simulatedDate } from '../core/policy/simulate';
import { jsonText } from '../core/util/safe-text';
import { legendOf, monthsOf, type SimulatedPolicy, simulatedCeiling } from './calendar';
import type { SimulatedColumn } from './outlook';
import { policyWords } from './policy-words';

const calendarJson = (view: SimulatedPolicy) => {
  const { simulation, name, policy, rhythm, span, end } = view;
  return {
    policy: { name, text: policyWords(policy) },
    schedule: {
      every: rhythmText(rhythm).replace(/^every /, ''),
      for: span.text,
      until: new Date(end).toISOString(),
    },
    timezone: view.timezone,
    pricing: { sizeGb: view.sizeGb, gbMonth: view.gbMonth, currency: 'USD' },
    made: simulation.made,
    kept: simulation.kept,
    monthlyCostCeiling: simulatedCeiling(simulation.kept, view),
    rules: legendOf(view).map(({ code, mark, text, keeps }) => ({ code, mark, text, keeps })),
    months: monthsOf(simulation).map(({ label, made, kept, atOnce }) => ({
      month: label,
      made,
      kept,
      atOnce,
      monthlyCostCeiling: simulatedCeiling(atOnce, view),
    })),
    days: simulation.days
      .filter(({ made }) => made > 0)
      .map((each) => ({
        date: simulatedDate(each),
        made: each.made,
        kept: each.kept.map(({ snapshot, reasons }) => ({
          createdAt: new Date(snapshot.createdAt ?? 0).toISOString(),
          reasons: reasons.map((reason) => ({ code: reason.code, text: describeReason(reason) })),
        })),
      })),
  };
};

/** The simulation as one JSON object (docs/policy.md describes it). Days without a snapshot are left out. */
export function* renderCalendarJson(view: SimulatedPolicy): Generator<string> {
  yield `${jsonText({ schemaVersion: 1, ...calendarJson(view) }, 1)}\n`;
}

/** Simulations side by side as one JSON object: each with its outlook. */
export function* renderCalendarsJson(columns: readonly SimulatedColumn[]): Generator<string> {
  const simulations = columns.map(({ view, outlook }) => ({
    ...calendarJson(view),
    outlook: {
      kept: outlook.kept,
      monthlyCostCeiling: {
        now: simulatedCeiling(outlook.kept.now, view),
        inAMonth: simulatedCeiling(outlook.kept.inAMonth, view),
        inAYear: simulatedCeiling(outlook.kept.inAYear, view),
      },
      longestGapDays: outlook.longestGapDays,
      oldestAgeDays: outlook.oldestAgeDays,
      restorePoints: outlook.restorePoints.map((count, band) => ({ upToDays: AGE_BANDS[band] ?? null, count })),
    },
  }));
  yield `${jsonText({ schemaVersion: 1, simulations }, 1)}\n`;
}

import { describeReason } from '../core/policy/reason';
import { simulatedDate } from '../core/policy/simulate';
import { jsonText } from '../core/util/safe-text';
import { legendOf, monthsOf, type SimulatedPolicy, simulatedCeiling } from './calendar';
import { policyWords } from './policy-words';

/** The simulation as one JSON object (docs/policy.md describes it). Days without a snapshot are left out. */
export function* renderCalendarJson(view: SimulatedPolicy): Generator<string> {
  const { simulation, name, policy, every, span, end, timezone, sizeGb, gbMonth } = view;
  yield `${jsonText(
    {
      schemaVersion: 1,
      policy: { name, text: policyWords(policy) },
      schedule: { every: every.text, for: span.text, until: new Date(end).toISOString() },
      timezone,
      pricing: { sizeGb, gbMonth, currency: 'USD' },
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
    },
    1,
  )}\n`;
}

import { COUNT_RULES, WITHIN_RULES } from '../../../core/policy/policy';
import { durationText } from '../../../core/policy/reason-summary';
import { formatCount, formatDollars, formatNumber } from '../../numbers';
import type { PageData, PagePolicy } from '../data';
import type { TrialMark } from '../marks';
import type { SnapshotRow } from '../rows';
import { byId, make } from './dom';
import { isPolicy, makeTrial, type TrialDecision } from './evaluate';
import { policiesYaml } from './yaml';

type Stop = number | 'unlimited' | string;

/** A slider: a rule with the values that it can have. `0` and `''` switch the rule off. */
interface Slider {
  readonly rule: string;
  readonly label: string;
  readonly stops: readonly Stop[];
}

const COUNT_LABELS: Readonly<Record<string, readonly [label: string, most: number]>> = {
  last: ['Latest', 14],
  hourly: ['Hourly', 48],
  daily: ['Daily', 31],
  weekly: ['Weekly', 26],
  monthly: ['Monthly', 24],
  yearly: ['Yearly', 10],
};

const WITHIN_LABELS: Readonly<Record<string, string>> = {
  within: 'All within',
  withinHourly: 'One an hour within',
  withinDaily: 'One a day within',
  withinWeekly: 'One a week within',
  withinMonthly: 'One a month within',
  withinYearly: 'One a year within',
};

/** Durations of a slider, by days. */
const DURATIONS: readonly (readonly [text: string, days: number])[] = [
  ['1d', 1],
  ['3d', 3],
  ['7d', 7],
  ['14d', 14],
  ['30d', 30],
  ['60d', 60],
  ['90d', 90],
  ['180d', 180],
  ['1y', 365],
  ['2y', 730],
];

const UNIT_DAYS: Readonly<Record<string, number>> = { y: 365, mo: 30.4, w: 7, d: 1, h: 1 / 24 };

/** The approximate length of a duration in days, which orders the stops of a slider. */
function approximateDays(text: string): number {
  let days = 0;
  for (const [, amount, unit = ''] of text.toLowerCase().matchAll(/(\d+)(mo|y|m|w|d|h)/g))
    days += Number(amount) * (UNIT_DAYS[unit] ?? 30.4);
  return days;
}

function durationStops(inForce: string | null): readonly Stop[] {
  const all = DURATIONS.map(([text, days]) => ({ text, days }));
  if (inForce !== null && !all.some(({ text }) => text === inForce))
    all.push({ text: inForce, days: approximateDays(inForce) });
  return ['', ...all.sort((a, b) => a.days - b.days).map(({ text }) => text)];
}

function countStops(most: number, inForce: number | 'unlimited' | undefined): readonly Stop[] {
  const last = typeof inForce === 'number' ? Math.max(most, inForce) : most;
  const stops: Stop[] = Array.from({ length: Math.min(last, 1_000) + 1 }, (_, count) => count);
  if (typeof inForce === 'number' && inForce > 1_000) stops.push(inForce);
  return inForce === 'unlimited' ? [...stops, 'unlimited'] : stops;
}

/** The sliders of a policy: the usual rules, and those that it has. */
function slidersOf({ counts, within, expireAfter }: PagePolicy): readonly Slider[] {
  const sliders: Slider[] = [];
  for (const rule of COUNT_RULES) {
    if (rule === 'hourly' && counts[rule] === undefined) continue;
    const [label, most] = COUNT_LABELS[rule] ?? [rule, 10];
    sliders.push({ rule, label, stops: countStops(most, counts[rule]) });
  }
  for (const rule of WITHIN_RULES) {
    const inForce = within[rule];
    if (inForce === undefined) continue;
    sliders.push({ rule, label: WITHIN_LABELS[rule] ?? rule, stops: durationStops(inForce) });
  }
  sliders.push({ rule: 'expireAfter', label: 'Anything younger than', stops: durationStops(expireAfter) });
  return sliders;
}

function ruleValue(policy: PagePolicy, rule: string): Stop {
  if (rule === 'expireAfter') return policy.expireAfter ?? '';
  return (rule in WITHIN_LABELS ? policy.within[rule] : policy.counts[rule]) ?? (rule in WITHIN_LABELS ? '' : 0);
}

function withValue(policy: PagePolicy, rule: string, value: Stop): PagePolicy {
  if (rule === 'expireAfter') return { ...policy, expireAfter: value === '' ? null : String(value) };
  if (rule in WITHIN_LABELS) {
    const { [rule]: _, ...others } = policy.within;
    return { ...policy, within: value === '' ? others : { ...others, [rule]: String(value) } };
  }
  const { [rule]: _, ...others } = policy.counts;
  const count = value as number | 'unlimited';
  return { ...policy, counts: count === 0 ? others : { ...others, [rule]: count } };
}

function stopText(value: Stop): string {
  if (value === '') return 'off';
  if (typeof value === 'number') return formatNumber(value);
  return value === 'unlimited' ? 'all' : durationText(value);
}

/** Sums of what a decision expires. */
interface ExpirySums {
  count: number;
  cost: number;
}

function addTo(sums: ExpirySums, cost: number): void {
  sums.count += 1;
  sums.cost += cost;
}

const signed = (amount: number, text: (size: number) => string): string =>
  `${amount > 0 ? '+' : '−'}${text(Math.abs(amount))}`;

function total(term: string, value: string, note: string, change: string, type = ''): HTMLElement {
  const changed = change === '' ? [] : [' ', make('span', { class: 'chg' }, change)];
  return make('div', {}, make('dt', {}, term), make('dd', { class: type }, value, make('small', {}, note, ...changed)));
}

/** The trial of policies: its sliders, its totals, and the marks that it changes. */
export class Trial {
  private readonly decide: ReturnType<typeof makeTrial>;
  private policies: readonly PagePolicy[];
  private chosen: number;
  private decisions: readonly (TrialDecision | null)[] | null = null;
  /** How many rows each policy evaluates. */
  private readonly used: readonly number[];

  constructor(
    private readonly data: PageData,
    private readonly rows: readonly SnapshotRow[],
    private readonly onChange: () => void,
  ) {
    this.decide = makeTrial(data, rows);
    this.policies = data.uses;
    const used = data.uses.map(() => 0);
    for (const { use } of rows) if (use !== null) used[use] = (used[use] ?? 0) + 1;
    this.used = used;
    this.chosen = this.choices()[0] ?? -1;
  }

  /** Shows the totals, and the controls where a policy can be tried. */
  start(): void {
    this.drawTotals();
    const panel = document.getElementById('trial');
    if (panel === null || this.decide === null || this.chosen < 0) return;
    panel.hidden = false;
    this.drawChoices();
    this.drawSliders();
    byId('sliders', HTMLElement).addEventListener('input', ({ target }) => this.move(target));
    byId('reset', HTMLButtonElement).addEventListener('click', () => this.reset());
  }

  /** The YAML of the policies that differ from those in force; of the chosen one where none does. */
  yaml(): string {
    const changed = this.policies.filter((policy, index) => policy !== this.data.uses[index]);
    const chosen = this.policies[this.chosen];
    return policiesYaml(changed.length > 0 || chosen === undefined ? changed : [chosen]);
  }

  markOf(row: SnapshotRow): TrialMark {
    const tried = this.decisions?.[row.index] ?? null;
    if (tried === null || tried.expires === (row.mark === 'expire')) return row.mark;
    return tried.expires ? 'also-expire' : 'kept-instead';
  }

  triedOf(row: SnapshotRow): TrialDecision | null {
    return this.decisions?.[row.index] ?? null;
  }

  /** The named policies, the most used first. */
  private choices(): readonly number[] {
    return this.data.uses
      .flatMap(({ named, expireOn }, index) => (named && expireOn === null ? [index] : []))
      .sort((a, b) => (this.used[b] ?? 0) - (this.used[a] ?? 0));
  }

  private drawChoices(): void {
    const field = byId('trial-policies', HTMLFieldSetElement);
    for (const index of this.choices()) {
      const { name } = this.data.uses[index] ?? { name: '' };
      const input = make('input', { type: 'radio', name: 'trial-policy', value: String(index) });
      input.checked = index === this.chosen;
      field.append(
        make('label', {}, input, name, ' ', make('span', { class: 'quiet' }, formatNumber(this.used[index] ?? 0))),
      );
    }
    field.addEventListener('change', ({ target }) => {
      if (target instanceof HTMLInputElement) this.chosen = Number(target.value);
      this.drawSliders();
    });
  }

  private drawSliders(): void {
    const inForce = this.data.uses[this.chosen];
    const tried = this.policies[this.chosen];
    if (inForce === undefined || tried === undefined) return;
    const keepAll = inForce.keepAll ? [this.keepAllBox(tried)] : [];
    const sliders = slidersOf(inForce).map((slider) => this.sliderOf(slider, inForce));
    byId('sliders', HTMLElement).replaceChildren(...keepAll, ...sliders);
    this.paint();
  }

  private keepAllBox({ keepAll }: PagePolicy): HTMLElement {
    const input = make('input', { type: 'checkbox', 'data-rule': 'all' });
    input.checked = keepAll;
    return make('label', { class: 'keep-all' }, input, ' Keep all');
  }

  private sliderOf({ rule, label, stops }: Slider, inForce: PagePolicy): HTMLElement {
    const most = stops.length - 1;
    const id = `slide-${rule}`;
    const tried = this.policies[this.chosen] ?? inForce;
    const input = make('input', { type: 'range', id, min: '0', max: String(most), 'data-rule': rule });
    input.value = String(Math.max(0, stops.indexOf(ruleValue(tried, rule))));
    const tick = make('span', { class: 'now' });
    const at = most === 0 ? 0 : stops.indexOf(ruleValue(inForce, rule)) / most;
    tick.style.left = `calc(9px + (100% - 18px) * ${at})`;
    return make(
      'div',
      { class: 'sl' },
      make('label', { for: id }, label),
      make('output', { for: id }),
      make('div', { class: 'tr' }, tick, input),
    );
  }

  private move(target: EventTarget | null): void {
    const tried = this.policies[this.chosen];
    const inForce = this.data.uses[this.chosen];
    if (!(target instanceof HTMLInputElement) || tried === undefined || inForce === undefined) return;
    const rule = target.dataset.rule ?? '';
    const slider = slidersOf(inForce).find((each) => each.rule === rule);
    const next =
      slider === undefined
        ? { ...tried, keepAll: target.checked }
        : withValue(tried, rule, slider.stops[Number(target.value)] ?? 0);
    const chosen = isSamePolicy(next, inForce) ? inForce : next;
    this.policies = this.policies.map((policy, index) => (index === this.chosen ? chosen : policy));
    this.update();
  }

  private reset(): void {
    this.policies = this.data.uses;
    this.drawSliders();
    this.update();
  }

  /** Decides again, and shows the result. An invalid policy changes nothing. */
  private update(): void {
    this.paint();
    if (this.decide === null || !this.policies.every(isPolicy)) return;
    const isInForce = this.policies.every((policy, index) => policy === this.data.uses[index]);
    this.decisions = isInForce ? null : this.decide(this.policies);
    this.drawTotals();
    this.onChange();
  }

  /** Shows the values of the sliders and the policy as YAML. */
  private paint(): void {
    const tried = this.policies[this.chosen];
    const inForce = this.data.uses[this.chosen];
    if (tried === undefined || inForce === undefined) return;
    for (const input of document.querySelectorAll<HTMLInputElement>('#sliders input[type=range]')) {
      const rule = input.dataset.rule ?? '';
      const [value, was] = [stopText(ruleValue(tried, rule)), stopText(ruleValue(inForce, rule))];
      const most = Math.max(1, Number(input.max));
      input.style.setProperty('--part', `calc(9px + (100% - 18px) * ${Number(input.value) / most})`);
      input.disabled = tried.keepAll;
      input.setAttribute('aria-valuetext', value === was ? value : `${value}, in force ${was}`);
      const before = value === was ? [] : [make('span', { class: 'was' }, `in force ${was}`)];
      input
        .closest('.sl')
        ?.querySelector('output')
        ?.replaceChildren(...before, value);
    }
    const isValid = this.policies.every(isPolicy);
    const error = byId('trial-error', HTMLElement);
    error.hidden = isValid;
    error.textContent = isValid ? '' : 'A policy needs a keep rule or an age. The result below is that of before.';
    byId('copy-policy', HTMLButtonElement).disabled = !isValid;
    byId('reset', HTMLButtonElement).disabled = this.policies.every(
      (policy, index) => policy === this.data.uses[index],
    );
    byId('yaml', HTMLElement).textContent = this.yaml();
  }

  private drawTotals(): void {
    const { rows } = this;
    const before: ExpirySums = { count: 0, cost: 0 };
    const after: ExpirySums = { count: 0, cost: 0 };
    let [all, changed] = [0, 0];
    for (const row of rows) {
      const cost = row.cost ?? 0;
      const mark = this.markOf(row);
      all += cost;
      if (mark !== row.mark) changed += 1;
      if (row.mark === 'expire') addTo(before, cost);
      if (mark === 'expire' || mark === 'also-expire') addTo(after, cost);
    }
    const tried = changed > 0;
    const more = after.count - before.count;
    const staying = rows.length - after.count;
    const saved = Math.round(100 * (before.cost - after.cost)) / 100;
    const inForce = (text: string): string => `in force ${text}`;
    const sign = (amount: number, text: (size: number) => string): string => (amount === 0 ? '' : signed(amount, text));
    byId('trial-totals', HTMLElement).replaceChildren(
      total(
        'Can be deleted',
        formatNumber(after.count),
        tried ? inForce(formatNumber(before.count)) : 'with the policy in force',
        sign(more, formatNumber),
        'd',
      ),
      total(
        'Stay',
        formatNumber(staying),
        tried ? inForce(formatNumber(rows.length - before.count)) : `of ${formatNumber(rows.length)}`,
        sign(-more, formatNumber),
      ),
      total(
        'Cost of what stays, up to',
        formatDollars(all - after.cost),
        tried ? inForce(formatDollars(all - before.cost)) : `a month, now ${formatDollars(all)}`,
        sign(saved, formatDollars),
      ),
    );
    for (const item of document.querySelectorAll<HTMLElement>('.legend .w')) item.hidden = !tried;
    byId('trial-text', HTMLElement).textContent = tried
      ? `${formatCount(after.count, 'snapshot')} can be deleted, ${formatNumber(Math.abs(more))} ` +
        `${more < 0 ? 'fewer' : 'more'} than in force.`
      : '';
  }
}

/** Whether two policies have the same rules, in any order. */
function isSamePolicy(one: PagePolicy, other: PagePolicy): boolean {
  const rules = ({ keepAll, counts, within, expireAfter }: PagePolicy): string =>
    JSON.stringify([keepAll, Object.entries(counts).sort(), Object.entries(within).sort(), expireAfter]);
  return rules(one) === rules(other);
}

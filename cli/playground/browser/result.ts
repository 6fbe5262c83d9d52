import { formatNumber } from '../../../lambda/render/numbers';
import { byId, elementOf, make } from '../../../lambda/render/page/browser/dom';
import type { View } from '../../../lambda/render/page/view';
import type { PolicyTrial } from '../evaluate-policy';
import {
  bandsView,
  calendarViews,
  costView,
  headlineViews,
  keptChart,
  keptRows,
  reachWords,
  rulesView,
  stripViews,
  zoneWords,
} from '../views';

const FIRST_ROWS = 20;
/** Rows that are added at a time: more make a browser slow. */
const MORE_ROWS = 500;

const fill = (id: string, views: readonly View[]): void =>
  byId(id, HTMLElement).replaceChildren(...views.map((each) => elementOf(each)));

/** Replaces the headline where it changes, because each change is read out. */
function fillHeadline(trial: PolicyTrial): void {
  const place = byId('headline', HTMLElement);
  const made = headlineViews(trial).map((each) => elementOf(each));
  if (made.map(({ textContent }) => textContent).join('') !== place.textContent) place.replaceChildren(...made);
}

/** The right side of the page. */
export class Result {
  private readonly more = byId('more', HTMLButtonElement);
  private readonly rows = byId('kept', HTMLElement);
  private trial: PolicyTrial | null = null;
  private shown = 0;

  constructor() {
    this.more.addEventListener('click', () => this.addRows(MORE_ROWS));
  }

  /** Shows what a policy keeps. */
  show(trial: PolicyTrial): void {
    this.trial = trial;
    byId('result', HTMLElement).hidden = false;
    fillHeadline(trial);
    fill('rules', [rulesView(trial)]);
    fill('calendar', calendarViews(trial));
    byId('reach', HTMLElement).textContent = reachWords(trial);
    fill('points', stripViews(trial));
    fill('bands', [bandsView(trial)]);
    byId('price', HTMLElement).textContent =
      `Full copies of ${trial.settings.sizeGb} GB at $${trial.gbMonth} per GB-month. Lightsail bills only changes, so the bill is lower.`;
    fill('costs', [costView(trial)]);
    fill('chart', [keptChart(trial)]);
    byId('zone', HTMLElement).textContent = zoneWords(trial);
    this.rows.replaceChildren();
    this.shown = 0;
    this.addRows(FIRST_ROWS);
  }

  /** Says that the result is not that of the text; null: it is. */
  note(text: string | null): void {
    const note = byId('note', HTMLElement);
    note.hidden = text === null;
    note.replaceChildren(...(text === null ? [] : [make('p', {}, text)]));
  }

  private addRows(count: number): void {
    if (this.trial === null) return;
    const to = this.shown + count;
    this.rows.append(...keptRows(this.trial, this.shown, to).map((each) => elementOf(each)));
    this.shown = to;
    const left = this.trial.kept.length - to;
    this.more.hidden = left <= 0;
    this.more.textContent = `Show more (${formatNumber(left)} left)`;
  }
}

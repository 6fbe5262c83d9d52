import { readConfigText } from '../../../lambda/config/parse-yaml';
import type { Config } from '../../../lambda/core/policy/config';
import { HOUR_MS } from '../../../lambda/core/time/units';
import { formatCount } from '../../../lambda/render/numbers';
import { copyText } from '../../../lambda/render/page/browser/copying';
import { byId, make } from '../../../lambda/render/page/browser/dom';
import { evaluatePolicy, type PolicyTrial } from '../evaluate-policy';
import { linkFragment, MAX_LINK_BYTES, readFragment } from '../link';
import type { PolicyText } from '../page';
import { type FieldTexts, readSettings, sizeProblem } from '../settings';
import { Editor, problemMessageOf, warningMessageOf } from './editor';
import { Result } from './result';
import { SlicedWork } from './sliced-work';

/** How long after the last key the result follows. */
const TYPING_MS = 150;
const MAX_TEXT = 200_000;
const MAX_ALIASES = 100;

const TRY_FIELDS = ['every', 'since', 'day', 'gb', 'name', 'kind', 'region', 'source-tags', 'snapshot-tags'] as const;

const embeddedData = (id: string): unknown => JSON.parse(byId(id, HTMLScriptElement).textContent ?? '');

function fieldText(id: string): string {
  const field = document.getElementById(id);
  return field instanceof HTMLInputElement || field instanceof HTMLSelectElement ? field.value : '';
}

const fieldTexts = (): FieldTexts =>
  Object.fromEntries(TRY_FIELDS.map((id) => [id, fieldText(id)])) as Record<(typeof TRY_FIELDS)[number], string>;

/** The page: an editor on the left, what its policy keeps on the right. */
class Playground {
  private readonly editor = new Editor((immediately) => this.edited(immediately));
  private readonly result = new Result();
  private readonly examples = embeddedData('examples') as readonly PolicyText[];
  private readonly choices = byId('choices', HTMLElement);
  /** The text that is no example: given, typed or from a link. */
  private own: PolicyText | null = embeddedData('given') as PolicyText | null;
  private config: Config | null = null;
  private lastRead: string | null = null;
  /** Whether the text has an error; the result is then that of an earlier text. */
  private isWrong = false;
  private readonly work = new SlicedWork<PolicyTrial>((isBusy) =>
    byId('right', HTMLElement).setAttribute('aria-busy', String(isBusy)),
  );
  private waiting: ReturnType<typeof setTimeout> | undefined;

  start(): void {
    byId('playground', HTMLElement).hidden = false;
    this.choices.addEventListener('change', ({ target }) => {
      if (target instanceof HTMLInputElement) this.choose(target.value);
    });
    for (const id of TRY_FIELDS) document.getElementById(id)?.addEventListener('input', () => this.evaluate());
    byId('copy', HTMLElement).addEventListener('click', () => void copyText(this.editor.text, 'Policy copied.'));
    byId('link', HTMLElement).addEventListener('click', () => void this.copyLink());
    window.addEventListener('hashchange', () => this.follow());
    this.choose(this.own === null ? (this.examples[0]?.name ?? '') : this.own.name);
    this.follow();
  }

  /** Takes the policy of the address, as text. */
  private follow(): void {
    const link = readFragment(location.hash);
    if (link.state === 'refused') this.say(`The policy of this link was not loaded: ${link.why}.`);
    if (link.state !== 'policy') return;
    this.own = { name: 'From the link', text: link.text };
    this.choose(this.own.name);
    this.say('This policy came from a link. It is only text here: nothing was applied or saved.');
  }

  private say(text: string): void {
    const place = byId('link-note', HTMLElement);
    place.textContent = text;
    place.hidden = text === '';
  }

  private choose(name: string): void {
    const choice = this.own?.name === name ? this.own : this.examples.find((example) => example.name === name);
    if (choice === undefined) return;
    this.editor.text = choice.text;
    this.drawChoices(name);
    this.read();
  }

  private drawChoices(name: string): void {
    const all = [...(this.own === null ? [] : [this.own]), ...this.examples];
    const focused = this.choices.contains(document.activeElement);
    const labels = all.map((choice) => {
      const input = make('input', { type: 'radio', name: 'choice', value: choice.name });
      input.checked = choice.name === name;
      return make('label', {}, input, choice.name);
    });
    this.choices.replaceChildren(...labels);
    if (focused) this.choices.querySelector<HTMLElement>(':checked')?.focus();
  }

  private edited(immediately: boolean): void {
    const { text } = this.editor;
    // A click on a message leaves the editor: messages that are drawn again meanwhile would not get it.
    if (text === this.lastRead) return;
    if (!this.examples.some((example) => example.text === text)) {
      const isNew = this.own === null;
      this.own = { name: this.own?.name ?? 'Yours', text };
      if (isNew || !this.choices.querySelector('input')?.checked) this.drawChoices(this.own.name);
    }
    clearTimeout(this.waiting);
    if (immediately) this.read();
    else this.waiting = setTimeout(() => this.read(), TYPING_MS);
  }

  /** Reads the text and shows its messages, and what it keeps if it is valid. */
  private read(): void {
    const { text } = this.editor;
    this.lastRead = text;
    if (text.length > MAX_TEXT) {
      this.editor.show(`Not read: this page reads at most ${formatCount(MAX_TEXT, 'character')}.`, [], true);
      this.stale();
      return;
    }
    const read = readConfigText(text, 'retention.yaml', MAX_ALIASES);
    if (!read.ok) {
      this.editor.show(formatCount(read.errors.length, 'error'), read.errors.map(problemMessageOf), true);
      this.stale();
      return;
    }
    const warnings = read.warnings.map(warningMessageOf);
    const state = warnings.length === 0 ? 'Valid.' : `Valid, with ${formatCount(warnings.length, 'warning')}:`;
    this.editor.show(state, warnings, false);
    this.config = read.config;
    this.isWrong = false;
    this.evaluate();
  }

  private stale(): void {
    this.isWrong = true;
    const text = 'The policy has an error.';
    this.result.note(
      this.config === null
        ? `${text} Correct it to see what it keeps.`
        : `${text} This is the result of its last valid text.`,
    );
  }

  private checkSize(): void {
    const problem = sizeProblem(fieldText('gb'));
    byId('gb-note', HTMLElement).textContent = problem;
    byId('gb', HTMLInputElement).setAttribute('aria-invalid', String(problem !== null));
  }

  private evaluate(): void {
    this.checkSize();
    if (this.config === null) return;
    const today = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
    const show = (trial: PolicyTrial): void => {
      this.result.show(trial);
      if (this.isWrong) this.stale();
      else this.result.note(null);
    };
    this.work.start(evaluatePolicy(this.config, readSettings(fieldTexts()), today), {
      partly: show,
      done: show,
      failed: (why) =>
        this.result.note(`Not evaluated: ${why.replace(/: use a longer --every.*$/, '')}. Choose fewer snapshots.`),
    });
  }

  private async copyLink(): Promise<void> {
    const fragment = linkFragment(this.editor.text);
    if (fragment === null) {
      this.say(`A link holds at most ${MAX_LINK_BYTES / 1024} KB. Shorten the policy, or send the file.`);
      return;
    }
    await copyText(`${location.href.split('#')[0]}${fragment}`, 'Link copied.');
  }
}

new Playground().start();

import { type ConfigProblem, type ConfigWarning, problemMessage } from '../../../lambda/config/problems';
import { oneLine } from '../../../lambda/core/util/safe-text';
import { formatCount } from '../../../lambda/render/numbers';
import { byId, make } from '../../../lambda/render/page/browser/dom';

const MIN_EDITOR_ROWS = 14;
const MAX_EDITOR_ROWS = 18;
/** More lines than a policy has; further ones get no number. */
const MAX_NUMBERED = 5_000;
const MAX_PROBLEMS = 6;

/** One message about the text. */
export interface TextMessage {
  /** From 1; null: the text as a whole. */
  readonly line: number | null;
  readonly text: string;
}

/** A problem with its place in the configuration, and what was probably meant. */
export function problemMessageOf(problem: ConfigProblem): TextMessage {
  const where = problem.path === '' ? '' : `${problem.path}: `;
  const meant = problem.suggestion === undefined ? '' : ` Did you mean ${problem.suggestion}?`;
  return { line: problem.line ?? null, text: oneLine(`${where}${problemMessage(problem)}.${meant}`) };
}

/** A warning with its place in the configuration. */
export const warningMessageOf = ({ path, message, line }: ConfigWarning): TextMessage => ({
  line: line ?? null,
  text: oneLine(`${path}: ${message}`),
});

/** The text of the policy with its line numbers and messages. */
export class Editor {
  private readonly area = byId('policy', HTMLTextAreaElement);
  private readonly numbers = byId('lines', HTMLElement);
  private readonly state = byId('state', HTMLElement);
  private readonly messages = byId('messages', HTMLElement);

  constructor(private readonly onEdit: (immediately: boolean) => void) {
    this.area.addEventListener('input', () => this.onEdit(false));
    this.area.addEventListener('change', () => this.onEdit(true));
    this.area.addEventListener('scroll', () => {
      this.numbers.scrollTop = this.area.scrollTop;
    });
  }

  get text(): string {
    return this.area.value;
  }

  set text(text: string) {
    this.area.value = text;
    this.area.scrollTop = 0;
  }

  /** Shows the state of the text in one line, and its messages. */
  show(state: string, messages: readonly TextMessage[], isWrong: boolean): void {
    const marked = new Set(messages.map(({ line }) => line));
    this.drawNumbers(isWrong ? marked : new Set());
    this.state.textContent = state;
    this.state.className = isWrong ? 'small d' : 'small quiet';
    this.area.setAttribute('aria-invalid', String(isWrong));
    const more = messages.length - MAX_PROBLEMS;
    const items = messages.slice(0, MAX_PROBLEMS).map((message) => this.messageItem(message, isWrong));
    if (more > 0) items.push(make('li', { class: 'quiet' }, `and ${formatCount(more, 'more message')}`));
    this.messages.replaceChildren(...items);
  }

  private messageItem({ line, text }: TextMessage, isWrong: boolean): HTMLElement {
    if (line === null) return make('li', {}, text);
    const button = make('button', { type: 'button', class: isWrong ? 'goto d' : 'goto' }, `Line ${line}`);
    button.addEventListener('click', () => this.selectLine(line));
    return make('li', {}, button, ` ${text}`);
  }

  private selectLine(line: number): void {
    const lines = this.area.value.split('\n');
    const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
    this.area.focus();
    this.area.setSelectionRange(start, start + (lines[line - 1] ?? '').length);
  }

  private drawNumbers(wrong: ReadonlySet<number | null>): void {
    const count = this.area.value.split('\n').length;
    this.area.rows = Math.min(MAX_EDITOR_ROWS, Math.max(MIN_EDITOR_ROWS, count));
    const items = Array.from({ length: Math.min(count, MAX_NUMBERED) }, (_, i) =>
      wrong.has(i + 1) ? make('li', { class: 'bad' }, `▲${i + 1}`) : make('li', {}, String(i + 1)),
    );
    this.numbers.replaceChildren(...items);
    this.numbers.scrollTop = this.area.scrollTop;
  }
}

import { escapeHtml } from '../escape';

/** An element as data. The server writes it as HTML, the browser makes elements of it; text stays text. */
export interface View {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly (View | string)[];
}

/** Makes an element. */
export const view = (
  tag: string,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly (View | string)[]
): View => ({ tag, attributes, children });

/** Text of other people, isolated from the writing direction of its neighbours. */
export const isolatedView = (text: string): View => view('bdi', {}, text);

/** An element as HTML. */
export function viewHtml({ tag, attributes, children }: View): string {
  const written = Object.entries(attributes).map(([name, value]) => ` ${name}="${escapeHtml(value)}"`);
  const content = children.map((child) => (typeof child === 'string' ? escapeHtml(child) : viewHtml(child)));
  return `<${tag}${written.join('')}>${content.join('')}</${tag}>`;
}

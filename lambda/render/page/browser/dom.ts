type Child = Node | string;

/** The element of this id; the page is made with it. */
export function byId<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page lacks #${id}`);
  return found;
}

/** An element with attributes and children. Other people's text enters the page here, as text and never as markup. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>>,
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Other people's text, whose direction must not reach what stands beside it. */
export const isolated = (text: string): HTMLElement => make('bdi', {}, text);

const WHOLE = new Intl.NumberFormat('en-US');
const CENTS = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' });

/** `5,000`. */
export const figure = (amount: number): string => WHOLE.format(amount);

/** `$1,234.50`. */
export const dollars = (amount: number): string => CENTS.format(amount);

/** `1 snapshot`, `5,000 snapshots`. */
export const count = (amount: number, one: string): string => `${figure(amount)} ${one}${amount === 1 ? '' : 's'}`;

import { visibleLines } from '../../../core/util/safe-text';
import type { View } from '../view';

type Child = Node | string;

/** Returns the element with an id that the page always has. */
export function byId<T extends Element>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page lacks #${id}`);
  return found;
}

/** Makes an element. Children are added as text, never as markup. */
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

const SVG = 'http://www.w3.org/2000/svg';

/** Makes the elements of a view. Below an `svg`, all are drawn. */
export function elementOf({ tag, attributes, children }: View, drawn = false): Element {
  const isDrawn = drawn || tag === 'svg';
  const element = isDrawn ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  for (const child of children)
    element.append(typeof child === 'string' ? visibleLines(child) : elementOf(child, isDrawn));
  return element;
}

/** Text of other people, isolated from the writing direction of its neighbours. */
export const isolated = (text: string): HTMLElement => make('bdi', {}, text);

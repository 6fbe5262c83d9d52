import { byId } from './dom';

/** Shows on paper how much is left out; null: nothing. */
export function showLeftOut(id: string, left: string | null): void {
  const place = byId(id, HTMLElement);
  place.textContent = left ?? '';
  if (place.parentElement) place.parentElement.hidden = left === null;
}

/** Opens folded matters while the page is printed. */
export function unfoldWhilePrinting(): void {
  let opened: readonly HTMLDetailsElement[] = [];
  window.addEventListener('beforeprint', () => {
    opened = [
      ...document.querySelectorAll<HTMLDetailsElement>('.att details:not([open]), .unread details:not([open])'),
    ];
    for (const details of opened) details.open = true;
  });
  window.addEventListener('afterprint', () => {
    for (const details of opened) details.open = false;
  });
}

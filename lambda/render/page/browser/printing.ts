import { byId } from './dom';

/** Says on paper how much is left out there; nothing where all is. */
export function showLeftOut(id: string, left: string | null): void {
  const place = byId(id, HTMLElement);
  place.textContent = left ?? '';
  if (place.parentElement) place.parentElement.hidden = left === null;
}

/** Opens what is folded for as long as the page is printed: nobody can unfold paper. */
export function unfoldWhilePrinting(): void {
  let opened: readonly HTMLDetailsElement[] = [];
  window.addEventListener('beforeprint', () => {
    opened = [...document.querySelectorAll<HTMLDetailsElement>('details:not([open])')];
    for (const details of opened) details.open = true;
  });
  window.addEventListener('afterprint', () => {
    for (const details of opened) details.open = false;
  });
}

import { byId } from './dom';

const TOAST_MS = 1_800;
let hiding: ReturnType<typeof setTimeout>;

function toast(text: string): void {
  const place = byId('toast', HTMLElement);
  place.textContent = text;
  place.classList.add('on');
  clearTimeout(hiding);
  hiding = setTimeout(() => place.classList.remove('on'), TOAST_MS);
}

/** Copies with a selection, for a page from a file, where some browsers have no clipboard. */
function copyBySelection(text: string): boolean {
  const field = document.createElement('textarea');
  field.value = text;
  field.className = 'vh';
  document.body.append(field);
  field.select();
  const copied = document.execCommand('copy');
  field.remove();
  return copied;
}

/** Copies a text, and says so. */
export async function copyText(text: string, message: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast(message);
  } catch {
    toast(copyBySelection(text) ? message : 'Not copied. Select the text and copy it.');
  }
}

/** Makes every copy button work. */
export function enableCopying(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>('[data-copy]')) button.hidden = false;
  document.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest<HTMLElement>('[data-copy]') : null;
    if (button === null) return;
    const text = document.getElementById(button.dataset.copy ?? '')?.textContent ?? '';
    void copyText(text, text.startsWith('aws ') ? 'Copied. Paste it into CloudShell.' : 'Copied.');
  });
}

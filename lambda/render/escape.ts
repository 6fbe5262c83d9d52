import { visibleLines } from '../core/util/safe-text';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text that stays text in HTML, between tags and within a quoted attribute, and that hides nothing. */
export const escapeHtml = (text: string): string =>
  visibleLines(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

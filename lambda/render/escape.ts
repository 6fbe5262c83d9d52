import { visibleLines } from '../core/util/safe-text';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes text for HTML, between tags and in quoted attributes; unsafe characters become visible. */
export const escapeHtml = (text: string): string =>
  visibleLines(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

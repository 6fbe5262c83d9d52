/** Maximum size of a policy in a link, in bytes. */
export const MAX_LINK_BYTES = 8_192;

const LINK_PREFIX = '#policy=';

/** What the fragment of an address holds. */
export type LinkPolicy =
  | { readonly state: 'none' }
  | { readonly state: 'policy'; readonly text: string }
  | { readonly state: 'refused'; readonly why: string };

/** The fragment for a policy; null: it is larger than a link may be. */
export function linkFragment(text: string): string | null {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > MAX_LINK_BYTES) return null;
  const base64 = btoa(String.fromCharCode(...bytes));
  return `${LINK_PREFIX}${base64.replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')}`;
}

const refusedLink = (why: string): LinkPolicy => ({ state: 'refused', why });

/** Reads the policy of a fragment, as data. */
export function readFragment(fragment: string): LinkPolicy {
  if (fragment === '' || fragment === '#') return { state: 'none' };
  if (!fragment.startsWith(LINK_PREFIX)) return refusedLink('it does not hold a policy');
  const code = fragment.slice(LINK_PREFIX.length);
  if (code.length > Math.ceil((MAX_LINK_BYTES * 4) / 3))
    return refusedLink(`its policy is larger than ${MAX_LINK_BYTES / 1024} KB`);
  if (!/^[\w-]*$/.test(code)) return refusedLink('its policy is damaged');
  try {
    const bytes = Uint8Array.from(atob(code.replace(/-/g, '+').replace(/_/g, '/')), (character) =>
      character.charCodeAt(0),
    );
    return { state: 'policy', text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return refusedLink('its policy is damaged');
  }
}

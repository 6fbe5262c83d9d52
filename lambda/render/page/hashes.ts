/** Hashes by which the page's policy lets its own style and script through, and nothing else. A test fails when they are stale, and says the new ones. */
export const PAGE_STYLE_HASH = 'sha256-FInYZYmJ2t/cKe0NUtv3+1bL9UfPD4JnU4HcOJlMy5g=';
export const PAGE_SCRIPT_HASH = 'sha256-HmBTk1eo1/N8Upsoltjm/NdbJLGvNbL/6KkmSUTsm3o=';

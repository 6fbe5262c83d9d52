/** Hashes by which the page's policy lets its own style and script through, and nothing else. A test fails when they are stale, and says the new ones. */
export const PAGE_STYLE_HASH = 'sha256-BdbGi3piy/y8qFHCBqYQjnnj/bOlIWE3GpzQauIYIUw=';
export const PAGE_SCRIPT_HASH = 'sha256-gJJfLZvrNyVeisi9ET3xXKcReoePTxJZOuQupHcL6Qc=';

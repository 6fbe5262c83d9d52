/** How `report` can print; each has a renderer in `report.ts`. Apart from it, so that `--help` loads no renderer. */
export const FORMATS = ['text', 'json', 'csv', 'html', 'markdown'] as const;
export type Format = (typeof FORMATS)[number];

/** How `check` can print. */
export const CHECK_FORMATS = ['text', 'json'] as const;
export type CheckFormat = (typeof CHECK_FORMATS)[number];

/** How `compare` can print. */
export const COMPARE_FORMATS = ['text', 'json', 'markdown', 'html'] as const;
export type CompareFormat = (typeof COMPARE_FORMATS)[number];

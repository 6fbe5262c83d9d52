/** How `report` can print; each has a renderer in `report.ts`. Apart from it, so that `--help` loads no renderer. */
export const FORMATS = ['text', 'json', 'csv', 'html', 'markdown', 'email'] as const;
export type Format = (typeof FORMATS)[number];

/** How `apply --dry-run` can print. */
export const DRY_RUN_FORMATS = ['text', 'json'] as const;
export type DryRunFormat = (typeof DRY_RUN_FORMATS)[number];

/** How `history` can print. */
export const HISTORY_FORMATS = ['text', 'json', 'csv'] as const;
export type HistoryFormat = (typeof HISTORY_FORMATS)[number];

/** How `explain` can print. */
export const EXPLAIN_FORMATS = ['text', 'json'] as const;
export type ExplainFormat = (typeof EXPLAIN_FORMATS)[number];

/** How `doctor` can print. */
export const DOCTOR_FORMATS = ['text', 'json'] as const;
export type DoctorFormat = (typeof DOCTOR_FORMATS)[number];

/** How `check` can print. */
export const CHECK_FORMATS = ['text', 'json'] as const;
export type CheckFormat = (typeof CHECK_FORMATS)[number];

/** How `compare` can print. */
export const COMPARE_FORMATS = ['text', 'json', 'markdown', 'html'] as const;
export type CompareFormat = (typeof COMPARE_FORMATS)[number];

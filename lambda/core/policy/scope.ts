import type { EvaluatedSnapshot } from '../report/report-model';
import type { Snapshot } from '../snapshot/snapshot';
import type { Config } from './config';

/** Whether a configuration reads what is in this region and of this kind. */
export const isInScope = (
  { regions, kinds }: Pick<Config, 'regions' | 'kinds'>,
  { region, kind }: Pick<Snapshot, 'region' | 'kind'>,
): boolean => (regions === 'all' || regions.includes(region)) && kinds.includes(kind);

export const OUT_OF_SCOPE = 'outside the regions and kinds of this configuration';

/** A snapshot that a configuration does not read: it keeps it. */
export const outOfScope = (snapshot: Snapshot): EvaluatedSnapshot => ({
  snapshot,
  sourceExists: null,
  verdict: 'keep',
  status: 'unmanaged',
  policy: null,
  reasons: [{ code: 'unmanaged', kind: 'excluded', text: OUT_OF_SCOPE }],
});

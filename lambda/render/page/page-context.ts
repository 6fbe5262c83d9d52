import type { Config } from '../../core/policy/config';
import type { CommandLineRun, DeployedRun } from '../report-header';

/** An earlier report in the chart of the page. Costs are US dollars per month, at most. */
export interface HistoryPoint {
  /** Epoch ms. */
  readonly at: number;
  readonly keep: number;
  readonly expire: number;
  readonly monthlyCostCeiling: number;
}

/** The links from a report to its files and to other reports. */
export interface PageLinks {
  readonly json: string;
  readonly csv: string;
  readonly index: string;
  /** Null: there is no earlier report. */
  readonly previous: string | null;
}

/** How a report page refers to its surroundings. */
export interface PageContext {
  /** Whether the page is stored together with its data files. */
  readonly stored: boolean;
  /** Prefix of the retention tags. */
  readonly tagPrefix: string;
  /** The command that prints all data, for a page that is not stored. */
  readonly csvCommand?: string;
  /** The configuration in force; absent: not known, so that no policy can be tried. */
  readonly config?: Pick<Config, 'floors' | 'caps' | 'deletion'>;
  readonly deletionMode?: 'off' | 'approve' | 'automatic';
  /** The name of the schedule that starts automatic deletions; absent: there is none. */
  readonly deletionSchedule?: string;
  /** By ARN, the earliest local day of the automatic deletion of a snapshot. */
  readonly due?: ReadonlyMap<string, string>;
  /** Whether a deletion of earlier reports may still run; null: not known. */
  readonly isDeleting?: boolean | null;
  /** The run that writes the page; absent: not known. */
  readonly run?: CommandLineRun | DeployedRun;
  /** The command that approves the plan; absent: there is none. */
  readonly applyCommand?: string;
  readonly links?: PageLinks;
  /** Earlier reports, oldest first. */
  readonly history?: readonly HistoryPoint[];
}

import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ReportStore } from './report-store';

/** What others may be allowed to do with a deployment. Nothing of it can delete a snapshot. */
export class RetentionGrants {
  private readonly store: ReportStore;
  private readonly target: IFunction;

  constructor(store: ReportStore, target: IFunction) {
    this.store = store;
    this.target = target;
  }

  /**
   * List and read reports, plans, results and the evidence of these: `reports/`, `plans/`, `results/` and `evidence/`
   * in the bucket.
   */
  readReports(grantee: IGrantable): Grant {
    return this.store.grantReading(grantee);
  }

  /** Make a report now. */
  report(grantee: IGrantable): Grant {
    return this.target.grantInvoke(grantee);
  }
}

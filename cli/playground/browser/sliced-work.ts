const SLICE_MS = 30;

/** What happens with the results of a work: those on the way, and the last one. */
export interface WorkEnd<Result> {
  readonly partly: (result: Result) => void;
  readonly done: (result: Result) => void;
  readonly failed: (why: string) => void;
}

/** Does one work at a time in slices between which the page reacts. A new work cancels the one before it. */
export class SlicedWork<Result> {
  private waiting: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly onBusy: (isBusy: boolean) => void) {}

  /** Begins at once; a small work ends before this returns. */
  start(work: Generator<Result | undefined, Result>, end: WorkEnd<Result>): void {
    clearTimeout(this.waiting);
    this.onBusy(true);
    this.slice(work, end);
  }

  private slice(work: Generator<Result | undefined, Result>, end: WorkEnd<Result>): void {
    const until = performance.now() + SLICE_MS;
    try {
      do {
        const step = work.next();
        if (step.done === true) {
          end.done(step.value);
          this.onBusy(false);
          return;
        }
        if (step.value !== undefined) end.partly(step.value);
      } while (performance.now() < until);
      this.waiting = setTimeout(() => this.slice(work, end), 0);
    } catch (error) {
      end.failed(error instanceof Error ? error.message : String(error));
      this.onBusy(false);
    }
  }
}

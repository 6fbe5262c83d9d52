const SLICE_MS = 30;

/** What happens at the end of a work. */
export interface WorkEnd<Result> {
  readonly done: (result: Result) => void;
  readonly failed: (why: string) => void;
}

/** Does one work at a time in slices between which the page reacts. A new work cancels the one before it. */
export class SlicedWork<Result> {
  private waiting: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly onBusy: (isBusy: boolean) => void) {}

  /** Begins at once; a small work ends before this returns. */
  start(work: Generator<undefined, Result>, end: WorkEnd<Result>): void {
    clearTimeout(this.waiting);
    this.onBusy(true);
    this.slice(work, end);
  }

  private slice(work: Generator<undefined, Result>, end: WorkEnd<Result>): void {
    const until = performance.now() + SLICE_MS;
    try {
      let step = work.next();
      while (step.done !== true && performance.now() < until) step = work.next();
      if (step.done !== true) {
        this.waiting = setTimeout(() => this.slice(work, end), 0);
        return;
      }
      end.done(step.value);
    } catch (error) {
      end.failed(error instanceof Error ? error.message : String(error));
    }
    this.onBusy(false);
  }
}

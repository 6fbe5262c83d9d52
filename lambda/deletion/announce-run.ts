import { deletionEnded, deletionStarted, type RetentionEvent } from '../core/report/retention-event';
import type { DurableSteps } from '../ports/durable-steps';
import { type EventsSent, type PutEvents, sendEvents } from '../ports/event-bus';
import type { RunEnd } from '../render/result-email';
import type { ApprovedRun } from './record-deletion';
import type { ResultSent } from './send-result';

/** The totals of an event; null: the outcomes could not be read. */
function totalsOf(sent: ResultSent | null): Extract<RetentionEvent, { type: 'deletion-ended' }>['totals'] {
  const { deleted, alreadyGone = 0, spared = 0, changed = 0, deletionsFailed: failed = 0, open = 0 } = sent ?? {};
  return deleted === undefined ? null : { deleted, alreadyGone, spared, changed, failed, open };
}

/** Sends the events of one run. Each has a step, so that a run that continues after a crash does not send it again. */
export class RunEvents {
  private result: Partial<EventsSent> = {};

  constructor(
    private readonly steps: DurableSteps,
    private readonly putEvents: PutEvents | undefined,
    private readonly run: Required<Pick<ApprovedRun, 'plan' | 'run' | 'execution' | 'origin'>>,
  ) {}

  /** The result of all events until now, for the log; empty: none are sent. */
  get sent(): Partial<EventsSent> {
    return this.result;
  }

  started(): Promise<void> {
    return this.send('event-start', deletionStarted(this.run.run, this.identity()));
  }

  ended(end: RunEnd, sent: ResultSent | null): Promise<void> {
    const code = end.state === 'finished' ? null : end.code;
    const facts = { state: end.state, code, totals: totalsOf(sent) };
    return this.send('event-end', deletionEnded(this.run.run, this.identity(), facts));
  }

  private identity() {
    const { plan, execution, origin } = this.run;
    return { planId: plan.id, execution, approvedBy: origin.approvedBy?.kind ?? null };
  }

  private async send(step: string, event: RetentionEvent): Promise<void> {
    const { putEvents } = this;
    if (putEvents === undefined) return;
    // A step whose every attempt died counts as not sent: events decide nothing.
    const failed = { events: 'failed', eventsFailure: 'the step did not end' } as const;
    const sent = await this.steps.step(step, () => sendEvents(putEvents, [event])).catch(() => failed);
    if (this.result.events !== 'failed') this.result = sent;
  }
}

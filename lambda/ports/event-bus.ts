import type { RetentionEvent } from '../core/report/retention-event';

/** Puts events on an event bus. Rejects with `channel.events` if it did not accept all of them within a few seconds. */
export type PutEvents = (events: readonly RetentionEvent[]) => Promise<void>;

/** Whether events were sent, with the reason why they were not. */
export type EventsSent = { readonly events: 'sent' } | { readonly events: 'failed'; readonly eventsFailure: string };

/** Puts events on a bus. A failure is only returned: events decide nothing. */
export async function sendEvents(put: PutEvents, events: readonly RetentionEvent[]): Promise<EventsSent> {
  try {
    await put(events);
    return { events: 'sent' };
  } catch (error) {
    return { events: 'failed', eventsFailure: error instanceof Error ? error.message : String(error) };
  }
}

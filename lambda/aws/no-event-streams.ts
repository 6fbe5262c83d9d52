/**
 * Stands in for `@smithy/core/event-streams` in the bundles of functions: no operation that they call has an event
 * stream. Its codec would be 20 KB of each bundle. A call of such an operation fails: the client has no marshaller.
 */
export const resolveEventStreamSerdeConfig = <T>(config: T): T => config;

/** Named by the clients, and never used without the codec. */
export const eventStreamSerdeProvider = undefined;
export const EventStreamSerde = undefined;

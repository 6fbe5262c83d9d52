/** How long (ms) a client waits before a call counts as failed: none of them waits without a limit. */
export interface HttpLimits {
  /** For a connection. */
  readonly connect: number;
  /** For the answer to begin, the sending of the request included. */
  readonly answer: number;
  /** For the next byte, when an answer that has begun, or a request, does not go on. */
  readonly silence: number;
}

/** For what is good to know and not needed. */
export const BRIEF: HttpLimits = { connect: 2_000, answer: 4_000, silence: 4_000 };

/** For calls with little to send: topics, functions, schedules, stacks. */
export const PATIENT: HttpLimits = { connect: 5_000, answer: 10_000, silence: 10_000 };

/** For a bucket: a part of 6 MiB takes most of a minute at 1 Mbit/s, and while it is on its way there is no silence. */
export const UPLOADING: HttpLimits = { connect: 5_000, answer: 60_000, silence: 10_000 };

/** The settings of an SDK client that keeps these limits. */
export const withLimits = ({ connect, answer, silence }: HttpLimits) => ({
  connectionTimeout: connect,
  requestTimeout: answer,
  // Without it the SDK only warns, and waits on.
  throwOnRequestTimeout: true,
  socketTimeout: silence,
});

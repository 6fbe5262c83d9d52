import type { ChatNotification } from '../../lambda/core/report/chat-notification';
import type { Channel, ChatChannel, Message } from '../../lambda/ports/ports';

/** A channel that keeps what it was given; `refuses` times it rejects first. */
export function fakeChannel(
  refuses = 0,
): Channel & { readonly sent: Message[]; readonly signals: (AbortSignal | undefined)[] } {
  const sent: Message[] = [];
  const signals: (AbortSignal | undefined)[] = [];
  let left = refuses;
  return {
    sent,
    signals,
    async send(message, abortSignal) {
      signals.push(abortSignal);
      left -= 1;
      if (left >= 0) throw new Error('the topic is gone');
      sent.push(message);
    },
    confirmedSubscribers: async () => 1,
  };
}

/** A chat that keeps what it was given, or refuses everything. */
export function fakeChat(refusal?: string): ChatChannel & { readonly posted: ChatNotification[] } {
  const posted: ChatNotification[] = [];
  return {
    posted,
    async post(notification) {
      if (refusal !== undefined) throw new Error(refusal);
      posted.push(notification);
    },
  };
}

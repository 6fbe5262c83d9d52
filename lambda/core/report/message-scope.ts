/** What a message of an organization is about: all of it, or one account. The attribute `scope` of the message. */
export const MESSAGE_SCOPES = { organization: 'organization', account: 'account' } as const;

/** The local time at which the deletion schedule starts automatic deletion each day. */
export const DELETION_START = { hour: 13, minute: 47 } as const;

/** `13:47`. */
export const DELETION_START_TEXT = `${DELETION_START.hour}:${DELETION_START.minute}`;

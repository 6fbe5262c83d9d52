/** A time zone as the only question that is ever asked of it. Answers must be pure: the same instant, the same offset. */
export interface Zone {
  /** IANA name. */
  readonly name: string;
  /** Milliseconds to add to an instant (epoch ms) to get its wall clock in this zone. */
  offsetAt(instant: number): number;
}

export const UTC: Zone = { name: 'UTC', offsetAt: () => 0 };

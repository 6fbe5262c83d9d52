/** A time zone as a pure function from instants to offsets. */
export interface Zone {
  /** IANA name. */
  readonly name: string;
  /** Milliseconds to add to an instant (epoch ms) to get its wall clock in this zone. */
  offsetAt(instant: number): number;
}

export const UTC: Zone = { name: 'UTC', offsetAt: () => 0 };

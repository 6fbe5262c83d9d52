/** One address, no display name; whether it exists is shown by the confirmation that AWS asks for. */
const ADDRESS = /^[^\s@,;<>"]+@[^\s@,;<>".]+(\.[^\s@,;<>".]+)+$/;

/** Whether a text is one e-mail address and nothing else. */
export const isAddress = (text: string): boolean => ADDRESS.test(text);

/**
 * Addresses without those that stand there already, in whatever case: who is subscribed twice gets every mail twice.
 */
export function eachOnce(addresses: readonly string[]): readonly string[] {
  const lower = addresses.map((address) => address.toLowerCase());
  return addresses.filter((_, i) => lower.indexOf(lower[i] ?? '') === i);
}

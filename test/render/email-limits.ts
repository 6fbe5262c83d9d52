import { MAX_EMAIL_BYTES, MAX_EMAIL_LINES } from '../../lambda/render/email-layout';

/** The lines of a body; the last one ends with a line feed too. */
export const linesOf = (body: string): readonly string[] => body.slice(0, -1).split('\n');

/** Checks the limits of the contract. */
export function expectWithinLimits({ subject, body }: { readonly subject: string; readonly body: string }): void {
  expect(subject).toMatch(/^\[Lightsail\] [!-~][ -~]*$/);
  expect(subject.length).toBeLessThanOrEqual(99);
  expect(Buffer.byteLength(body)).toBeLessThanOrEqual(MAX_EMAIL_BYTES);
  expect(linesOf(body).length).toBeLessThanOrEqual(MAX_EMAIL_LINES);
  for (const line of linesOf(body)) {
    const [text = ''] = line.split(' https://');
    expect([...text].length).toBeLessThanOrEqual(200);
    expect(line).toBe(line.trimEnd());
  }
  expect(body).not.toMatch(/\n\n\n|^\n/);
  expect(body.endsWith('\n')).toBe(true);
}

/** The parts of a Lightsail ARN. */
export interface LightsailArn {
  readonly region: string;
  readonly account: string;
  /** `Instance`, `InstanceSnapshot`, `Disk`, … */
  readonly type: string;
}

const ARN = /^arn:aws[a-z-]*:lightsail:([a-z]{2,}(?:-[a-z]+)+-\d+):(\d{12}):([A-Za-z]+)\/[^/\s]+$/;

/** Reads `arn:aws:lightsail:<region>:<account>:<Type>/<id>`; null for anything else. */
export function parseArn(text: string): LightsailArn | null {
  const match = ARN.exec(text);
  const [, region, account, type] = match ?? [];
  return region === undefined || account === undefined || type === undefined ? null : { region, account, type };
}

/**
 * Whether an ARN can be of another resource that has taken over the name of the one with the ARN `expected`: of the
 * same account, region and type.
 */
export function couldReplace(received: string, expected: string): boolean {
  const [other, known] = [parseArn(received), parseArn(expected)];
  if (other === null || known === null || differInCase(received, expected)) return false;
  return other.account === known.account && other.region === known.region && other.type === known.type;
}

/** Whether two ARNs differ only in letter case. It is not documented whether these are one resource or two. */
export const differInCase = (a: string | null, b: string): boolean =>
  a !== null && a !== b && a.toLowerCase() === b.toLowerCase();

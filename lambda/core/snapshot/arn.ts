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

/** Whether two ARNs differ only in letter case. It is not documented whether these are one resource or two. */
export const differInCase = (a: string | null, b: string): boolean =>
  a !== null && a !== b && a.toLowerCase() === b.toLowerCase();

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What CloudFormation, EventBridge Scheduler and Lambda answer; null: there is no such thing. */
export interface Deployed {
  readonly stack: { readonly name: string; readonly status: string; readonly outputs: Readonly<Record<string, string>> } | null;
  readonly schedule: { readonly State: string; readonly ScheduleExpression: string; readonly ScheduleExpressionTimezone: string } | null;
  readonly function: LambdaFunction | null;
}

/** A function as Lambda tells of it; `reserved` is how many of it may run at once, where that is limited. */
export interface LambdaFunction {
  readonly State: string;
  readonly StateReason?: string;
  readonly LastUpdateStatus?: string;
  readonly LastUpdateStatusReason?: string;
  readonly reserved?: number;
}

export interface ControlPlane {
  readonly url: string;
  deployed: Deployed;
  close(): Promise<void>;
}

const XMLNS = 'xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"';

function describeStacks(form: URLSearchParams, { stack }: Deployed): readonly [status: number, body: string] {
  if (form.get('Action') !== 'DescribeStacks') throw new Error(`no answer for ${form.get('Action')}`);
  const name = form.get('StackName');
  if (stack === null || stack.name !== name)
    return [
      400,
      `<ErrorResponse ${XMLNS}><Error><Type>Sender</Type><Code>ValidationError</Code><Message>Stack with id ${name} does not exist</Message></Error></ErrorResponse>`,
    ];
  const outputs = Object.entries(stack.outputs).map(
    ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
  );
  const members = `<StackName>${name}</StackName><StackStatus>${stack.status}</StackStatus><CreationTime>2026-01-01T00:00:00Z</CreationTime>`;
  return [
    200,
    `<DescribeStacksResponse ${XMLNS}><DescribeStacksResult><Stacks><member>${members}<Outputs>${outputs.join('')}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`,
  ];
}

const absent = (message: string) => [404, { 'x-amzn-errortype': 'ResourceNotFoundException' }, { Message: message, Type: 'User' }] as const;

function describeFunction(name: string, { function: found, stack }: Deployed): readonly [status: number, headers: object, body: object] {
  if (found === null || name !== stack?.outputs.FunctionName) return absent(`Function not found: ${name}`);
  const { reserved, ...state } = found;
  const Concurrency = reserved === undefined ? undefined : { ReservedConcurrentExecutions: reserved };
  return [200, {}, { Configuration: { FunctionName: name, ...state }, Code: {}, Concurrency }];
}

function describeSchedule({ schedule }: Deployed): readonly [status: number, headers: object, body: object] {
  return schedule === null ? absent('Schedule does not exist.') : [200, {}, schedule];
}

/** The calls of `doctor` that the embedded Lightsail does not serve, on a loopback address. */
export async function startControlPlane(deployed: Deployed): Promise<ControlPlane> {
  const running = { deployed };
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (data) => {
      body += data;
    });
    request.on('end', () => {
      const [, name] = /^\/2015-03-31\/functions\/([^/?]+)$/.exec(request.url ?? '') ?? [];
      if (name !== undefined || request.url?.startsWith('/schedules/')) {
        const [status, headers, answer] =
          name === undefined ? describeSchedule(running.deployed) : describeFunction(decodeURIComponent(name), running.deployed);
        response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(answer));
        return;
      }
      const [status, text] = describeStacks(new URLSearchParams(body), running.deployed);
      response.writeHead(status, { 'content-type': 'text/xml' }).end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get deployed() {
      return running.deployed;
    },
    set deployed(next) {
      running.deployed = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

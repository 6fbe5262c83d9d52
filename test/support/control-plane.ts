import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A resource as CloudFormation lists it. */
export interface ListedResource {
  readonly logicalId: string;
  readonly type: string;
  readonly physicalId: string;
  readonly status?: string;
}

/** A stack as CloudFormation tells of it. A nested one has its root. */
export interface DeployedStack {
  readonly name: string;
  readonly status: string;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly resources: readonly ListedResource[];
  readonly parent?: string;
}

/** A function as Lambda tells of it; `reserved` is how many of it may run at once, where that is limited. */
export interface LambdaFunction {
  readonly State: string;
  readonly StateReason?: string;
  readonly LastUpdateStatus?: string;
  readonly LastUpdateStatusReason?: string;
  readonly reserved?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A schedule as EventBridge Scheduler tells of it. */
export interface DeployedSchedule {
  readonly State: string;
  readonly ScheduleExpression: string;
  readonly ScheduleExpressionTimezone: string;
  readonly Target?: { readonly Arn: string };
}

/** What CloudFormation, EventBridge Scheduler and Lambda answer. What is not here is absent there. */
export interface Deployed {
  readonly stacks: readonly DeployedStack[];
  readonly functions: Readonly<Record<string, LambdaFunction>>;
  readonly schedules: Readonly<Record<string, DeployedSchedule>>;
  /** Actions that the caller may not use, such as `cloudformation:ListStacks`. */
  readonly denied?: readonly string[];
}

export interface ControlPlane {
  readonly url: string;
  deployed: Deployed;
  /** The actions that were called, oldest first. */
  readonly called: string[];
  close(): Promise<void>;
}

interface Reply {
  readonly status: number;
  readonly type: 'text/xml' | 'application/json';
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const XMLNS = 'xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"';
const PAGE = 7;

const xml = (status: number, body: string): Reply => ({ status, type: 'text/xml', body });
const xmlError = (status: number, code: string, message: string): Reply =>
  xml(
    status,
    `<ErrorResponse ${XMLNS}><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
  );
const tag = (name: string, value: string | undefined): string =>
  value === undefined ? '' : `<${name}>${value}</${name}>`;

/** The address of a stack, which a nested stack has as its physical id. */
export const stackArn = (name: string): string =>
  `arn:aws:cloudformation:us-east-1:123456789012:stack/${name}/0a1b2c3d`;

const answer = (action: string, result: string): Reply =>
  xml(200, `<${action}Response ${XMLNS}><${action}Result>${result}</${action}Result></${action}Response>`);

/** One page of a list, and the token of the next. */
function page<T>(all: readonly T[], token: string | null): readonly [items: readonly T[], next: string] {
  const from = Number(token ?? 0);
  return [all.slice(from, from + PAGE), from + PAGE < all.length ? tag('NextToken', String(from + PAGE)) : ''];
}

function describeStack({ name, status, outputs = {} }: DeployedStack): string {
  const members = Object.entries(outputs).map(
    ([key, value]) => `<member>${tag('OutputKey', key)}${tag('OutputValue', value)}</member>`,
  );
  const facts = `${tag('StackName', name)}${tag('StackStatus', status)}${tag('CreationTime', '2026-01-01T00:00:00Z')}`;
  return `<Stacks><member>${facts}<Outputs>${members.join('')}</Outputs></member></Stacks>`;
}

function cloudFormation(form: URLSearchParams, { stacks, denied = [] }: Deployed): Reply {
  const action = form.get('Action') ?? '';
  if (denied.includes(`cloudformation:${action}`))
    return xmlError(403, 'AccessDenied', `not authorized to perform cloudformation:${action}`);
  if (action === 'ListStacks') {
    const [items, next] = page(stacks, form.get('NextToken'));
    const summary = ({ name, status, parent }: DeployedStack): string =>
      `<member>${tag('StackName', name)}${tag('StackId', stackArn(name))}${tag('StackStatus', status)}${tag('CreationTime', '2026-01-01T00:00:00Z')}${tag('ParentId', parent === undefined ? undefined : stackArn(parent))}</member>`;
    return answer(action, `<StackSummaries>${items.map(summary).join('')}</StackSummaries>${next}`);
  }
  const wanted = form.get('StackName');
  const stack = stacks.find(({ name }) => name === wanted || stackArn(name) === wanted);
  if (stack === undefined) return xmlError(400, 'ValidationError', `Stack with id ${wanted} does not exist`);
  if (action === 'DescribeStacks') return answer(action, describeStack(stack));
  if (action === 'ListStackResources') {
    const [items, next] = page(stack.resources, form.get('NextToken'));
    const summary = ({ logicalId, type, physicalId, status = 'CREATE_COMPLETE' }: ListedResource): string =>
      `<member>${tag('LogicalResourceId', logicalId)}${tag('PhysicalResourceId', physicalId)}${tag('ResourceType', type)}${tag('ResourceStatus', status)}${tag('LastUpdatedTimestamp', '2026-01-01T00:00:00Z')}</member>`;
    return answer(action, `<StackResourceSummaries>${items.map(summary).join('')}</StackResourceSummaries>${next}`);
  }
  throw new Error(`no answer for ${action}`);
}

const json = (status: number, body: object, headers: Readonly<Record<string, string>> = {}): Reply => ({
  status,
  type: 'application/json',
  body: JSON.stringify(body),
  headers,
});
const absent = (message: string): Reply =>
  json(404, { Message: message, Type: 'User' }, { 'x-amzn-errortype': 'ResourceNotFoundException' });
const refused = (action: string): Reply =>
  json(403, { Message: `not authorized to perform ${action}` }, { 'x-amzn-errortype': 'AccessDeniedException' });

function lambda(name: string, action: string, { functions, denied = [] }: Deployed): Reply {
  if (denied.includes(action)) return refused(action);
  const found = functions[name.replace(/:[^:]*$/, '')] ?? functions[name];
  if (found === undefined) return absent(`Function not found: ${name}`);
  const { reserved, environment, ...state } = found;
  const configuration = {
    FunctionName: name,
    ...state,
    ...(environment && { Environment: { Variables: environment } }),
  };
  if (action === 'lambda:GetFunctionConfiguration') return json(200, configuration);
  const Concurrency = reserved === undefined ? undefined : { ReservedConcurrentExecutions: reserved };
  return json(200, { Configuration: configuration, Code: {}, Concurrency });
}

function scheduler(name: string, { schedules, denied = [] }: Deployed): Reply {
  if (denied.includes('scheduler:GetSchedule')) return refused('scheduler:GetSchedule');
  const found = schedules[name];
  return found === undefined ? absent('Schedule does not exist.') : json(200, found);
}

function route(path: string, body: string, deployed: Deployed, called: string[]): Reply {
  const [, name, configuration] = /^\/2015-03-31\/functions\/([^/?]+)(\/configuration)?$/.exec(path) ?? [];
  if (name !== undefined) {
    const action = configuration === undefined ? 'lambda:GetFunction' : 'lambda:GetFunctionConfiguration';
    called.push(action);
    return lambda(decodeURIComponent(name), action, deployed);
  }
  const [, schedule] = /^\/schedules\/([^/?]+)/.exec(path) ?? [];
  if (schedule !== undefined) {
    called.push('scheduler:GetSchedule');
    return scheduler(decodeURIComponent(schedule), deployed);
  }
  const form = new URLSearchParams(body);
  called.push(`cloudformation:${form.get('Action')}`);
  return cloudFormation(form, deployed);
}

/** The calls of `doctor` that the embedded Lightsail does not serve, on a loopback address. */
export async function startControlPlane(deployed: Deployed): Promise<ControlPlane> {
  const running = { deployed };
  const called: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (data) => {
      body += data;
    });
    request.on('end', () => {
      const reply = route(request.url ?? '', body, running.deployed, called);
      response.writeHead(reply.status, { 'content-type': reply.type, ...reply.headers }).end(reply.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    called,
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

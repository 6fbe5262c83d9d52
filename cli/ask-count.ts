import type { Plan } from '../lambda/core/plan/plan';
import { RetentionError } from '../lambda/core/util/errors';
import { checkCount } from '../lambda/deletion/verify-plan';
import { type Caller, sayEndpoints } from './aws';
import type { Terminal } from './terminal';

/** No count is as long: input without a line's end is not read for ever. */
const MAX_ANSWER_LENGTH = 1_000;

/** The first line of an input, or its beginning where it is too long; null where nothing comes. */
async function readLine(input: NodeJS.ReadableStream): Promise<string | null> {
  let text = '';
  try {
    for await (const chunk of input) {
      text += String(chunk);
      if (text.includes('\n') || text.length > MAX_ANSWER_LENGTH) break;
    }
  } catch {
    // What cannot be read, such as a directory, says nothing.
    return null;
  }
  return text === '' ? null : (text.split('\n')[0] ?? '');
}

/** Says the plan's count: from `--yes`, which was checked already, from the terminal, or from what is piped in. Refuses plan.count. */
export async function confirmCount(
  plan: Plan,
  yes: number | undefined,
  { err }: Terminal,
  input: NodeJS.ReadStream,
  caller: Pick<Caller, 'endpointNotice'>,
): Promise<void> {
  if (yes !== undefined) return checkCount(plan, yes);
  sayEndpoints(caller, { err });
  const isTerminal = input.isTTY === true;
  err.write(`Type the plan's count (${plan.items.length}) to delete, anything else to stop: `);
  const line = await readLine(input);
  // Nobody's Enter ended the line of the question.
  if (!isTerminal || line === null) err.write('\n');
  if (line === null && !isTerminal)
    throw new RetentionError(
      'usage.no-terminal',
      `there is no terminal to ask on, and nothing was piped in: look at the plan, and give its count with --yes ${plan.items.length} if that is what is to go`,
    );
  checkCount(plan, line !== null && /^\s*\d{1,9}\s*$/.test(line) ? Number(line) : Number.NaN);
}

import type { Plan } from '../lambda/core/plan/plan';
import { RetentionError } from '../lambda/core/util/errors';
import { checkCount, checkShownCount } from '../lambda/deletion/verify-plan';
import { wrap } from '../lambda/render/terminal';
import { type Caller, sayEndpoints } from './aws';
import { columnsOf, type Terminal } from './terminal';

/** No count is this long: input without the end of a line is not read indefinitely. */
const MAX_ANSWER_LENGTH = 1_000;

/** The first line of an input, or its beginning where it is too long; null where it is empty. */
async function readLine(input: NodeJS.ReadableStream): Promise<string | null> {
  let text = '';
  try {
    for await (const chunk of input) {
      text += String(chunk);
      if (text.includes('\n') || text.length > MAX_ANSWER_LENGTH) break;
    }
  } catch {
    // Input that cannot be read, such as a directory, is empty.
    return null;
  }
  return text === '' ? null : (text.split('\n')[0] ?? '');
}

/** The question for the number of snapshots to delete. */
export interface CountQuestion {
  readonly plan: Plan;
  /** The number that was just shown. */
  readonly candidates: number;
  /** The answer of `--yes`. */
  readonly yes: number | undefined;
  /** A sentence before the question; empty: none. */
  readonly note: string;
}

/** Takes the number from `--yes`, from the terminal, or from piped input. Refuses plan.count. */
export async function confirmCount(
  { plan, candidates, yes, note }: CountQuestion,
  { err }: Terminal,
  input: NodeJS.ReadStream,
  caller: Pick<Caller, 'endpointNotice'>,
): Promise<void> {
  if (yes !== undefined) return checkCount(yes, plan, candidates);
  sayEndpoints(caller, { err });
  const isTerminal = input.isTTY === true;
  if (note !== '') err.write(wrap(note, columnsOf(err), ''));
  err.write(`Type the number of snapshots to delete (${candidates}), anything else to stop: `);
  const line = await readLine(input);
  // No Enter key ended the line of the question.
  if (!isTerminal || line === null) err.write('\n');
  if (line === null && !isTerminal)
    throw new RetentionError(
      'usage.no-terminal',
      `there is no terminal to ask on, and no input is piped in; check the list, then pass --yes ${candidates} to delete it`,
    );
  checkShownCount(line !== null && /^\s*\d{1,9}\s*$/.test(line) ? Number(line) : Number.NaN, plan, candidates);
}

import type { Plan } from '../lambda/core/plan/plan';
import { RetentionError } from '../lambda/core/util/errors';
import { oneLine } from '../lambda/core/util/safe-text';
import { checkCount, checkShownCount } from '../lambda/deletion/verify-plan';
import { formatNumber } from '../lambda/render/numbers';
import { wrap } from '../lambda/render/terminal';
import { type Caller, sayEndpoints } from './aws';
import { cleanUpAtSignal } from './end-signals';
import { columnsOf, type Terminal, wrapped } from './terminal';

/** No count is this long: input without the end of a line is not read indefinitely. */
const MAX_ANSWER_LENGTH = 1_000;
const MAX_ANSWER_SHOWN = 60;

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

/** Ends a run whose question was answered with nothing: a person may stop at any time, and that is no error. */
export class NoCount extends RetentionError {}

/** The number in an answer, which may be written as it is shown: `4140`, `4,140`. */
const countIn = (answer: string): number =>
  /^(?:\d{1,9}|\d{1,3}(?:,\d{3}){1,2})$/.test(answer) ? Number(answer.replaceAll(',', '')) : Number.NaN;

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
  const question = `Type the number of snapshots to delete (${formatNumber(candidates)}), anything else to stop:`;
  const stopSaying = cleanUpAtSignal(() => err.write('\nStopped: nothing was deleted.\n'));
  err.write(`${wrapped(question, err)} `);
  const line = await readLine(input).finally(stopSaying);
  // No Enter key ended the line of the question.
  if (!isTerminal || line === null) err.write('\n');
  if (line === null && !isTerminal)
    throw new RetentionError(
      'usage.no-terminal',
      `there is no terminal to ask on, and no input is piped in; check the list, then pass --yes ${candidates} to delete it`,
    );
  const answer = line?.trim() ?? '';
  if (answer === '' && isTerminal)
    throw new NoCount('plan.count', 'Stopped: no number was given, and nothing was deleted.');
  checkShownCount(countIn(answer), plan, candidates, `"${oneLine(answer).slice(0, MAX_ANSWER_SHOWN)}"`);
}

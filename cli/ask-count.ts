import { createInterface } from 'node:readline';
import { checkCount } from '../lambda/app/verify-plan';
import { RetentionError } from '../lambda/core/errors';
import type { Plan } from '../lambda/core/plan';
import type { Terminal } from './terminal';

/** Asks for a count on a terminal; null when something else, or nothing, was typed. */
function askCount(question: string, input: NodeJS.ReadStream, output: NodeJS.WritableStream): Promise<number | null> {
  const lines = createInterface({ input, output, terminal: false });
  return new Promise((resolve) => {
    let answer: number | null = null;
    lines.once('line', (line) => {
      answer = /^\s*\d{1,9}\s*$/.test(line) ? Number(line) : null;
      lines.close();
    });
    lines.once('close', () => resolve(answer));
    output.write(question);
  });
}

/** Says the plan's count: from `--yes`, which was checked already, or from the terminal. Refuses plan.count. */
export async function confirmCount(plan: Plan, yes: number | undefined, { err }: Terminal, input: NodeJS.ReadStream): Promise<void> {
  if (yes !== undefined) return checkCount(plan, yes);
  if (input.isTTY !== true)
    throw new RetentionError(
      'usage.no-terminal',
      'operator',
      `there is no terminal to ask on: look at the plan, and give its count with --yes ${plan.items.length} if that is what is to go`,
    );
  const typed = await askCount(`Type the plan's count (${plan.items.length}) to delete, anything else to stop: `, input, err);
  checkCount(plan, typed ?? Number.NaN);
}

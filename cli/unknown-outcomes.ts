import type { HistoryEntry, HistoryItem } from '../lambda/core/plan/history';
import { ownCommand } from '../lambda/core/report/command-line';
import type { Inventory } from '../lambda/core/report/report-model';
import { oneLine } from '../lambda/core/util/safe-text';
import { wrap } from '../lambda/render/terminal';
import type { RecordedHistory } from './explain-history';
import { NO_PLAN, nextStepOf } from './history-notes';
import type { ExplainJson } from './json-shapes';

type UnknownAnswer = Extract<ExplainJson, { readonly type: 'history' }>['unknown'][number];
type AccountAnswer = UnknownAnswer['account'];

/** What the account tells of a snapshot: whether it exists, where the list of its region and kind was read. */
function accountAnswer({ arn, account, region, kind }: HistoryEntry, inventory: Inventory | null): AccountAnswer {
  if (inventory?.snapshots.some((snapshot) => snapshot.arn === arn) === true) return 'exists';
  const isRead = inventory?.scopes.some(
    (scope) =>
      scope.status === 'read' &&
      scope.region === region &&
      scope.kind === kind &&
      (account === null || scope.account === null || scope.account === account),
  );
  return isRead === true ? 'gone' : 'not-read';
}

const ACCOUNT_TEXTS: Readonly<Record<AccountAnswer, string>> = {
  exists: 'The account still has the snapshot: it was not deleted until now.',
  gone: 'The account no longer has the snapshot: that delete, or another one, was carried out.',
  'not-read': 'Whether the account still has the snapshot was not read. Sign in to its account, and run:',
};

/** Answers for each outcome that is not known: what the account tells, and what to do. */
export function answersOf(
  items: readonly HistoryItem[],
  inventory: Inventory | null,
  { history, run }: Pick<RecordedHistory, 'history' | 'run'>,
): readonly UnknownAnswer[] {
  return items.flatMap(({ entry }): readonly UnknownAnswer[] => {
    if (entry.outcome !== 'unknown') return [];
    const { arn, name, plan, region } = entry;
    const account = accountAnswer(entry, inventory);
    const answer = ACCOUNT_TEXTS[account];
    if (account === 'not-read') {
      const command = ownCommand(['explain', arn, '--region', region, ...run.place.options], run.run);
      return [{ arn, name, account, text: answer, command }];
    }
    const open = history.open.find(({ id }) => id === plan.id);
    const known = open ?? { ...NO_PLAN, id: plan.id };
    const { text, command } = nextStepOf(known, run);
    return [{ arn, name, account, text: `${answer} ${text}`, command }];
  });
}

/** The answers as paragraphs, each with its command on a line of its own. */
export function* answersText(answers: readonly UnknownAnswer[], columns: number): Generator<string> {
  for (const { name, text, command } of answers) {
    yield `\n${wrap(`${oneLine(name)}: ${text}`, columns, '')}`;
    if (command !== null) yield `    ${command}\n`;
  }
}

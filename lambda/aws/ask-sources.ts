import type { LightsailClient } from '@aws-sdk/client-lightsail';
import { differInCase, type LightsailArn, parseArn } from '../core/snapshot/arn';
import type { Kind, SourceState } from '../core/snapshot/snapshot';
import { appendTo } from '../core/util/append-to';
import type { AbsentSource, AskSources, Clock } from '../ports/ports';
import type { CallOptions, SnapshotKind, Source } from '../ports/snapshot-kind';
import { confirmsAbsence, errorFacts } from './aws-errors';
import { type Deadline, startDeadline } from './deadline';
import type { LightsailClients } from './lightsail-client';
import { belongs } from './source-lists';
import { unreadable } from './walk-pages';

export interface AskSourcesOptions {
  /** Makes the kinds when something is asked: what they share is not held until then. */
  readonly kinds: () => Readonly<Record<Kind, SnapshotKind<LightsailClient>>>;
  readonly clients: LightsailClients;
  readonly clock: Clock;
  /** Epoch ms after which nothing more is asked for; null: no limit. */
  readonly until: number | null;
  /** Calls at the same time in one region (default 16). */
  readonly atOnce?: number;
}

const CALLS_AT_ONCE = 16;

type KindOf = ReadonlyMap<string, SnapshotKind<LightsailClient>>;

const SOURCE_GONE: SourceState = { state: 'gone' };
const unconfirmed = (why: string): SourceState => ({ state: 'unconfirmed', why });

/**
 * Makes what asks for sources by name: every region at the same time, each with a bounded number of calls. Never
 * rejects.
 */
export function makeAskSources({
  kinds,
  clients,
  clock,
  until,
  atOnce = CALLS_AT_ONCE,
}: AskSourcesOptions): AskSources {
  return async (sources) => {
    const kindOf: KindOf = new Map(Object.values(kinds()).map((kind) => [kind.sourceType, kind]));
    const deadline = startDeadline(until, clock);
    const answers = new Map<string, SourceState>();
    const byRegion = new Map<string, AbsentSource[]>();
    for (const source of sources) appendTo(byRegion, parseArn(source.arn)?.region ?? '', source);
    const workers = [...byRegion.values()].flatMap((queue) => {
      const left = queue[Symbol.iterator]();
      const work = async (): Promise<void> => {
        for (const source of left) answers.set(source.arn, await stateOf(source, kindOf, deadline));
      };
      return Array.from({ length: Math.min(atOnce, queue.length) }, work);
    });
    try {
      await Promise.all(workers);
    } finally {
      deadline.clear();
    }
    return answers;
  };

  async function stateOf({ arn, names }: AbsentSource, kindOf: KindOf, deadline: Deadline): Promise<SourceState> {
    const parsed = parseArn(arn);
    const kind = parsed === null ? undefined : kindOf.get(parsed.type);
    if (parsed === null || kind === undefined)
      return unconfirmed(`${arn} is not the ARN of an instance, disk or database`);
    if (names.length === 0) return unconfirmed('its snapshots do not name it, so that it cannot be asked for');
    // Usually one: a source that snapshots name differently is gone only if it has none of these names.
    for (const name of names) {
      const state = await stateUnder(name, arn, parsed, kind, deadline);
      if (state.state !== 'gone') return state;
    }
    return SOURCE_GONE;
  }

  async function stateUnder(
    name: string,
    arn: string,
    parsed: LightsailArn,
    kind: SnapshotKind<LightsailClient>,
    deadline: Deadline,
  ): Promise<SourceState> {
    try {
      deadline.check();
      const source = await kind.readSource(clients(parsed.region), name, deadline.options as CallOptions);
      return source === null ? unconfirmed('the answer names no resource') : foundState(source, name, arn, parsed);
    } catch (error) {
      if (confirmsAbsence(error)) return SOURCE_GONE;
      const { code, message } = errorFacts(unreadable(`Get${parsed.type}`, deadline.explain(error)));
      return unconfirmed(`${code}: ${message}`);
    }
  }
}

/**
 * What an answer says of the source that was asked for: another ARN that could be true is of another source, which took
 * its name.
 */
function foundState(source: Source, name: string, arn: string, { region, type, account }: LightsailArn): SourceState {
  if (source.name !== null && source.name !== name)
    return unconfirmed(`the answer has the name ${source.name}, expected ${name}`);
  if (source.arn !== arn) {
    if (source.name === null) return unconfirmed(`the answer has another ARN, ${source.arn}, and no name`);
    if (differInCase(source.arn, arn)) return unconfirmed(`the answer has the ARN ${source.arn}, expected ${arn}`);
    const other = source.arn !== null && belongs(source.arn, region, type) && parseArn(source.arn)?.account === account;
    return other
      ? SOURCE_GONE
      : unconfirmed(`the answer has the ARN ${source.arn}, expected one of ${type} in ${region}`);
  }
  if (source.defect !== null) return unconfirmed(source.defect);
  return { state: 'exists', name: source.name ?? name, tags: source.tags };
}

import { localMinute } from '../lambda/core/time/period';
import type { Zone } from '../lambda/core/time/zone';
import { RetentionError } from '../lambda/core/util/errors';
import { jsonText, oneLine } from '../lambda/core/util/safe-text';
import { type Verification, verifyEvidence } from '../lambda/explain/verify-evidence';
import { formatCount, formatNumber } from '../lambda/render/numbers';
import { zoneText } from '../lambda/render/phrases';
import { wrap } from '../lambda/render/terminal';
import { digestOf, sha256Of } from '../lambda/runtime/digest';
import { type EvidenceHead, headText, parseHead } from '../lambda/storage/evidence';
import { EVIDENCE, evidenceNumber, LOCAL_EVIDENCE } from '../lambda/storage/keys';
import { isFailure, readOrFailure } from '../lambda/storage/read-or-failure';
import { EXIT, type ExitCode } from './exit-codes';
import type { HistoryFormat } from './formats';
import type { HistoryPlace } from './history-store';
import type { HistoryVerifyJson } from './json-shapes';
import { columnsOf, type Terminal, writeOut } from './terminal';

const verifyRefusal = (message: string): RetentionError => new RetentionError('usage.verify', message);

export interface HistoryVerifyOptions {
  /** `NUMBER:SHA256` of an e-mail; absent: a chain that was cut or written again is not found. */
  readonly head?: string | undefined;
  readonly format?: HistoryFormat;
}

function readHead(text: string | undefined): EvidenceHead | null {
  if (text === undefined) return null;
  const head = parseHead(text);
  if (head !== null) return head;
  throw verifyRefusal(
    `got --head ${oneLine(text) || "''"}, expected NUMBER:SHA256 as the last lines of an e-mail print it`,
  );
}

/** Refuses options that do not go together with `--verify`, or only with it. */
export function checkVerifyOptions(
  isVerifying: boolean,
  { name, since, head }: { readonly name: unknown; readonly since: unknown; readonly head: string | undefined },
): void {
  if (isVerifying && (name !== undefined || since !== undefined))
    throw verifyRefusal('--verify checks a whole place, and takes no name and no --since; leave them out');
  if (!isVerifying && head !== undefined) throw verifyRefusal('--head is for --verify; pass both, or neither');
  readHead(head);
}

/**
 * A bucket, or a copy of one, has its chain at the top; local results have it in `results/`, also where they were
 * copied into a bucket.
 */
async function chainOf({ store, where }: HistoryPlace): Promise<string> {
  for (const folder of [EVIDENCE, LOCAL_EVIDENCE]) {
    const listed = await readOrFailure(store.listAfter(folder, ''));
    // What cannot be listed is verified, so that it is named.
    if (isFailure(listed)) return folder;
    const { names } = listed;
    if (names.some((name) => evidenceNumber(name) !== null)) return folder;
  }
  return where.startsWith('s3://') ? EVIDENCE : LOCAL_EVIDENCE;
}

const verificationJson = (verification: Verification): HistoryVerifyJson => ({
  schemaVersion: 1,
  ...verification,
  whole: verification.broken.length === 0,
  head: verification.head === null ? null : headText(verification.head),
});

const MAX_VERIFY_LINES = 20;

/** Some places, each on a line, and how many more there are. */
function linesOf(places: readonly string[], columns: number): string {
  const shown = places.slice(0, MAX_VERIFY_LINES).map((place) => wrap(oneLine(place), columns, '    '));
  const more = places.length - MAX_VERIFY_LINES;
  return [...shown, ...(more > 0 ? [`    and ${formatNumber(more)} more\n`] : [])].join('');
}

/** Lists of places that break nothing: what each has, and what is to be known of it. */
const notesOf = (found: Verification): readonly (readonly [readonly string[], string, string])[] => [
  [found.unrecorded, 'object', 'in no record, for example of a run that died'],
  [found.older, 'object', 'in no record, older than the chain by name and time'],
  [found.unproven, 'result', 'in the index that nothing proves now'],
  [found.otherPlans, 'plan file', 'with another plan than the one that was applied from it'],
  [found.unlisted, 'attempt', 'in no list: an earlier version of this program listed only the one that replaced it'],
  [found.withoutResult, 'approval', 'without a result: the run still works, or it died'],
  [found.replaced, 'object', 'not as recorded, which such a run may have replaced; apply the plan again to record it'],
  [found.afterHead, 'record', 'after the given head, about which it proves nothing'],
];

function* verificationText(
  verification: Verification,
  head: EvidenceHead | null,
  zone: Zone,
  columns: number,
): Generator<string> {
  const { place, records, from, to, broken, expired } = verification;
  const say = (text: string): string => wrap(text, columns, '');
  const time = (at: string): string => localMinute(Date.parse(at), zone);
  const span = from === null || to === null ? '' : `, ${time(from)} to ${time(to)} (${zoneText(zone)})`;
  yield say(`Evidence in ${oneLine(place)}: ${formatCount(records, 'record')}${span}.`);
  const [first, ...others] = broken;
  if (first === undefined && verification.replaced.length > 0)
    yield say('The chain is whole, but a run without a result may have replaced objects: those below are not checked.');
  else if (first === undefined) yield say('The chain is whole: every record and every object is as it was recorded.');
  else {
    const isUnread = broken.every(({ fault }) => fault.endsWith('.unreadable'));
    const what = isUnread ? 'NOT FINISHED: could not read all, at' : 'BROKEN at';
    yield say(`${what} ${first.number}: ${oneLine(first.message)} [${first.fault}]`);
    if (others.length > 0)
      yield linesOf(
        others.map(({ message, fault }) => `${message} [${fault}]`),
        columns,
      );
    yield say('What to do:');
    for (const [fault, remedy] of Object.entries(verification.remedies))
      yield wrap(`[${fault}] ${remedy}`, columns, '    ');
  }
  if (expired > 0) yield say(`${formatCount(expired, 'object')} expired: removed after the time to keep them.`);
  for (const [places, thing, what] of notesOf(verification))
    if (records > 0 && places.length > 0) {
      yield say(`${formatCount(places.length, thing)} ${what}:`);
      yield linesOf(places, columns);
    }
  if (verification.head !== null) yield say(`Head: ${headText(verification.head)}`);
  if (head === null)
    yield say(
      'Without --head, a chain that was cut at its end or written again cannot be found: pass the line "Evidence" of an e-mail.',
    );
}

/** `history --verify`: checks the evidence chain of a place and all that it records. Only reads. */
export async function verifyHistory(
  place: HistoryPlace,
  options: HistoryVerifyOptions,
  zone: Zone,
  terminal: Terminal,
): Promise<ExitCode> {
  const { out } = terminal;
  const { format = 'text' } = options;
  if (format === 'csv') throw verifyRefusal('got --verify with --format csv, expected text or json');
  const head = readHead(options.head);
  const verify = async (): Promise<Verification> =>
    verifyEvidence(
      { store: place.store, hashText: sha256Of, digest: digestOf, folder: await chainOf(place), now: Date.now() },
      head,
    );
  const verification = await verify().catch((error: unknown) => {
    throw place.explain(error);
  });
  if (format === 'json') await writeOut(out, [`${jsonText(verificationJson(verification), 1)}\n`]);
  else await writeOut(out, verificationText(verification, head, zone, columnsOf(out)));
  return verification.broken.length === 0 ? EXIT.done : EXIT.checkFailed;
}

import { withinDistance } from '../util/distance';
import { DEFAULT_TAG_PREFIX, HOLD_KEY } from './tag-keys';

/** The keys and words to compare a tag key with. */
export interface KnownKeys {
  readonly tagPrefix: string;
  /** The valid retention keys. */
  readonly known: readonly string[];
  readonly holdTags: ReadonlySet<string>;
  readonly ignoreTags: ReadonlySet<string>;
  readonly policyNames: Iterable<string>;
}

/** Whether a tag key (with its value) is not valid but similar to a valid one. */
export type IsNearMiss = (key: string, value: string | null) => boolean;

const KEEPING_WORDS = ['donotdelete', 'dontdelete', 'neverdelete', 'donotexpire', 'legalhold'];
const PREFIXED_WORDS = ['hold', 'keep', 'policy', 'expire', 'until', 'forever', 'never', 'legalhold'];
/** Common words of other tools; a key that folds to one is no near miss. */
const OTHER_WORDS = new Set(['delete', 'deleted', 'deletable', 'todelete', 'undelete', 'autodelete']);
const RESERVED = 'aws:';
/** The name of the hold, which holds with the default prefix for every `tagPrefix`. */
const HOLD = HOLD_KEY.slice(`${DEFAULT_TAG_PREFIX}:`.length);

const MIN_LETTERS = { twoEdits: 10, oneEdit: 8, prefixWord: 6, barePrefix: 8 } as const;
/** Maximum number of cached keys. Each other key takes a few microseconds. */
const MAX_STORED = 20_000;

/**
 * Cyrillic and Greek letters, each followed by the similar Latin letter. Some capitals resemble another letter than
 * their small form.
 */
const LOOK_ALIKES: ReadonlyMap<string, string> = new Map(
  [
    'Аa Вb Еe Ѕs Іi Јj Кk Мm Нh Оo Рp Сc Тt Уy Хx Үy Ԛq Ԝw Һh Ӏl',
    'аa вb еe ѕs іi јj кk мm нh оo рp сc тt уy хx үy ԛq ԝw һh ӏl ԁd ѵv гr пn',
    'Αa Βb Εe Ζz Ηh Ιi Κk Μm Νn Οo Ρp Τt Υy Χx',
    'αa βb γy εe ζz ηn ιi κk μu νv οo ρp σo ςc τt υu χx ωw ϳj',
  ].flatMap((pairs) => pairs.split(' ').map(([letter = '', latin = '']) => [letter, latin] as const)),
);

const ASCII = /^[\x20-\x7e]*$/;
/** Separators, and invisible characters. */
const SEPARATORS = /[\s\p{Z}\p{Default_Ignorable_Code_Point}._\-/:=+@]/gu;

function foldText(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  const latin = [...text.normalize('NFKC')].map((sign) => LOOK_ALIKES.get(sign) ?? sign).join('');
  return latin.toLowerCase().toUpperCase().toLowerCase();
}

/** Folds a key: removes differences in letter case, similar letters, blanks and separators. */
export const foldKey = (key: string): string => foldText(key).replace(SEPARATORS, '');

/** Normalizes case, outer blanks and separators. Keys that this test found in the first release stay near misses. */
const normalizeKey = (key: string): string =>
  key
    .trim()
    .toLowerCase()
    .replace(/[._\-/]/g, ':');

function makeNormalizedMatch({ tagPrefix, holdTags }: KnownKeys): (key: string) => boolean {
  const near = new Set([...holdTags, HOLD_KEY].map(normalizeKey));
  const prefix = normalizeKey(`${tagPrefix}:`);
  return (key) => {
    const text = normalizeKey(key);
    return text.startsWith(prefix) || near.has(text);
  };
}

const beginsWithOne = (text: string, words: readonly string[]): boolean => words.some((word) => text.startsWith(word));

type Nearness = 'near' | 'bare' | 'bare-default' | 'far';

/** Everything that a folded key is compared with, folded. */
interface FoldedKeys {
  readonly prefix: string;
  readonly knownKeys: readonly string[];
  /** Hold tags and words that keep. */
  readonly words: readonly string[];
}

function foldKeys({ tagPrefix, known, holdTags }: KnownKeys): FoldedKeys {
  return {
    prefix: foldKey(tagPrefix),
    knownKeys: known.map(foldKey),
    words: [...[...holdTags].map(foldKey), ...KEEPING_WORDS].filter((word) => word !== ''),
  };
}

/** Classifies a folded key; `bare`: it is the prefix alone, and the value decides. */
function makeNearness({ prefix, knownKeys, words }: FoldedKeys): (foldedKey: string) => Nearness {
  const isLong = prefix.length >= MIN_LETTERS.prefixWord;
  const longPrefixes = [DEFAULT_TAG_PREFIX, ...(isLong ? [prefix] : [])];
  const holds = longPrefixes.map((each) => `${each}${HOLD}`);
  const reversedHolds = longPrefixes.map((each) => `${HOLD}${each}`);
  const equal = new Set([...knownKeys, ...words]);
  const twoEdits = knownKeys.filter(({ length }) => length >= MIN_LETTERS.twoEdits);
  const oneEdit = [...words, ...reversedHolds].filter(({ length }) => length >= MIN_LETTERS.oneEdit);
  const beginnings = [...(isLong ? PREFIXED_WORDS.map((word) => prefix + word) : []), ...reversedHolds];
  const isBare = (key: string, of: string): boolean =>
    key === of || (of.length >= MIN_LETTERS.barePrefix && withinDistance(key, of, 1));
  return (key) => {
    if (OTHER_WORDS.has(key)) return 'far';
    const near =
      equal.has(key) ||
      twoEdits.some((other) => withinDistance(key, other, 2)) ||
      oneEdit.some((other) => withinDistance(key, other, 1)) ||
      beginsWithOne(key, beginnings) ||
      holds.some((hold) => key.includes(hold)) ||
      key.endsWith(`${prefix}${HOLD}`);
    if (near) return 'near';
    if (isBare(key, prefix)) return 'bare';
    return isBare(key, DEFAULT_TAG_PREFIX) ? 'bare-default' : 'far';
  };
}

/** A key as commands have it: `Key=…,Value=…`, or JSON. */
const IN_COMMAND = /(?<!\p{L})key["']?\s*[=:]\s*["']?([^,;"'{}]+)/u;
const VALUE_IN_COMMAND = /\svalue\s*[=:].*$/u;

/** Returns the folded key in text that was copied from a command; null: there is none. */
function keyInCommand(text: string): string | null {
  const key = IN_COMMAND.exec(foldText(text))?.[1]?.replace(VALUE_IN_COMMAND, '');
  return key === undefined ? null : foldKey(key);
}

/** Whether the value of a bare prefix contains the rest of a valid key, another valid key, or a word that keeps. */
function makeValueTest(
  { policyNames, holdTags }: KnownKeys,
  nearness: (foldedKey: string) => Nearness,
): (value: string | null, prefix: 'bare' | 'bare-default') => boolean {
  const names = new Set([...policyNames].map(foldKey));
  const holds = new Set([...holdTags].map(foldKey));
  return (value, prefix) => {
    const text = foldKey(value ?? '');
    const keeps = beginsWithOne(text, [HOLD, ...KEEPING_WORDS]) || holds.has(text) || nearness(text) === 'near';
    if (keeps || prefix === 'bare-default') return keeps;
    return text === '' || beginsWithOne(text, PREFIXED_WORDS) || names.has(text);
  };
}

/**
 * Makes the near-miss test of one configuration. A bare prefix counts by its value, unless `ignoresBare`. Keys in `ignoreTags`, keys that AWS reserves and common words about
 * deletion are no near misses. Each key is compared once.
 */
export function makeIsNearMiss(keys: KnownKeys, ignoresBare = false): IsNearMiss {
  const before = makeNormalizedMatch(keys);
  const nearness = makeNearness(foldKeys(keys));
  const saysMore = makeValueTest(keys, nearness);
  const stored = new Map<string, Nearness>();
  const nearnessOf = (key: string): Nearness => {
    if (keys.ignoreTags.has(key)) return 'far';
    if (before(key)) return 'near';
    if (key.startsWith(RESERVED)) return 'far';
    const inCommand = keyInCommand(key);
    return inCommand !== null && nearness(inCommand) !== 'far' ? 'near' : nearness(foldKey(key));
  };
  return (key, value) => {
    let found = stored.get(key);
    if (found === undefined) {
      found = nearnessOf(key);
      if (stored.size < MAX_STORED) stored.set(key, found);
    }
    if (found === 'near' || found === 'far') return found === 'near';
    return !ignoresBare && saysMore(value, found);
  };
}

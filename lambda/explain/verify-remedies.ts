import type { BrokenLink } from './evidence-chain';

type Fault = BrokenLink['fault'];

/** What can be compared, and who can tell, where a chain is. */
interface Witnesses {
  /** What has objects as they were. */
  readonly copy: string;
  /** How someone who may not read it gets the permission. */
  readonly access: string;
  /** A sentence: who can tell what became of it. */
  readonly who: string;
}

const IN_BUCKET: Witnesses = {
  copy: 'the earlier versions in the bucket',
  access: 'Get `s3:ListBucket` and `s3:GetObject` on the bucket',
  who: 'CloudTrail names the writer (`PutObject`, `DeleteObject`), if it records data events of S3.',
};
const IN_FOLDER: Witnesses = {
  copy: 'a backup or another copy of the folder',
  access: 'Get the permission to read it from the owner of the folder',
  who: 'Ask everyone who can write to the folder.',
};

const READ = 'ACCESS, and verify again. Until then nothing is known of it.';
const RESTORE = 'Restore it from COPY, and verify again. WHO';
const COMPARE = 'Compare it with COPY. WHO';
const REWRITE =
  'Compare it with the results, which are the record. Move it and the hidden versions of its page to another place and keep them: the next deletion writes the page again. WHO';

/** What to do about each fault: the one table of these sentences. COPY, ACCESS and WHO stand for those of the place. */
const REMEDIES: Readonly<Record<Fault, string>> = {
  'record.missing': RESTORE,
  'record.altered': COMPARE,
  'record.unreadable': READ,
  'record.inserted': 'Move it to another place, and verify again. WHO',
  'record.not-continued': 'Compare both records with COPY. WHO',
  'chain.empty': 'Check that `--store` names the right place. If it does, restore the records from COPY. WHO',
  'chain.cut': 'Restore the later records from COPY, and verify again with the same head. WHO',
  'chain.rewritten': 'Compare the record, and those before it, with COPY. WHO',
  'chain.second': 'Move each chain, with its own results, to a folder of its own. Verify both.',
  'object.missing': RESTORE,
  'object.altered': COMPARE,
  'object.unreadable': READ,
  'result.not-approved': 'Ask the person whom the approval names. WHO',
  'index.altered': REWRITE,
  'index.unreadable': READ,
  'index.inserted': REWRITE,
  'index.missing': 'The next deletion adds the result again; `history` reads it also without the index. WHO',
};

/** All faults of `history --verify`. */
export const FAULTS = Object.keys(REMEDIES) as readonly Fault[];

/** Returns what to do about a fault, in a few sentences. */
export function remedyOf(fault: Fault, isBucket: boolean): string {
  const { copy, access, who } = isBucket ? IN_BUCKET : IN_FOLDER;
  return REMEDIES[fault].replace('COPY', copy).replace('ACCESS', access).replace('WHO', who);
}

import type { BrokenLink } from './evidence-chain';

type Fault = BrokenLink['fault'];

/** What can be compared, and who can tell, where a chain is. */
interface Witnesses {
  /** What has an object as it was. */
  readonly copy: string;
  /** Who can tell what became of it. */
  readonly who: string;
  /** How someone who may not read it gets the permission. */
  readonly access: string;
}

const IN_BUCKET: Witnesses = {
  copy: 'its earlier version in the bucket',
  who: 'CloudTrail has who wrote or removed it, with data events of S3 (`PutObject`, `DeleteObject`)',
  access: 'Get `s3:ListBucket` and `s3:GetObject` on the bucket',
};
const IN_FOLDER: Witnesses = {
  copy: 'a backup or another copy of the folder',
  who: 'ask everyone who can write to the folder',
  access: 'Get the permission to read it from the owner of the folder',
};

const read = ({ access }: Witnesses): string => `${access}, and verify again. Until then nothing is known of it.`;
const restore = ({ copy, who }: Witnesses): string => `Restore it from ${copy}, and verify again; ${who}.`;
const compare = ({ copy, who }: Witnesses): string => `Compare it with ${copy}; ${who}.`;
const keepAside = ({ who }: Witnesses): string => `Move it to another place, and verify again; ${who}.`;
const rewrite = ({ who }: Witnesses): string =>
  `Compare it with the results, which are the record. Remove it, and the next deletion writes it again; ${who}.`;

/** What to do about each defect of a chain: the one table of these sentences. */
const REMEDIES: Readonly<Record<Fault, (witnesses: Witnesses) => string>> = {
  'record.missing': restore,
  'record.altered': compare,
  'record.unreadable': read,
  'record.inserted': keepAside,
  'record.not-continued': ({ copy, who }) => `Compare both records with ${copy}; ${who}.`,
  'chain.empty': ({ copy, who }) =>
    `Check that \`--store\` names the right place. If it does, restore the records from ${copy}; ${who}.`,
  'chain.cut': ({ copy, who }) =>
    `Restore the later records from ${copy}, and verify again with the same head; ${who}.`,
  'chain.rewritten': ({ copy, who }) => `Compare the record, and those before it, with ${copy}; ${who}.`,
  'chain.second': () => 'Move each chain, with its own results, to a folder of its own. Verify both.',
  'object.missing': restore,
  'object.altered': compare,
  'object.unreadable': read,
  'result.not-approved': ({ who }) => `Ask the person whom the approval names; ${who}.`,
  'index.altered': rewrite,
  'index.unreadable': read,
  'index.inserted': rewrite,
  'index.missing': ({ who }) => `The next deletion adds it again, and \`history\` reads the result without it; ${who}.`,
};

/** The faults of `history --verify`, in the order of their remedies. */
export const FAULTS = Object.keys(REMEDIES) as readonly Fault[];

/** Returns what to do about a fault, in one or two sentences. */
export const remedyOf = (fault: Fault, isBucket: boolean): string => REMEDIES[fault](isBucket ? IN_BUCKET : IN_FOLDER);

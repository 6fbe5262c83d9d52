/** The hash of a file. */
export interface HashedFile {
  readonly key: string;
  /** 64 lower-case hex digits. */
  readonly sha256: string;
}

/** The files of a plan at the end of one of its runs. */
export interface FileList {
  readonly files: readonly HashedFile[];
  /** Whether the result was finished, so that no later run may replace any of the files. */
  readonly isFinished: boolean;
  /** Whether the index of results had the result: of a finished plan, the finished one. */
  readonly isIndexed: boolean;
}

const FINISHED = '# finished';
const INDEXED = '# indexed';

/** Writes a list of files as `sha256sum -c` reads it, in order of their keys. What else it says is in comments. */
export const fileListText = ({ files, isFinished, isIndexed }: FileList): string =>
  [
    ...(isFinished ? [`${FINISHED}\n`] : []),
    ...(isIndexed ? [`${INDEXED}\n`] : []),
    ...[...files].sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ key, sha256 }) => `${sha256}  ${key}\n`),
  ].join('');

/** Reads a list of files; null where it is not one. */
export function parseFileList(text: string): FileList | null {
  const lines = text.split('\n');
  if (lines.pop() !== '') return null;
  const comments = lines.filter((line) => line.startsWith('#'));
  const files = lines
    .filter((line) => !line.startsWith('#'))
    .map((line): HashedFile | null => {
      const [, sha256, key] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? [];
      return sha256 === undefined || key === undefined ? null : { sha256, key };
    });
  if (files.includes(null)) return null;
  return {
    files: files.filter((file) => file !== null),
    isFinished: comments.includes(FINISHED),
    isIndexed: comments.includes(INDEXED),
  };
}

/** The hash of a file. */
export interface HashedFile {
  readonly key: string;
  /** 64 lower-case hex digits. */
  readonly sha256: string;
}

/** Writes a list of files as `sha256sum -c` reads it, in order of their keys. */
export const fileListText = (files: readonly HashedFile[]): string =>
  [...files]
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ key, sha256 }) => `${sha256}  ${key}\n`)
    .join('');

/** Reads a list of files; null where it is not one. */
export function parseFileList(text: string): readonly HashedFile[] | null {
  const lines = text.split('\n');
  if (lines.pop() !== '') return null;
  const files = lines.map((line) => /^([0-9a-f]{64}) {2}(.+)$/.exec(line));
  return files.some((match) => match === null)
    ? null
    : files.map((match) => ({ sha256: match?.[1] ?? '', key: match?.[2] ?? '' }));
}

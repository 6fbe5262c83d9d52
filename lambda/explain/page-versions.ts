import { jsonText } from '../core/util/safe-text';
import { RESULT_INDEX, resultIndexPage } from '../storage/keys';
import { isFailure, readOrFailure } from '../storage/read-or-failure';
import { type IndexedLine, indexPageObject, splitIndexPage } from '../storage/result-index';
import type { BrokenLink, VerifyPorts } from './evidence-chain';

/** Matches the hidden file of a folder that replaced a page of the index: the number of the page, and its own. */
const HIDDEN_PAGE = /^\.(\d{5})\.json\.v([1-9]\d*)$/;

/** A defect of the index, which has no record of its own. */
export type PageDefect = Pick<BrokenLink, 'fault' | 'place' | 'message'>;

const hiddenName = (page: number, version: number): string => `.${String(page).padStart(5, '0')}.json.v${version}`;

/** The numbers of the versions that replaced each page, in order, by the number of the page. */
export function pageVersions(names: Iterable<string>): ReadonlyMap<number, readonly number[]> {
  const versions = new Map<number, number[]>();
  for (const name of names) {
    const [, page, version] = HIDDEN_PAGE.exec(name) ?? [];
    if (page === undefined || version === undefined) continue;
    versions.set(
      Number(page),
      [...(versions.get(Number(page)) ?? []), Number(version)].sort((a, b) => a - b),
    );
  }
  return versions;
}

/** How many versions follow each other without a gap: those behind one are never read. */
export const followedVersions = (versions: readonly number[]): number =>
  versions.findIndex((version, index) => version !== index + 1) + 1 || versions.length + 1;

/** The key of the file that has a page now. */
export function currentPageKey(page: number, versions: readonly number[] = []): string {
  const last = followedVersions(versions) - 1;
  return last === 0 ? resultIndexPage(page) : RESULT_INDEX + hiddenName(page, last);
}

const pageText = (page: number, lines: readonly IndexedLine[]): string =>
  [...indexPageObject(page, lines).body].join('');

const isSameLine = (a: IndexedLine | undefined, b: IndexedLine): boolean =>
  a !== undefined && a.line === b.line && jsonText(a.plan) === jsonText(b.plan);

/** Checks the replaced versions of one page: each has the first lines of the one that replaced it. */
class VersionsCheck {
  readonly defects: PageDefect[] = [];

  constructor(
    private readonly ports: Pick<VerifyPorts, 'store' | 'hashText'>,
    private readonly page: number,
    private readonly versions: readonly number[],
  ) {}

  async run(): Promise<void> {
    const last = followedVersions(this.versions) - 1;
    for (const version of this.versions.slice(last)) {
      const place = this.placeOf(version);
      this.add(place, `${place} is not read, because the version before it is missing`);
    }
    let next: readonly IndexedLine[] | null = null;
    for (let version = last; version > 0; version -= 1) {
      const lines = await this.readLines(version);
      if (version < last && lines !== null) this.checkFollowed(version, lines, next);
      next = lines;
    }
    if (last > 0 && next !== null) await this.checkFirst(next);
  }

  private placeOf(version: number): string {
    const { store } = this.ports;
    return store.locate(version === 0 ? resultIndexPage(this.page) : RESULT_INDEX + hiddenName(this.page, version));
  }

  private add(place: string, message: string): void {
    this.defects.push({ fault: 'index.altered', place, message });
  }

  /**
   * The lines of a version; null where it cannot be read or is not as it was written. That is noted but for the last
   * version, which is read as the page.
   */
  private async readLines(version: number): Promise<readonly IndexedLine[] | null> {
    const place = this.placeOf(version);
    const text = await readOrFailure(this.ports.store.get(RESULT_INDEX + hiddenName(this.page, version)));
    const isLast = version === followedVersions(this.versions) - 1;
    if (isFailure(text)) {
      if (!isLast) this.defects.push({ fault: `index.${text.fault}`, place, message: text.failure });
      return null;
    }
    const lines = text === null ? null : splitIndexPage(text);
    if (lines !== null && pageText(this.page, lines) === text) return lines;
    if (!isLast) this.add(place, `${place} is not as this version writes the index`);
    return null;
  }

  private checkFollowed(version: number, lines: readonly IndexedLine[], next: readonly IndexedLine[] | null): void {
    if (next === null || (lines.length < next.length && lines.every((line, index) => isSameLine(next[index], line))))
      return;
    const place = this.placeOf(version);
    this.add(place, `${place} is no earlier version of ${this.placeOf(version + 1)}`);
  }

  /** Checks the file that people see. A folder tells only the hash of it, because it was replaced. */
  private async checkFirst(next: readonly IndexedLine[]): Promise<void> {
    const { store, hashText } = this.ports;
    const place = this.placeOf(0);
    const found = await readOrFailure(store.fingerprint(resultIndexPage(this.page)));
    if (isFailure(found)) {
      this.defects.push({ fault: `index.${found.fault}`, place: found.path ?? place, message: found.failure });
      return;
    }
    const sha256 = found?.name === undefined ? found?.sha256 : found.earlier?.[0]?.sha256;
    for (let count = next.length - 1; count > 0; count -= 1)
      if (hashText(pageText(this.page, next.slice(0, count))) === sha256) return;
    const what = sha256 == null ? 'is missing' : 'is no earlier version of the page';
    this.add(place, `${place} ${what}, which ${this.placeOf(1)} replaced`);
  }
}

/** Checks the versions of all pages that were replaced in a folder: no one reads them, and people see the first. */
export async function checkPageVersions(
  ports: Pick<VerifyPorts, 'store' | 'hashText'>,
  pages: ReadonlyMap<number, readonly number[]>,
): Promise<readonly PageDefect[]> {
  const defects: PageDefect[] = [];
  for (const [page, versions] of pages) {
    const check = new VersionsCheck(ports, page, versions);
    await check.run();
    defects.push(...check.defects);
  }
  return defects;
}

import { Writable } from 'node:stream';
import { withProgress } from '../../cli/progress';
import type { InventoryProgress } from '../../lambda/ports/ports';

const ESCAPE = '\u001b';

/** A stream that remembers what was written; a terminal of so many columns, or none. */
function aStream(columns?: number): { readonly stream: NodeJS.WriteStream; readonly text: () => string } {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  return {
    stream: Object.assign(
      stream,
      columns === undefined ? {} : { isTTY: true, columns },
    ) as unknown as NodeJS.WriteStream,
    text: () => chunks.join(''),
  };
}

const EVENTS: readonly InventoryProgress[] = [
  { event: 'regions', regions: 2, scopes: 4 },
  { event: 'page', region: 'us-east-1', kind: 'instance', snapshots: 1_000 },
  { event: 'page', region: 'us-east-1', kind: 'instance', snapshots: 234 },
  { event: 'scope', region: 'us-east-1', kind: 'instance', status: 'read', pages: 2, snapshots: 1_234 },
  { event: 'scope', region: 'us-east-1', kind: 'disk', status: 'read', pages: 1, snapshots: 0 },
  { event: 'scope', region: 'eu-south-2', kind: 'instance', status: 'failed', pages: 0, snapshots: 0 },
  { event: 'scope', region: 'eu-south-2', kind: 'disk', status: 'disabled', pages: 0, snapshots: 0 },
];

const read = async (tell: (event: InventoryProgress) => void): Promise<string> => {
  for (const event of EVENTS) tell(event);
  return 'read';
};

/** What a terminal shows at the end of each rewriting of a line. */
const shown = (text: string): readonly string[] =>
  text
    .replace(new RegExp(`${ESCAPE}(?:[78]|\\[[\\d;?]*[A-Za-z])`, 'g'), '\r')
    .split(/[\r\n]+/)
    .filter((line) => line !== '');

describe('progress', () => {
  it('is one plain line for each scope where there is no terminal', async () => {
    const { stream, text } = aStream();
    expect(await withProgress(stream, false, read)).toBe('read');
    expect(text()).toBe(
      'reading 4 lists in 2 regions\nus-east-1 instance: 1,234 snapshots on 2 pages\nus-east-1 disk: 0 snapshots on 1 page\neu-south-2 instance: NOT READ\neu-south-2 disk: region is disabled\n',
    );
  });

  it('is silent when it should be quiet', async () => {
    for (const columns of [undefined, 80]) {
      const { stream, text } = aStream(columns);
      expect(await withProgress(stream, true, read)).toBe('read');
      expect(text()).toBe('');
    }
  });

  it.each([60, 120])('is a bar that fits %d columns, with lists, snapshots and their rate', async (columns) => {
    const { stream, text } = aStream(columns);
    await withProgress(stream, false, read);
    const all = shown(text());
    expect(all.filter((line) => line.length > columns)).toEqual([]);
    expect(all.some((line) => /^█+ 4 of 4 lists, 1,234 snapshots, [\d,]+\/s$/.test(line))).toBe(true);
    expect(all.slice(-3)).toEqual([
      'eu-south-2 instance: NOT READ',
      'eu-south-2 disk: region is disabled',
      'read 1,234 snapshots in 2 regions',
    ]);
  });

  it('says which region a service control policy denies, and that sources are asked for by name', async () => {
    const { stream, text } = aStream(undefined);
    await withProgress(stream, false, async (tell) => {
      tell({ event: 'scope', region: 'eu-south-2', kind: 'disk', status: 'denied', pages: 0, snapshots: 0 });
      tell({ event: 'sources', sources: 12 });
    });
    expect(shown(text())).toEqual([
      'eu-south-2 disk: region is denied by a service control policy',
      'asking for 12 sources by name',
    ]);
  });

  it('says that automatic snapshots are being counted', async () => {
    for (const columns of [undefined, 80]) {
      const { stream, text } = aStream(columns);
      await withProgress(stream, false, async (tell) => tell({ event: 'automatic', regions: 2 }));
      expect(shown(text())).toContain('counting automatic snapshots in 2 regions');
    }
  });

  describe('while nothing arrives', () => {
    beforeEach(() => jest.useFakeTimers());
    afterEach(() => jest.useRealTimers());

    const LISTS = ['us-east-1', 'eu-south-2', 'eu-west-1', 'sa-east-1'].map(
      (region) => ({ event: 'list', region, kind: 'disk' }) as const,
    );
    const ended = (region: string) =>
      ({ event: 'scope', region, kind: 'disk', status: 'read', pages: 1, snapshots: 0 }) as const;
    const REGIONS = { event: 'regions', regions: 4, scopes: 4 } as const;

    it.each([
      ['the regions', []],
      ['4 lists: us-east-1 disk, eu-south-2 disk, eu-west-1 disk and 1 more', [REGIONS, ...LISTS]],
      ['3 lists: eu-south-2 disk, eu-west-1 disk, sa-east-1 disk', [REGIONS, ...LISTS, ended('us-east-1')]],
      ['the lists of instances, disks and databases', [REGIONS, ...LISTS, ...LISTS.map(({ region }) => ended(region))]],
      ['the count of automatic snapshots', [REGIONS, { event: 'automatic', regions: 4 } as const]],
      ['sources that are in no list', [REGIONS, { event: 'sources', sources: 4 } as const]],
    ])('says after ten seconds that it waits for %s, and again', async (what, events) => {
      for (const columns of [undefined, 80]) {
        const { stream, text } = aStream(columns);
        await withProgress(stream, false, async (tell) => {
          for (const event of events) tell(event);
          await jest.advanceTimersByTimeAsync(20_500);
        });
        const given = shown(text()).filter((line) => line.startsWith('nothing arrived'));
        expect(given).toEqual(
          ['10', '20'].map((seconds) => `nothing arrived for ${seconds} seconds: waiting for ${what}`),
        );
      }
    });

    it('says nothing when it should be quiet, nor while something arrives, nor afterwards', async () => {
      const { stream, text } = aStream();
      const steadily = async (tell: (event: InventoryProgress) => void): Promise<void> => {
        tell(REGIONS);
        for (let turn = 0; turn < 3; turn += 1) {
          await jest.advanceTimersByTimeAsync(9_000);
          tell({ event: 'page', region: 'us-east-1', kind: 'disk', snapshots: 1 });
        }
      };
      await withProgress(stream, false, steadily);
      await withProgress(stream, true, () => jest.advanceTimersByTimeAsync(60_000));
      await jest.advanceTimersByTimeAsync(60_000);
      expect(text()).not.toContain('nothing arrived');
      expect(jest.getTimerCount()).toBe(0);
    });
  });

  it('takes the bar away when the reading fails, and lets the failure through', async () => {
    const { stream, text } = aStream(80);
    const broken = withProgress(stream, false, async (tell) => {
      await read(tell);
      throw new Error('the account is gone');
    });
    await expect(broken).rejects.toThrow('the account is gone');
    expect(text()).toMatch(/read 1,234 snapshots in 2 regions\n$/);
  });

  it('says nothing of regions when it failed before it knew them', async () => {
    const { stream, text } = aStream(80);
    await expect(withProgress(stream, false, async () => Promise.reject(new Error('no credentials')))).rejects.toThrow(
      'no credentials',
    );
    expect(shown(text())).toEqual([]);
  });
});

import { countProgress, withProgress } from '../../cli/progress';
import type { InventoryProgress } from '../../lambda/ports/ports';
import { Screen } from '../support/screen';

const KINDS = ['instance', 'disk', 'database'] as const;
const REGIONS = ['us-east-1', 'eu-central-1', 'ap-southeast-2'];

/** A reading of three regions, of which one list fails; `between` runs after each event. */
const reading =
  (between: (index: number) => Promise<void> = async () => undefined) =>
  async (tell: (event: InventoryProgress) => void): Promise<void> => {
    const events: readonly InventoryProgress[] = [
      { event: 'regions', regions: 3, scopes: 9 },
      ...REGIONS.flatMap((region) =>
        KINDS.flatMap((kind): readonly InventoryProgress[] => [
          { event: 'page', region, kind, snapshots: 1_000 },
          {
            ...{ event: 'scope', region, kind, pages: 1, snapshots: 1_000 },
            status: region === 'eu-central-1' && kind === 'disk' ? 'failed' : 'read',
          },
        ]),
      ),
      { event: 'automatic', regions: 3 },
    ];
    for (const [index, event] of events.entries()) {
      tell(event);
      await between(index);
    }
  };

const LEFT = [
  'counting automatic snapshots in 3 regions',
  'eu-central-1 disk: NOT READ',
  'read 9,000 snapshots in 3 regions',
];

describe('the progress bar on a screen', () => {
  it.each([[60], [80], [200]])('owns one line of %d columns and leaves nothing behind', async (columns) => {
    const screen = new Screen(columns);
    const seen: (readonly string[])[] = [];
    await screen.type('$ report\n');
    await withProgress(
      screen.stream,
      false,
      reading(async () => void seen.push(await screen.lines())),
      'xterm',
    );
    for (const lines of seen.slice(0, -1)) {
      expect(lines).toHaveLength(2);
      expect(lines[1]).toMatch(/^[█░]+ \d of 9 lists, [\d,]+ snapshots?, [\d,]+\/s$/);
    }
    await screen.type('wrote report.html\n');
    expect(await screen.lines()).toEqual(['$ report', ...LEFT, 'wrote report.html']);
  });

  it('fills as much of the bar as it counts lists', async () => {
    const screen = new Screen(80);
    await withProgress(
      screen.stream,
      false,
      reading(async () => {
        const [line = ''] = (await screen.lines()).slice(-1);
        const [, done = '', bar = ''] = [null, /(\d) of 9/.exec(line)?.[1], /^[█░]+/.exec(line)?.[0]];
        if (bar === '') return;
        expect((bar.match(/█/g) ?? []).length).toBe(Math.round((bar.length * Number(done)) / 9));
      }),
      'xterm',
    );
  });

  it.each([
    ['narrower', 80, 40],
    ['much narrower', 200, 30],
    ['wider', 60, 160],
  ])('leaves nothing behind on a terminal that becomes %s', async (_, before, after) => {
    const screen = new Screen(before);
    const resizing = async (index: number): Promise<void> => {
      if (index === 7) await screen.resize(after);
    };
    await withProgress(screen.stream, false, reading(resizing), 'xterm');
    expect((await screen.lines()).join('\n').replace(/\n/g, '')).toBe(LEFT.join(''));
    expect((await screen.lines()).join('')).not.toMatch(/[█░]/);
  });

  it.each([
    ['in the middle', 4],
    ['at the bottom', 30],
  ])('leaves nothing behind when the prompt is %s', async (_, linesBefore) => {
    const screen = new Screen(80);
    const prompts = Array.from({ length: linesBefore }, (__, i) => `$ command ${i}`);
    await screen.type(`${prompts.join('\n')}\n`);
    await withProgress(screen.stream, false, reading(), 'xterm');
    await screen.type('done\n');
    expect(await screen.lines()).toEqual([...prompts, ...LEFT, 'done']);
  });

  it('leaves nothing behind when the reading fails', async () => {
    const screen = new Screen(80);
    const broken = withProgress(
      screen.stream,
      false,
      async (tell) => {
        await reading()(tell);
        throw new Error('the connection is lost');
      },
      'xterm',
    );
    await expect(broken).rejects.toThrow('the connection is lost');
    expect(await screen.lines()).toEqual(LEFT);
    expect(screen.stream.listenerCount('resize')).toBe(0);
  });

  it('is plain lines on a dumb terminal', async () => {
    const screen = new Screen(80, 30);
    await withProgress(screen.stream, false, reading(), 'dumb');
    const lines = await screen.lines();
    expect(lines[0]).toBe('reading 9 lists in 3 regions');
    expect(lines).toHaveLength(11);
    expect(lines.join('')).not.toMatch(/[█░]/);
  });
});

describe('the bar of snapshots that are checked one by one', () => {
  const count = async (screen: Screen, total: number, term = 'xterm'): Promise<readonly (readonly string[])[]> => {
    const seen: (readonly string[])[] = [];
    const bar = countProgress(screen.stream, false, { total, verb: 'checked' }, term);
    for (let done = 0; done < total; done += 1) {
      bar.count();
      bar.say(`deleted web-${done}`);
      seen.push(await screen.lines());
    }
    bar.stop();
    return seen;
  };

  it.each([60, 80, 200])('stays below printed lines on %d columns, and leaves nothing behind', async (columns) => {
    const screen = new Screen(columns, 30);
    const seen = await count(screen, 3);
    expect(seen.map((lines) => lines.at(-1)?.replace(/^[█░]+ /, ''))).toEqual([
      '1 of 3 snapshots checked',
      '2 of 3 snapshots checked',
      '3 of 3 snapshots checked',
    ]);
    expect(await screen.lines()).toEqual(['deleted web-0', 'deleted web-1', 'deleted web-2']);
    expect(screen.stream.listenerCount('resize')).toBe(0);
  });

  it('is hidden while the account is read again', async () => {
    const screen = new Screen(80, 30);
    const bar = countProgress(screen.stream, false, { total: 2, verb: 'processed' }, 'xterm');
    await bar.during(async () => {
      bar.count();
      bar.say('deleted web-1');
      expect(await screen.lines()).toEqual(['deleted web-1']);
    });
    bar.say('deleted web-2');
    expect((await screen.lines()).at(-1)).toMatch(/ 1 of 2 snapshots processed$/);
    bar.stop();
    expect(await screen.lines()).toEqual(['deleted web-1', 'deleted web-2']);
  });

  it('is left out on a dumb terminal', async () => {
    const screen = new Screen(80, 30);
    await count(screen, 2, 'dumb');
    expect(await screen.lines()).toEqual(['deleted web-0', 'deleted web-1']);
  });
});

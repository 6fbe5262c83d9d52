import { Writable } from 'node:stream';
import { Terminal } from '@xterm/headless';

/** A terminal model behind a stream, as a program sees it. */
export class Screen {
  readonly terminal: Terminal;
  readonly stream: NodeJS.WriteStream;

  constructor(columns: number, rows = 12) {
    this.terminal = new Terminal({ cols: columns, rows, allowProposedApi: true, convertEol: true });
    const write = (text: string): Promise<void> => new Promise((done) => this.terminal.write(text, done));
    const stream = new Writable({ write: (chunk, _, done) => void write(String(chunk)).then(() => done()) });
    this.stream = Object.assign(stream, { isTTY: true, columns }) as unknown as NodeJS.WriteStream;
  }

  /** Waits until everything that was written is shown. */
  settle(): Promise<void> {
    return new Promise((done) => this.stream.write('', () => done()));
  }

  async resize(columns: number): Promise<void> {
    await this.settle();
    this.terminal.resize(columns, this.terminal.rows);
    Object.assign(this.stream, { columns });
    this.stream.emit('resize');
    await this.settle();
  }

  async type(text: string): Promise<void> {
    await new Promise<void>((done) => this.stream.write(text, () => done()));
  }

  /** Every line that can be seen or scrolled back to, without empty ones at the end. */
  async lines(): Promise<readonly string[]> {
    await this.settle();
    const { active } = this.terminal.buffer;
    const all = Array.from({ length: active.length }, (_, i) => active.getLine(i)?.translateToString(true) ?? '');
    while (all.at(-1) === '') all.pop();
    return all;
  }
}

/** Splits UTF-8 chunks into lines, without line ends. A non-empty rest after the last line end is a line too. */
export async function* splitLines(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let pending = '';
  for await (const piece of pieces) {
    pending += decoder.decode(piece, { stream: true });
    let from = 0;
    for (let end = pending.indexOf('\n'); end >= 0; end = pending.indexOf('\n', from)) {
      yield pending.slice(from, end);
      from = end + 1;
    }
    pending = pending.slice(from);
  }
  pending += decoder.decode();
  if (pending !== '') yield pending;
}

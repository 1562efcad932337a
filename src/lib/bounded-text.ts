/** Reads a response's text up to a maximum size, so that no answer of another server fills the memory. */

class TooLargeError extends Error {
  override name = 'TooLargeError';
  readonly code = 'the answer is too large';
}

/** @throws TooLargeError as soon as more bytes have arrived than allowed; the rest is not read */
export async function textWithin(
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  maxBytes: number,
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new TooLargeError(`more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

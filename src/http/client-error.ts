/**
 * Responds to a request that did not arrive completely or is not HTTP. One that was too slow is answered 503 instead of 408:
 * while this process is overloaded the delay is its own, and SNS gives a message up after any 4xx.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
 */
import type { Socket } from 'node:net';
import type { ConnectionError } from 'fastify';
import { retrySeconds } from './error-handler.ts';

interface Refusal {
  status: 400 | 431 | 503;
  /** Of the status, for the first line of the response. */
  phrase: string;
  error: string;
}

const refusals: Readonly<Record<string, Refusal>> = {
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 503,
    phrase: 'Service Unavailable',
    error: 'the request took too long to arrive; send it again',
  },
  HPE_HEADER_OVERFLOW: { status: 431, phrase: 'Request Header Fields Too Large', error: 'the headers are too large' },
};
const malformed: Refusal = { status: 400, phrase: 'Bad Request', error: 'this is not a valid HTTP request' };

export function onClientError({ code }: ConnectionError, socket: Socket): void {
  if (code === 'ECONNRESET' || socket.destroyed) return;
  const { status, phrase, error } = refusals[code] ?? malformed;
  const body = JSON.stringify({ error });
  const headers = [
    `HTTP/1.1 ${status} ${phrase}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(status === 503 ? [`Retry-After: ${retrySeconds}`] : []),
    'Connection: close',
  ];
  if (socket.writable) socket.write(`${headers.join('\r\n')}\r\n\r\n${body}`);
  socket.destroySoon();
}

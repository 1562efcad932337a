/** What strangers and broken senders do to a running service. Each attack ends with the status that it got; 0: none. */
import { setTimeout as sleep } from 'node:timers/promises';
import { changeDelivery, reference } from '../fixtures/index.ts';
import { head, openRaw } from '../security/raw-connection.ts';
import { push } from './push.ts';

export const attackNames = [
  'wrong-proof',
  'slow-body',
  'malformed-batch',
  'oversized-body',
  'unknown-path',
  'headers-only',
  'malformed-http',
  'wrong-login',
] as const;
export type AttackName = (typeof attackNames)[number];

export interface Target {
  url: string;
  /** A secret that proves a sender: also such a sender may be broken. */
  secret: string;
}

/** Longer than the service lets a body or headers take. */
const patienceMs = 15_000;
const trickleMs = 200;
const wrongSecret = 'a-secret-that-nobody-has-set';
const deletion = JSON.stringify(changeDelivery('ResourceDeleted', reference('product', 'x')));
/** Refused as a whole, so that they leave no dead letter. */
const malformedBatches = [
  '[',
  '[{"notificationType":"Message"',
  JSON.stringify(Array.from({ length: 101 }, (_, index) => index)),
  JSON.stringify(Array.from({ length: 5_000 }, () => ({}))),
  '{"messages":[{}]}',
  '"text"',
  '',
];
const malformedHttp = [
  'POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: xchunked\r\n\r\n{}',
  'POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
  'hello\r\n\r\n',
  'GET / HTTP/1.1\r\nhost: x\r\nx-a: \0\r\n\r\n',
];

const attacks: Record<AttackName, (target: Target, turn: number) => Promise<number>> = {
  'wrong-proof': ({ url }) => push(url, deletion, wrongSecret),
  async 'slow-body'({ url, secret }, turn) {
    const headers: Record<string, string> = turn % 2 === 0 ? { authorization: `Bearer ${secret}` } : {};
    const connection = await openRaw(url, `${head('POST', '/', 1_000, headers)}{"a":`);
    const trickle = setInterval(() => connection.write(' '), trickleMs);
    const status = await Promise.race([connection.status(), sleep(patienceMs, 0)]);
    clearInterval(trickle);
    connection.socket.destroy();
    return status;
  },
  'malformed-batch': ({ url, secret }, turn) =>
    push(url, malformedBatches[turn % malformedBatches.length] ?? '', secret),
  async 'oversized-body'({ url, secret }, turn) {
    const headers: Record<string, string> = turn % 2 === 0 ? { authorization: `Bearer ${secret}` } : {};
    const connection = await openRaw(url, head('POST', '/', 11_000_000, headers) + 'x'.repeat(300_000));
    const status = await Promise.race([connection.status(), sleep(patienceMs, 0)]);
    connection.socket.destroy();
    return status;
  },
  async 'unknown-path'({ url }, turn) {
    const answer = await fetch(`${url}/${turn % 2 === 0 ? `unknown/${turn}` : 'sync/orders'}`, {
      method: turn % 2 === 0 ? 'POST' : 'DELETE',
      body: 'x'.repeat(10_000),
    });
    await answer.arrayBuffer();
    return answer.status;
  },
  async 'headers-only'({ url, secret }) {
    const connection = await openRaw(url, head('POST', '/', 1_000, { authorization: `Bearer ${secret}` }));
    const status = await Promise.race([connection.status(), sleep(patienceMs, 0)]);
    connection.socket.destroy();
    return status;
  },
  async 'malformed-http'({ url }, turn) {
    const connection = await openRaw(url, malformedHttp[turn % malformedHttp.length]);
    const status = await Promise.race([connection.status(), sleep(patienceMs, 0)]);
    connection.socket.destroy();
    return status;
  },
  async 'wrong-login'({ url }) {
    const body = JSON.stringify({ token: wrongSecret });
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${url}/dashboard/session`, { method: 'POST', headers, body });
    await answer.arrayBuffer();
    return answer.status;
  },
};

/** @returns the status of the answer; 0 where none came. Never rejects */
export async function attack(name: AttackName, target: Target, turn: number): Promise<number> {
  try {
    return await attacks[name](target, turn);
  } catch {
    return 0;
  }
}

/** Tests which callers count as callers on this machine. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fastify from 'fastify';
import { isOnThisMachine } from './authenticate.ts';

const server = fastify();
server.get('/', async (request) => isOnThisMachine(request));
after(() => server.close());

async function onThisMachine(remoteAddress: string, host = 'localhost:8080'): Promise<unknown> {
  return (await server.inject({ url: '/', remoteAddress, headers: { host } })).json();
}

test('loopback addresses and names are this machine', async () => {
  for (const address of ['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1'])
    assert.equal(await onThisMachine(address), true);
  for (const host of ['localhost', '127.0.0.1:8080', '[::1]:8080', 'LOCALHOST'])
    assert.equal(await onThisMachine('127.0.0.1', host), true, host);
});

test('every other address is another machine, also one of the same network', async () => {
  for (const address of ['10.0.0.7', '192.168.1.5', '203.0.113.9', '::ffff:10.0.0.7', 'fd00::2', '1127.0.0.1'])
    assert.equal(await onThisMachine(address), false, address);
});

test('a foreign host name that resolves to loopback is not this machine (DNS rebinding)', async () => {
  for (const host of ['rebound.example', '127.0.0.1.example', 'localhost.example:8080', 'a b'])
    assert.equal(await onThisMachine('127.0.0.1', host), false, host);
});

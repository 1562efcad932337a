/** Tests the validation of sync requests that the HTTP API and the CLI share. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BulkResource } from '../../commercetools/schemas.ts';
import { parseSyncRequest, type SyncCommand, type SyncRequest } from './run-request.ts';

const valid: [BulkResource, SyncRequest, SyncCommand][] = [
  ['orders', {}, { type: 'start', request: {} }],
  ['orders', { resume: true }, { type: 'resume' }],
  ['orders', { resume: true, ids: undefined }, { type: 'resume' }],
  ['customers', { ids: ['a', 'b', 'a'] }, { type: 'start', request: { ids: ['a', 'b'] } }],
  ['orders', { startId: 'a', backfill: false }, { type: 'start', request: { startId: 'a', backfill: false } }],
  ['products', { deleteAll: false, force: false }, { type: 'start', request: {} }],
  ['products', { deleteAll: true, confirmDeletion: 'products' }, { type: 'start', request: { deleteAll: true } }],
];
for (const [resource, request, command] of valid)
  test(`${resource} ${JSON.stringify(request)} is valid`, () => {
    assert.deepEqual(parseSyncRequest(resource, request), command);
  });

const invalid: [BulkResource, SyncRequest, RegExp][] = [
  ['orders', { resume: true, since: 'last' }, /^resume: /],
  ['products', { resume: true, force: true }, /^resume: /],
  ['customers', { startId: 'a' }, /^startId: only orders/],
  ['orders', { startId: 'a', ids: ['b'] }, /^ids and startId: /],
  ['customers', { backfill: false }, /^backfill: only orders/],
  ['products', { confirmDeletion: 'products' }, /^confirmDeletion: goes with deleteAll/],
  ['orders', { deleteAll: true, confirmDeletion: 'orders' }, /^deleteAll: only categories and products/],
  ['products', { deleteAll: true, confirmDeletion: 'products', ids: ['a'] }, /^ids and deleteAll: /],
  ['products', { deleteAll: true }, /^confirmDeletion: must be "products"/],
  ['products', { deleteAll: true, confirmDeletion: 'categories' }, /^confirmDeletion: must be "products"/],
];
for (const [resource, request, problem] of invalid)
  test(`${resource} ${JSON.stringify(request)} is invalid`, () => {
    const command = parseSyncRequest(resource, request);
    assert.ok(command.type === 'invalid');
    assert.match(command.problem, problem);
  });

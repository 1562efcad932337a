/** Tests from when on a sync reads what changed, and which requests make no sense. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { resolveSince } from './resolve-since.ts';
import type { RunRequest } from './run.ts';

const now = new Date('2026-03-15T08:00:00.000Z');
const orders = { resource: 'orders', now: () => now, wasDeleted: async () => false } as const;
const ask = (request: RunRequest, began?: string) =>
  resolveSince({ ...orders, request, lastCompleteSince: async () => began });

test('without since there is no time', async () => {
  assert.deepEqual(await ask({}, '2026-03-14T00:00:00.000Z'), {});
});

describe('a time', () => {
  for (const [given, since] of [
    ['2026-03-01T06:00:00Z', '2026-03-01T06:00:00.000Z'],
    ['2026-03-01T06:00:00.123Z', '2026-03-01T06:00:00.123Z'],
    ['2026-03-01T06:00:00+02:00', '2026-03-01T04:00:00.000Z'],
    ['2026-03-01', '2026-03-01T00:00:00.000Z'],
    ['2026-03-15T08:00:00Z', '2026-03-15T08:00:00.000Z'],
  ] as const) {
    test(`${given} is taken in UTC`, async () => {
      assert.deepEqual(await ask({ since: given }), { since });
    });
  }

  for (const given of ['', 'yesterday', '2026-03-01T06:00:00', '2026-02-30', '2026-13-01', '1741939200', 'Last']) {
    test(`"${given}" is refused`, async () => {
      const answer = await ask({ since: given });
      assert.match('refused' in answer ? answer.refused : '', /^since: must be a time such as/);
    });
  }

  test('a time in the future is refused', async () => {
    const answer = await ask({ since: '2026-03-15T08:00:00.001Z' });
    assert.match('refused' in answer ? answer.refused : '', /lies in the future/);
  });

  test('a time after the last complete sync leaves a gap, one before or at it does not', async () => {
    const began = '2026-03-10T00:00:00.000Z';
    assert.deepEqual(await ask({ since: '2026-03-10T00:00:00.001Z' }, began), {
      ...{ since: '2026-03-10T00:00:00.001Z', gap: true },
    });
    assert.deepEqual(await ask({ since: '2026-03-10' }, began), { since: began });
  });
});

test('any time leaves a gap while all that was synced before it is deleted', async () => {
  const request = { since: '2026-03-10' };
  const lastCompleteSince = async () => undefined;
  const answer = await resolveSince({ ...orders, request, lastCompleteSince, wasDeleted: async () => true });
  assert.deepEqual(answer, { since: '2026-03-10T00:00:00.000Z', gap: true });
});

describe('last', () => {
  test('is when the last complete sync began, without a gap', async () => {
    assert.deepEqual(await ask({ since: 'last' }, '2026-03-14T00:00:00.000Z'), { since: '2026-03-14T00:00:00.000Z' });
  });

  test('asks for no sync that a wrong clock let start in the future', async () => {
    let latest: Date | undefined;
    const lastCompleteSince = async (_resource: string, notAfter: Date) => {
      latest = notAfter;
      return undefined;
    };
    await resolveSince({ ...orders, request: { since: 'last' }, lastCompleteSince });
    assert.equal(latest?.toISOString(), '2026-03-15T08:01:00.000Z');
  });

  test('is refused while no sync has completed', async () => {
    const answer = await ask({ since: 'last' });
    assert.match('refused' in answer ? answer.refused : '', /no sync of orders has completed yet/);
    assert.equal('refused' in answer && answer.code, 'no-complete-sync');
  });
});

for (const [name, request] of Object.entries<RunRequest>({
  ids: { ids: ['a'] },
  startId: { startId: 'a' },
  deleteAll: { deleteAll: true },
})) {
  test(`since and ${name} exclude each other`, async () => {
    assert.deepEqual(await ask({ since: '2026-03-01', ...request }), {
      refused: `since and ${name}: give one of them`,
    });
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstTime } from './time.ts';

const at = new Date('2026-03-16T12:00:00Z');

test('the first time that Klaviyo accepts is returned in UTC', () => {
  assert.equal(firstTime([undefined, '2026-03-14T12:00:00+02:00'], at), '2026-03-14T10:00:00.000Z');
});

test('invalid times, times before 1991 and times more than a year ahead are passed over', () => {
  const candidates = ['yesterday', '1970-01-01T00:00:00Z', '2030-01-01T00:00:00Z', '2026-01-01T00:00:00Z'];
  assert.equal(firstTime(candidates, at), '2026-01-01T00:00:00.000Z');
  assert.equal(firstTime(candidates.slice(0, 3), at), undefined);
});

test('a time without a zone is UTC wherever the process runs', () => {
  assert.equal(firstTime(['2026-01-01T10:00:00.000'], at), '2026-01-01T10:00:00.000Z');
});

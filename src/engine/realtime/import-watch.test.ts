import assert from 'node:assert/strict';
import { test } from 'node:test';
import { delivery, id, type Json, message, now, order, reference } from '../../../test/fixtures/index.ts';
import { createImportWatch } from './import-watch.ts';

function watch() {
  const warnings: string[] = [];
  let atMs = now.getTime();
  const watch = createImportWatch(
    () => new Date(atMs),
    (detail) => warnings.push(detail),
  );
  let sequence = 0;
  return {
    warnings,
    wait(minutes: number): void {
      atMs += minutes * 60_000;
    },
    imports(count: number, overrides: Json = {}): void {
      for (let index = 0; index < count; index += 1) {
        sequence += 1;
        const own = { id: `message-${sequence}`, order: order(overrides) };
        watch.observe(message(delivery('OrderImported', reference('order', id('0a')), own)));
      }
    },
    repeat(): void {
      const own = { id: `message-${sequence}`, order: order() };
      watch.observe(message(delivery('OrderImported', reference('order', id('0a')), own)));
    },
  };
}

test('the 101st import without a date within ten minutes causes one warning that names the setting', () => {
  const { imports, warnings, repeat } = watch();
  imports(100);
  repeat();
  assert.deepEqual(warnings, []);
  imports(101);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /order\.importsAreHistory/);
});

test('imports with a date, and those spread over more time, cause none', () => {
  const { imports, warnings, wait } = watch();
  imports(200, { completedAt: '2021-05-04T10:00:00.000Z' });
  for (let hour = 0; hour < 4; hour += 1) {
    imports(100);
    wait(11);
  }
  assert.deepEqual(warnings, []);
  imports(100);
  imports(1, { completedAt: '2099-05-04T10:00:00.000Z' });
  assert.equal(warnings.length, 1);
});

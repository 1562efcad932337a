import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAdmission } from './adaptive-limit.ts';

/** Enters until it is refused. */
function fill(admission: ReturnType<typeof createAdmission>): (() => void)[] {
  const entered: (() => void)[] = [];
  for (let leave = admission.enter(); leave; leave = admission.enter()) entered.push(leave);
  return entered;
}

/** The next timer has run, so pushes are read at once. */
const ticked = () => new Promise((resolve) => setTimeout(resolve, 60));

function setting(most: number) {
  const clock = { ms: 0 };
  const admission = createAdmission({ most, deadlineMs: 1_000, now: () => clock.ms });
  admission.open();
  return { clock, admission };
}

test('no more than the most are worked on at once, and one that is answered makes room for one', () => {
  const { admission } = setting(3);
  const entered = fill(admission);
  assert.equal(entered.length, 3);
  entered[0]?.();
  entered[0]?.();
  assert.equal(fill(admission).length, 1);
});

test('quick answers make room for more, late ones for less, down to a few', async () => {
  const { clock, admission } = setting(5_000);
  const before = fill(admission);
  clock.ms += 100;
  await ticked();
  for (const leave of before) leave();
  const more = fill(admission);
  assert.ok(more.length > before.length);
  let entered = more;
  for (let time = 0; time < 50; time += 1) {
    clock.ms += 2_000;
    await ticked();
    for (const leave of entered) leave();
    entered = fill(admission);
  }
  assert.equal(entered.length, 400);
});

test('while timers are kept waiting pushes may have stood in their connections for long: they are refused', async () => {
  const { clock, admission } = setting(3);
  clock.ms += 300;
  assert.equal(admission.enter(), undefined);
  await ticked();
  assert.notEqual(admission.enter(), undefined);
});

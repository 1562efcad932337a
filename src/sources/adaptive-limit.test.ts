/** Tests the adaptive limit: its upper and lower bound, how it follows response times, and a blocked event loop. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAdaptiveLimit } from './adaptive-limit.ts';

/** Acquires slots until the limit is reached. */
function fill(adaptiveLimit: ReturnType<typeof createAdaptiveLimit>): (() => void)[] {
  const releases: (() => void)[] = [];
  for (let release = adaptiveLimit.acquire(); release; release = adaptiveLimit.acquire()) releases.push(release);
  return releases;
}

/** Resolves after the next tick, so that the event loop does not count as blocked. */
const ticked = () => new Promise((resolve) => setTimeout(resolve, 60));

function setup(max: number) {
  const clock = { ms: 0 };
  const adaptiveLimit = createAdaptiveLimit({ max, deadlineMs: 1_000, now: () => clock.ms });
  adaptiveLimit.start();
  return { clock, adaptiveLimit };
}

test('no more than `max` slots are held at once, and a released slot can be acquired once', () => {
  const { adaptiveLimit } = setup(3);
  const releases = fill(adaptiveLimit);
  assert.equal(releases.length, 3);
  releases[0]?.();
  releases[0]?.();
  assert.equal(fill(adaptiveLimit).length, 1);
});

test('quick responses raise the limit, late ones lower it down to the minimum', async () => {
  const { clock, adaptiveLimit } = setup(5_000);
  const initial = fill(adaptiveLimit);
  clock.ms += 100;
  await ticked();
  for (const release of initial) release();
  const raised = fill(adaptiveLimit);
  assert.ok(raised.length > initial.length);
  let releases = raised;
  for (let time = 0; time < 50; time += 1) {
    clock.ms += 2_000;
    await ticked();
    for (const release of releases) release();
    releases = fill(adaptiveLimit);
  }
  assert.equal(releases.length, 400);
});

test('the limit is reached while the event loop is blocked: a push may have waited in its connection', async () => {
  const { clock, adaptiveLimit } = setup(3);
  clock.ms += 300;
  assert.equal(adaptiveLimit.isReached(), true);
  await ticked();
  assert.equal(adaptiveLimit.isReached(), false);
});

test('bodies that arrive count towards the limit until they are there; they hold no slot', () => {
  const { adaptiveLimit } = setup(2);
  const endBodies = [adaptiveLimit.beginBody(), adaptiveLimit.beginBody()];
  assert.equal(adaptiveLimit.isReached(), true);
  assert.equal(fill(adaptiveLimit).length, 2);
  for (const release of fill(adaptiveLimit)) release();
  for (const end of [...endBodies, ...endBodies]) end();
  const { adaptiveLimit: fresh } = setup(1);
  const end = fresh.beginBody();
  end();
  end();
  assert.equal(fresh.isReached(), false);
});

test('a body that arrives slowly no longer counts after a second', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { adaptiveLimit } = setup(1);
  adaptiveLimit.beginBody();
  context.mock.timers.tick(999);
  assert.equal(adaptiveLimit.isReached(), true);
  context.mock.timers.tick(1);
  assert.equal(adaptiveLimit.isReached(), false);
});

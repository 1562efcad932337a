/** Tests the error budget of a run: 20 failures in a row, or more than 2 % of the last 1,000 records. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RunFailed } from '../runs/errors.ts';
import { createErrorBudget } from './error-budget.ts';

/** Notes `count` records; every `every`-th one fails, counted from the first. */
function noteEvenly(watch: ReturnType<typeof createErrorBudget>, count: number, every: number): void {
  for (let index = 0; index < count; index += 1) watch.record(index % every === 0);
}

function noteAll(watch: ReturnType<typeof createErrorBudget>, failed: boolean, count: number): void {
  for (let index = 0; index < count; index += 1) watch.record(failed);
}

describe('failures in a row', () => {
  test('19 failures in a row are within the budget', () => {
    const watch = createErrorBudget();
    noteAll(watch, true, 19);
    watch.record(false);
    noteAll(watch, true, 19);
  });

  test('the 20th failure in a row fails the run', () => {
    const watch = createErrorBudget();
    noteAll(watch, true, 19);
    assert.throws(() => watch.record(true), RunFailed);
  });

  test('the 20th failure in a row fails the run also late in a run that went well', () => {
    const watch = createErrorBudget();
    noteAll(watch, false, 5_000);
    noteAll(watch, true, 19);
    assert.throws(() => watch.record(true), RunFailed);
  });
});

describe('share of failures', () => {
  test('20 failures among the last 1,000 records are within the budget', () => {
    const watch = createErrorBudget();
    noteEvenly(watch, 1_000, 50);
    noteEvenly(watch, 10_000, 50);
  });

  test('the 21st failure among the last 1,000 records fails the run', () => {
    const watch = createErrorBudget();
    noteAll(watch, false, 1);
    noteEvenly(watch, 999, 50);
    assert.throws(() => watch.record(true), RunFailed);
  });

  test('the share does not count before 1,000 records were evaluated', () => {
    const watch = createErrorBudget();
    noteEvenly(watch, 999, 2);
  });

  test('the 1,000th record fails the run when more than 20 before it failed, even if it succeeds itself', () => {
    const watch = createErrorBudget();
    noteEvenly(watch, 999, 40);
    assert.throws(() => watch.record(false), RunFailed);
  });

  test('a failure leaves the window after 1,000 further records', () => {
    const watch = createErrorBudget();
    noteEvenly(watch, 1_000, 50);
    // The window begins with a failure: it leaves as the next one comes, and the budget stays at its limit.
    watch.record(true);
    assert.throws(() => watch.record(true), RunFailed);
  });

  test('failures that left the window do not count any more', () => {
    const watch = createErrorBudget();
    noteEvenly(watch, 1_000, 50);
    noteAll(watch, false, 1_000);
    noteEvenly(watch, 1_000, 50);
  });
});

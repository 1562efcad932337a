/** Tests what happens to one message: deadline, overload, redeliveries, attempts, and that `process` never rejects. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import pino from 'pino';
import { lookupsIn, profilesIn, settings } from '../../../test/fixtures/index.ts';
import { CommercetoolsError } from '../../commercetools/errors.ts';
import type { Message } from '../../commercetools/messages.ts';
import { createRecentVersions } from '../../commercetools/recent-versions.ts';
import { createRuleSelector } from '../../rules/select-rules.ts';
import type { RuleEvaluation, RuleGroup } from '../../rules/types.ts';
import { type AppEvent, createAppEvents } from '../../telemetry/app-events.ts';
import type { DeliverOptions } from '../delivery/deliver.ts';
import { createEvaluate } from '../delivery/evaluate.ts';
import { outcomeOf, type RecordResult } from '../delivery/verdict.ts';
import { createRealtime, type RealtimeDeps } from './process-message.ts';

const deadlineMs = 8_000;
const message = (id: string): Message => ({
  notificationType: 'Message',
  type: 'OrderCreated',
  id,
  resource: { typeId: 'order', id: `order of ${id}` },
  createdAt: '2026-03-15T08:00:00.000Z',
});

const delivered = (record: RuleEvaluation['record']): RecordResult => ({
  record,
  outcome: 'delivered',
  receipts: [{ outcome: 'delivered' }],
  skips: [],
  deadLettered: [],
  errors: [],
});

/** A message path whose rule skips, and whose delivery answers as `deliver` says. */
function start(overrides: Partial<RealtimeDeps> = {}) {
  const group: RuleGroup = {
    typeId: 'order',
    rules: [
      {
        name: 'placed-order',
        summary: '',
        sends: '',
        settings: [],
        triggers: () => [{ notificationType: 'Message', typeId: 'order', messageType: 'OrderCreated' }],
      },
    ],
    evaluateMessage: async ({ resource }) => [{ outcome: 'skipped', record: resource, reason: 'none' }],
    evaluateRecords: async () => [],
  };
  const happened: AppEvent[] = [];
  const parts: RealtimeDeps = {
    selectRules: createRuleSelector([group], settings()),
    evaluate: createEvaluate({
      settings: settings(),
      lookups: lookupsIn({}),
      profiles: profilesIn(),
      now: () => new Date(),
    }),
    deliver: async (evaluations) => evaluations.map(({ record }) => delivered(record)),
    events: { emit: (one) => happened.push(one), counts: () => ({}), listen: () => () => undefined },
    recentVersions: createRecentVersions(),
    nextReadSeq: () => 1,
    now: () => new Date(),
    deadlineMs,
    maxAttempts: 5,
    maxInFlight: 100,
    sink: { estimateWaitMs: () => 0 },
    deliveryLog: { add: () => undefined },
    ...overrides,
  };
  return { realtime: createRealtime(parts), happened };
}

/** Deliveries that are answered one by one, by the record's id. */
function heldDelivery() {
  const open: {
    evaluations: readonly RuleEvaluation[];
    options: DeliverOptions;
    end: PromiseWithResolvers<RecordResult[]>;
  }[] = [];
  return {
    open,
    deliver: (evaluations: readonly RuleEvaluation[], options: DeliverOptions) => {
      const end = Promise.withResolvers<RecordResult[]>();
      open.push({ evaluations, options, end });
      return end.promise;
    },
    /** Ends the oldest one that is open. */
    finish() {
      const first = open.shift();
      first?.end.resolve(first.evaluations.map(({ record }) => delivered(record)));
    },
  };
}

const failing: RealtimeDeps['deliver'] = async (evaluations, { onInternalError }) =>
  evaluations.map(({ record }) => ({
    ...{ record, outcome: 'failed', receipts: [], skips: [], errors: [new Error('bug')] },
    deadLettered: onInternalError === 'dead-letter' ? ['failed'] : [],
  }));

/** Lets every promise that can settle do so. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}

/** Whether the promise has settled by now. */
async function hasSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(
    () => (settled = true),
    () => (settled = true),
  );
  await settle();
  return settled;
}

describe('process never rejects', () => {
  for (const [what, overrides] of Object.entries<Partial<RealtimeDeps>>({
    'the estimate of the backlog throws': {
      sink: {
        estimateWaitMs: () => {
          throw new TypeError('bug');
        },
      },
    },
    'the clock throws': {
      now: () => {
        throw new TypeError('bug');
      },
    },
    'the delivery throws': {
      deliver: () => {
        throw new TypeError('bug');
      },
    },
    'the delivery rejects': { deliver: () => Promise.reject(new TypeError('bug')) },
  })) {
    test(`${what}: the message is not acknowledged`, async () => {
      const { realtime } = start(overrides);
      const verdict = await realtime.process(message('m1'));
      assert.deepEqual(verdict, { ack: false, reason: 'internal error' });
      await realtime.settled();
    });
  }

  test('a listener that throws does not change the verdict', async () => {
    const events = createAppEvents(pino({ level: 'silent' }));
    events.listen(() => {
      throw new TypeError('bug');
    });
    const { realtime } = start({ events });
    assert.deepEqual(await realtime.process(message('m1')), { ack: true, outcome: 'delivered' });
  });

  test('an internal error is emitted with the record and the error', async () => {
    const error = new TypeError('bug');
    const { realtime, happened } = start({
      sink: {
        estimateWaitMs: () => {
          throw error;
        },
      },
    });
    await realtime.process(message('m1'));
    const failed = happened.filter(({ type }) => type === 'failed');
    assert.deepEqual(failed, [{ type: 'failed', record: message('m1').resource, rule: '', error }]);
  });
});

describe('overload', () => {
  test('as many messages as the maximum are admitted, and not one more', async () => {
    const held = heldDelivery();
    const { realtime } = start({ maxInFlight: 2, deliver: held.deliver });
    const first = realtime.process(message('m1'));
    const second = realtime.process(message('m2'));
    const third = await realtime.process(message('m3'));
    assert.deepEqual(third, {
      ack: false,
      reason: 'realtime.maxInFlight messages are in flight',
      retryAfterMs: 1_000,
    });
    assert.equal(held.open.length, 2);
    held.finish();
    assert.deepEqual(await first, { ack: true, outcome: 'delivered' });
    const again = realtime.process(message('m3'));
    await settle();
    held.finish();
    held.finish();
    assert.deepEqual(
      [await second, await again],
      [
        { ack: true, outcome: 'delivered' },
        { ack: true, outcome: 'delivered' },
      ],
    );
  });

  test('a redelivery of a message in flight is admitted though the maximum is reached', async () => {
    const held = heldDelivery();
    const { realtime } = start({ maxInFlight: 1, deliver: held.deliver });
    const both = [realtime.process(message('m1')), realtime.process(message('m1'))];
    await settle();
    held.finish();
    assert.deepEqual(await Promise.all(both), [
      { ack: true, outcome: 'delivered' },
      { ack: true, outcome: 'delivered' },
    ]);
  });

  for (const [count, deliveries] of [
    ['counted here', () => undefined],
    ['counted by the broker', (delivery: number) => delivery],
  ] as const) {
    test(`refusals by overload use up no attempt (deliveries ${count})`, async () => {
      let estimateWaitMs = deadlineMs;
      const { realtime } = start({ sink: { estimateWaitMs: () => estimateWaitMs }, deliver: failing, maxAttempts: 2 });
      for (let delivery = 1; delivery <= 10; delivery += 1)
        assert.equal((await realtime.process(message('m1'), deliveries(delivery))).ack, false);
      estimateWaitMs = 0;
      assert.equal((await realtime.process(message('m1'), deliveries(11))).ack, false);
      assert.deepEqual(await realtime.process(message('m1'), deliveries(12)), {
        ack: true,
        outcome: 'dead-lettered',
        reasons: ['failed'],
      });
    });

    test(`deliveries that Klaviyo could not take use up no attempt (deliveries ${count})`, async () => {
      let deliver: RealtimeDeps['deliver'] = async (evaluations) =>
        evaluations.map(({ record }) => ({
          ...delivered(record),
          receipts: [{ outcome: 'unavailable', reason: 'away' }],
        }));
      const { realtime } = start({ deliver: (...args) => deliver(...args), maxAttempts: 2 });
      for (let delivery = 1; delivery <= 10; delivery += 1)
        assert.equal((await realtime.process(message('m1'), deliveries(delivery))).ack, false);
      deliver = failing;
      assert.equal((await realtime.process(message('m1'), deliveries(11))).ack, false);
      assert.equal(outcomeOf(await realtime.process(message('m1'), deliveries(12))), 'dead-lettered');
    });
  }
});

describe('attempts', () => {
  test('the last of the allowed attempts keeps what fails by an internal error', async () => {
    const { realtime } = start({ deliver: failing });
    for (let attempt = 1; attempt < 5; attempt += 1) assert.equal((await realtime.process(message('m1'))).ack, false);
    assert.deepEqual(await realtime.process(message('m1')), {
      ack: true,
      outcome: 'dead-lettered',
      reasons: ['failed'],
    });
  });

  test('attempts that other processes made count when the broker counts deliveries', async () => {
    const { realtime } = start({ deliver: failing });
    assert.equal(outcomeOf(await realtime.process(message('m1'), 5)), 'dead-lettered');
  });

  test('redeliveries that join a message in flight are no attempts', async () => {
    const held = heldDelivery();
    let deliver: RealtimeDeps['deliver'] = held.deliver;
    const { realtime } = start({ deliver: (...args) => deliver(...args), maxAttempts: 2 });
    const joined = [1, 2, 3].map((deliveries) => realtime.process(message('m1'), deliveries));
    await settle();
    deliver = failing;
    const [first] = held.open;
    first?.end.resolve(await failing(first.evaluations, first.options));
    assert.deepEqual(
      (await Promise.all(joined)).map(({ ack }) => ack),
      [false, false, false],
    );
    assert.equal(outcomeOf(await realtime.process(message('m1'), 4)), 'dead-lettered');
  });

  test('a delivery that throws instead of answering is kept by the last attempt as well', async () => {
    const { realtime } = start({
      maxAttempts: 2,
      deliver: async (evaluations, options) => {
        if (evaluations.some(({ outcome }) => outcome !== 'failed')) throw new TypeError('bug');
        return failing(evaluations, options);
      },
    });
    assert.equal((await realtime.process(message('m1'))).ack, false);
    assert.equal(outcomeOf(await realtime.process(message('m1'))), 'dead-lettered');
  });
});

describe('deadline', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());
  const late = { ack: false, reason: 'it took longer than realtime.deadlineSeconds' };

  /** A message whose deadline has passed while its work goes on. */
  async function startLate(overrides: Partial<RealtimeDeps> = {}) {
    const held = heldDelivery();
    const { realtime } = start({ deliver: held.deliver, ...overrides });
    const first = realtime.process(message('m1'));
    await settle();
    mock.timers.tick(deadlineMs);
    assert.deepEqual(await first, late);
    return { held, realtime };
  }

  test('a message is answered at the deadline, and what was not sent is withdrawn', async () => {
    const held = heldDelivery();
    const { realtime } = start({ deliver: held.deliver });
    const verdict = realtime.process(message('m1'));
    await settle();
    mock.timers.tick(deadlineMs - 1);
    assert.equal(await hasSettled(verdict), false);
    assert.equal(held.open[0]?.options.signal.aborted, false);
    mock.timers.tick(1);
    assert.deepEqual(await verdict, late);
    assert.equal(held.open[0]?.options.signal.aborted, true);
  });

  test('a redelivery joins work that is past its deadline', async () => {
    const { held, realtime } = await startLate();
    const second = realtime.process(message('m1'));
    await settle();
    assert.equal(held.open.length, 1);
    held.finish();
    assert.deepEqual(await second, { ack: true, outcome: 'delivered' });
  });

  test('a redelivery has a deadline of its own', async () => {
    const { realtime } = await startLate();
    const second = realtime.process(message('m1'));
    await settle();
    mock.timers.tick(deadlineMs - 1);
    assert.equal(await hasSettled(second), false);
    mock.timers.tick(1);
    assert.deepEqual(await second, late);
  });

  test('what was accepted after the deadline is not sent again by its redelivery', async () => {
    const { held, realtime } = await startLate();
    held.finish();
    await realtime.settled();
    assert.deepEqual(await realtime.process(message('m1')), { ack: true, outcome: 'delivered' });
    assert.equal(held.open.length, 0);
  });

  test('what was not accepted after the deadline is sent by its redelivery', async () => {
    const { held, realtime } = await startLate();
    held.open.shift()?.end.reject(new CommercetoolsError('unavailable', 'down'));
    await realtime.settled();
    const second = realtime.process(message('m1'));
    await settle();
    held.finish();
    assert.deepEqual(await second, { ack: true, outcome: 'delivered' });
  });

  test('what was acknowledged in time is evaluated again', async () => {
    const held = heldDelivery();
    const { realtime } = start({ deliver: held.deliver });
    for (const _delivery of [1, 2]) {
      const verdict = realtime.process(message('m1'));
      await settle();
      assert.equal(held.open.length, 1);
      held.finish();
      await verdict;
    }
  });

  test('settled waits for work that is past its deadline', async () => {
    const { held, realtime } = await startLate();
    const settled = realtime.settled();
    assert.equal(await hasSettled(settled), false);
    held.finish();
    await settled;
  });

  test('work that is past its deadline counts towards the maximum', async () => {
    const { realtime } = await startLate({ maxInFlight: 1 });
    const second = await realtime.process(message('m2'));
    assert.equal(!second.ack && second.reason, 'realtime.maxInFlight messages are in flight');
  });
});

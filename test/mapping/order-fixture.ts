/** Sends deliveries over HTTP and reads records from the sandbox's Klaviyo. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { BulkResource } from '../../src/commercetools/schemas.ts';
import {
  address,
  categories,
  changeDelivery,
  customer,
  delivery,
  id,
  type Json,
  lineItem,
  now,
  order,
  payment,
  product,
  reference,
  stored,
  withoutPayload,
} from '../fixtures/index.ts';
import { writeAsOther } from '../other-app.ts';
import { startTestEnv, type TestEnvOptions } from '../test-env.ts';

const eventShape = z.object({
  metric: z.string(),
  time: z.string(),
  value: z.number().nullable(),
  value_currency: z.string().nullable(),
  unique_id: z.string().nullable(),
  backfill: z.boolean(),
  wouldTriggerFlows: z.boolean(),
  profile: z.object({ id: z.string(), email: z.string().nullable(), external_id: z.string().nullable() }),
  properties: z.record(z.string(), z.unknown()),
});
export type SeenEvent = z.infer<typeof eventShape>;

const profileShape = z.object({
  id: z.string(),
  email: z.string().optional(),
  external_id: z.string().optional(),
  phone_number: z.string().optional(),
  first_name: z.string().optional(),
  last_name: z.string().optional(),
  title: z.string().optional(),
  organization: z.string().optional(),
  locale: z.string().optional(),
  location: z.record(z.string(), z.unknown()),
  properties: z.record(z.string(), z.unknown()),
});
export type SeenProfile = z.infer<typeof profileShape>;

const line = z.object({
  msg: z.string(),
  record: z.object({ id: z.string() }).optional(),
  warning: z.object({ code: z.string(), detail: z.string() }).optional(),
  reasons: z.array(z.string()).optional(),
  code: z.string().optional(),
});
const faults = z.object({ faults: z.array(z.object({ id: z.number(), matched: z.number() })) });

/** A record of the shop with what a test needs to find it again. */
export interface Made {
  id: string;
  email: string;
  record: Json;
  ref: Json;
}

let sequence = 0;

function made(typeId: string, record: Json): Made {
  const { id } = z.looseObject({ id: z.string() }).parse(record);
  const { email, customerEmail } = z
    .looseObject({ email: z.string().optional(), customerEmail: z.string().optional() })
    .parse(record);
  return { id, email: email ?? customerEmail ?? '', record, ref: reference(typeId, id) };
}

/** An address with a mobile number that nobody else has. */
export function newAddress(overrides: Json = {}): Json {
  sequence += 1;
  return address({ mobile: `0151 2${String(sequence).padStart(7, '0')}`, phone: undefined, ...overrides });
}

/** A customer nobody has seen before. */
export function newCustomer(overrides: Json = {}): Made {
  const own = randomUUID();
  const addresses = [newAddress()];
  return made('customer', customer({ id: own, email: `Mia.${own}@example.com`, addresses, ...overrides }));
}

/** A new open order with one line, of a guest by default. */
export function newOrder(overrides: Json = {}): Made {
  const own = randomUUID();
  const lineItems = [lineItem({ id: randomUUID() })];
  const guest = { customerId: undefined, customerEmail: `guest.${own}@example.com`, paymentInfo: undefined };
  return made('order', order({ id: own, orderNumber: `N-${own.slice(0, 8)}`, lineItems, ...guest, ...overrides }));
}

/** A payment nobody has seen before. */
export function newPayment(overrides: Json = {}): Made {
  return made('payment', payment({ id: randomUUID(), ...overrides }));
}

/** The shop sells the fixtures' jeans (Women > Pants > Jeans), and the code of its discount is SPRING. */
export async function startOrderShop(options: TestEnvOptions = {}) {
  const testEnv = await startTestEnv({ ...options, overrides: { now: () => now, ...options.overrides } });
  await testEnv.addRecords('category', ...categories());
  await testEnv.addRecords('product', product());
  await testEnv.addRecords('discount-code', { ...stored(id('dc1')), code: 'SPRING' });

  async function events(query: { metric?: string; unique_id?: string; profile?: string }): Promise<SeenEvent[]> {
    return z.array(eventShape).parse(await testEnv.events(query));
  }
  async function event(metric: string, uniqueId: string): Promise<SeenEvent> {
    const [only, ...others] = await events({ metric, unique_id: uniqueId });
    assert.ok(only, `no ${metric} with the unique_id ${uniqueId}`);
    assert.equal(others.length, 0, `more than one ${metric} with the unique_id ${uniqueId}`);
    return only;
  }
  async function profiles(): Promise<SeenProfile[]> {
    return z.array(profileShape).parse(await testEnv.profiles());
  }
  const lines = (recordId: string, what: string) =>
    testEnv.logged
      .map((text) => line.safeParse(JSON.parse(text)))
      .flatMap(({ data }) => (data?.msg === what && data.record?.id === recordId ? [data] : []));

  async function sendMessage(type: string, ref: Json, own: Json = {}): Promise<number> {
    return testEnv.push(delivery(type, ref, { id: randomUUID(), ...own }));
  }

  return {
    testEnv,
    /** A message with its payload; @returns the status of the answer. */
    sendMessage,
    /** The same, too large for its broker. */
    sendWithoutPayload: (type: string, ref: Json) => testEnv.push({ ...withoutPayload(type, ref), id: randomUUID() }),
    /** A change of a resource. */
    sendChange(notificationType: string, ref: Json): Promise<number> {
      sequence += 1;
      return testEnv.push({ ...changeDelivery(notificationType, ref), version: sequence });
    },
    /** Puts them into the shop. */
    addRecords: (one: Made, ...more: Made[]) =>
      testEnv.addRecords(
        z.looseObject({ typeId: z.string() }).parse(one.ref).typeId,
        ...[one, ...more].map(({ record }) => record),
      ),
    /** A bulk sync of these records only. */
    sync: (resource: BulkResource, some: readonly Made[], more: Json = {}) =>
      testEnv.sync(resource, { ids: some.map(({ id }) => id), ...more }),
    events,
    /** The only event of this metric with this unique_id. */
    event,
    /** An order that comes in, and the Placed Order that arrives. */
    async placed(overrides: Json = {}): Promise<SeenEvent> {
      const { id, ref, record } = newOrder(overrides);
      assert.equal(await sendMessage('OrderCreated', ref, { order: record }), 204);
      return event('Placed Order', id);
    },
    profiles,
    /** A profile that Klaviyo knows already, from a form or another app; @returns its id there. */
    async known(attributes: Json): Promise<string> {
      const profile = { type: 'profile', attributes };
      const answer = await writeAsOther(testEnv.klaviyo.url, '/api/profile-import', profile);
      return z.object({ data: z.object({ id: z.string() }) }).parse(await answer.json()).data.id;
    },
    /** The only profile with this e-mail or external_id. */
    async profile(who: string): Promise<SeenProfile> {
      const [only, ...others] = (await profiles()).filter(({ email, external_id }) =>
        [email, external_id].includes(who),
      );
      assert.ok(only, 'no such profile');
      assert.equal(others.length, 0, 'more than one such profile');
      return only;
    },
    /** What was left out or decided on the way of a record, as the log says it. */
    warnings: ({ id }: Made) => lines(id, 'partially-sent').flatMap(({ warning }) => warning?.detail ?? []),
    /** Why messages about a record had no effect, or not yet. */
    reasons: ({ id }: Made) => lines(id, 'message').flatMap(({ reasons }) => reasons ?? []),
    /** Codes of what Klaviyo will never take of a record. */
    rejectionCodes: ({ id }: Made) => lines(id, 'rejected').flatMap(({ code }) => code ?? []),
    /** Something happens at commercetools' API (sandbox/faults.ts). */
    async injectFault(rule: Json): Promise<{ clear(): Promise<void>; matchCount(): Promise<number> }> {
      const at = `${testEnv.shop.url}/sandbox/faults`;
      const headers = { 'content-type': 'application/json' };
      const added = faults.parse(
        await (await fetch(at, { method: 'POST', headers, body: JSON.stringify(rule) })).json(),
      );
      return {
        clear: async () => void (await fetch(at, { method: 'DELETE' })),
        async matchCount() {
          const known = faults.parse(await (await fetch(at)).json());
          return known.faults.find(({ id }) => id === added.faults[0]?.id)?.matched ?? 0;
        },
      };
    },
    stop: () => testEnv.stop(),
    [Symbol.asyncDispose]: () => testEnv.stop(),
  };
}
export type OrderShop = Awaited<ReturnType<typeof startOrderShop>>;

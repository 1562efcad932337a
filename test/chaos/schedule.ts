/** What happens to the service in a seed, and when: a pure function of the seed, so that a failure can be had again. */

import type { CommercetoolsBehaviours } from '../../sandbox/commercetools/behaviours.ts';
import type { FaultRule } from '../../sandbox/faults.ts';
import type { KlaviyoBehaviours } from '../../sandbox/klaviyo/behaviours.ts';
import { createRandom, type Random } from '../../sandbox/shop/seed/random.ts';
import type { BulkResource } from '../../src/commercetools/schemas.ts';
import type { AttackName } from './attacks.ts';

export type Action =
  /** Ends a process, and starts it again some time later. */
  | { do: 'kill' | 'end'; replica: number; backMs: number }
  /** One of the APIs goes wrong for a while. */
  | { do: 'fault'; api: 'klaviyo' | 'commercetools'; rule: FaultRule; forMs: number }
  /** The clock of a process is off from now on by so much. */
  | { do: 'clock'; replica: number; byMs: number }
  /** A stranger, or a broken sender. */
  | { do: 'attack'; attack: AttackName; replica: number; turn: number }
  | { do: 'shop'; who: 'shopper' | 'editor' }
  | { do: 'sync'; resource: BulkResource };

export type Moment = Action & { atMs: number };

export interface Behaviours {
  klaviyo?: Partial<KlaviyoBehaviours>;
  commercetools?: Partial<CommercetoolsBehaviours>;
}

export interface Schedule {
  seed: number;
  replicas: 1 | 3;
  /** How Klaviyo reads a unique_id that it has already in a bulk body. */
  repeatedUniqueId: 'ignored' | 'rejected';
  /** How commercetools reads version 0 of a custom object that exists. */
  versionZero: 'conflict' | 'overwrites';
  /** Variants of what is not known about both APIs; the sandboxes' defaults for the others. */
  behaviours?: Behaviours;
  /** What the broker does to messages. */
  disorder: { duplicateEvery: number; reorderWindow: number; lateShare: number; lostAnswers: number };
  /** In the order of time. */
  moments: Moment[];
}

/** Milliseconds in which things happen. */
const durationMs = 4_000;
const hourMs = 3_600_000;

/** @param replicas overrides what the seed would choose */
export function scheduleOf(seed: number, replicas?: 1 | 3): Schedule {
  const random = createRandom(seed * 7_919 + 17);
  const many = replicas ?? (seed % 3 === 0 ? 3 : 1);
  const moments = [
    ...shopMoments(random),
    ...syncMoments(random),
    ...times(random.between(2, 4), () => endMoment(random, many)),
    ...times(random.between(6, 10), () => faultMoment(random)),
    ...times(random.between(0, 2), () => clockMoment(random, many)),
    ...attackMoments(seed, many),
  ];
  return {
    seed,
    replicas: many,
    repeatedUniqueId: seed % 2 === 0 ? 'ignored' : 'rejected',
    versionZero: seed % 5 === 0 ? 'overwrites' : 'conflict',
    disorder: {
      duplicateEvery: random.between(0, 4),
      reorderWindow: random.between(0, 6),
      lateShare: random.pick([0, 0.1, 0.3]),
      lostAnswers: random.pick([0, 0.1, 0.2]),
    },
    moments: moments.toSorted((one, other) => one.atMs - other.atMs),
  };
}

/** A shop in which nothing goes wrong, but for kills: what is left is how both APIs behave. */
export function quietScheduleOf(seed: number, behaviours: Behaviours, kills: number): Schedule {
  const random = createRandom(seed * 7_919 + 17);
  const moments = [
    ...shopMoments(random),
    ...syncMoments(random),
    ...times(kills, () => ({ atMs: anyTime(random), do: 'kill' as const, replica: 0, backMs: random.between(0, 500) })),
  ];
  return {
    ...{ seed, replicas: 1, behaviours, repeatedUniqueId: 'ignored', versionZero: 'conflict' },
    disorder: { duplicateEvery: 0, reorderWindow: 0, lateShare: 0, lostAnswers: 0 },
    moments: moments.toSorted((one, other) => one.atMs - other.atMs),
  };
}

function times<T>(count: number, runAction: (turn: number) => T): T[] {
  return Array.from({ length: count }, (_, turn) => runAction(turn));
}

const anyTime = (random: Random) => random.between(0, durationMs);

function shopMoments(random: Random): Moment[] {
  return times(random.between(20, 40), () => ({
    atMs: anyTime(random),
    do: 'shop' as const,
    who: random.chance(0.65) ? ('shopper' as const) : ('editor' as const),
  }));
}

/** Each resource once; the first ones early, so that much happens while they run. */
function syncMoments(random: Random): Moment[] {
  const resources = ['categories', 'products', 'customers', 'orders'] as const;
  return resources.map((resource) => ({ atMs: random.between(0, durationMs / 2), do: 'sync' as const, resource }));
}

function endMoment(random: Random, replicas: number): Moment {
  return {
    atMs: anyTime(random),
    do: random.chance(0.7) ? 'kill' : 'end',
    replica: random.between(0, replicas - 1),
    backMs: random.between(0, 1_500),
  };
}

/** With random numbers of their own, so that the other moments of a seed stay what they were. */
function attackMoments(seed: number, replicas: number): Moment[] {
  const random = createRandom(seed * 104_729 + 5);
  return times(random.between(5, 15), (turn) => ({
    atMs: anyTime(random),
    do: 'attack' as const,
    attack: random.pick(['wrong-proof', 'slow-body', 'malformed-batch'] as const),
    replica: random.between(0, replicas - 1),
    turn,
  }));
}

function clockMoment(random: Random, replicas: number): Moment {
  const byMs = random.pick([-24 * hourMs, -hourMs, -90_000, 90_000, hourMs, 24 * hourMs]);
  return { atMs: anyTime(random), do: 'clock', replica: random.between(0, replicas - 1), byMs };
}

const unauthorizedKey = {
  errors: [{ code: 'not_authenticated', title: 'Unauthorized.', detail: 'Odd moment.', source: {} }],
};
const unauthorizedToken = {
  statusCode: 401,
  message: 'invalid_token',
  errors: [{ code: 'invalid_token', message: 'x' }],
};
const html = '<html><body><h1>Service unavailable</h1></body></html>';

/** Faults of an API. Delays stay below the timeout of the service. */
function faultKind(random: Random, api: 'klaviyo' | 'commercetools'): FaultRule {
  const unauthorized = api === 'klaviyo' ? unauthorizedKey : unauthorizedToken;
  return random.pick<FaultRule>([
    { kind: 'status', status: 429, headers: { 'retry-after': '1' }, body: { errors: [] } },
    { kind: 'status', status: 500, body: { errors: [] } },
    { kind: 'status', status: 502, body: html },
    { kind: 'status', status: 503, body: html },
    { kind: 'status', status: 401, body: unauthorized },
    { kind: 'hang' },
    { kind: 'reset' },
    { kind: 'reset' },
    { kind: 'truncate' },
    { kind: 'truncate' },
    { kind: 'applied-then-lost' },
    { kind: 'applied-then-lost' },
    { kind: 'applied-then-lost' },
    { kind: 'delay', ms: random.between(50, 600) },
    { kind: 'delay', ms: random.between(50, 600) },
    ...(api === 'klaviyo' ? [{ kind: 'fail-record' as const }, { kind: 'fail-record' as const }] : []),
  ]);
}

function faultMoment(random: Random): Moment {
  const api = random.chance(0.65) ? 'klaviyo' : 'commercetools';
  const kind = faultKind(random, api);
  // Those who shop take another path to the same project: see shop.ts.
  const path = api === 'klaviyo' ? '/api/' : '^/(shop/|oauth/)';
  const rate = random.pick([0.1, 0.3, 0.6, 1]);
  const rule: FaultRule =
    kind.kind === 'fail-record' ? { ...kind, rate: Math.min(rate, 0.3) } : { ...kind, path, rate };
  return { atMs: anyTime(random), do: 'fault', api, rule, forMs: random.between(200, 1_200) };
}

/**
 * Faults on demand, for both pretended APIs: what real accounts do to an integration (busy edges, lost answers,
 * connections that reset), switched on by a rule and off again. Nothing here knows which API it disturbs.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

const selection = {
  /** HTTP method, any case. Absent: every method. */
  method: z.string().optional(),
  /** A prefix of the path (without query), or a regular expression if it begins with `^`. Absent: every path. */
  path: z.string().refine(isPrefixOrPattern, 'neither a prefix that begins with / nor a valid ^pattern').optional(),
  /** Matching requests that pass before the rule begins. */
  after: z.number().int().nonnegative().optional(),
  /** How many requests the rule strikes before it is spent. Absent: until it is cleared. */
  times: z.number().int().positive().optional(),
  /** Share of the matching requests it strikes, 0 to 1. Absent: all. */
  rate: z.number().min(0).max(1).optional(),
};

/** One fault rule as `POST /sandbox/faults` takes it. The first rule that strikes decides; the others wait. */
const faultRuleSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    ...selection,
    /** Answers with this status; the request has no effect. A text body is HTML, anything else JSON. */
    kind: z.literal('status'),
    status: z.number().int().min(200).max(599),
    body: z.unknown().optional(),
    headers: z.record(z.string(), z.string()).optional(),
  }),
  /** Handles the request as usual, `ms` milliseconds later. */
  z.strictObject({ ...selection, kind: z.literal('delay'), ms: z.number().nonnegative() }),
  /**
   * hang: never answers, no effect. reset: connection reset before any effect. truncate: effect applied, the answer
   * breaks off in the middle of its body. applied-then-lost: effect applied, connection reset before the answer.
   */
  z.strictObject({ ...selection, kind: z.enum(['hang', 'reset', 'truncate', 'applied-then-lost']) }),
  /** Fails a record of a bulk job when the job is worked off; the path is `/` and the job's type. */
  z.strictObject({ ...selection, kind: z.literal('fail-record') }),
]);

export type FaultRule = z.infer<typeof faultRuleSchema>;

/** A rule at work: how many requests matched and how many were struck so far. */
type ActiveFault = { id: number; rule: FaultRule; matched: number; struck: number };

/** The rules in force. Made by `createFaults`, given to `faultsPlugin`, so that a test in the same process can add rules without HTTP. */
export type Faults = {
  add(...rules: FaultRule[]): ActiveFault[];
  /** Takes one rule away, by the id that it was added under. */
  remove(id: number): void;
  clear(): void;
  list(): ActiveFault[];
  /** The rule that strikes this request, if any; counts it. */
  strike(method: string, path: string): FaultRule | undefined;
};

/** An empty set of fault rules. `random` (0 to 1) serves `rate`; give a seeded one for repeatable runs. */
export function createFaults(random: () => number = Math.random): Faults {
  let active: ActiveFault[] = [];
  let nextId = 1;
  return {
    add(...rules) {
      const added = rules.map((rule) => ({ id: nextId++, rule, matched: 0, struck: 0 }));
      active.push(...added);
      return added;
    },
    remove(id) {
      active = active.filter((fault) => fault.id !== id);
    },
    clear() {
      active = [];
    },
    list: () => [...active],
    strike(method, path) {
      for (const fault of active) {
        if ((fault.rule.kind === 'fail-record') !== (method === jobRecordMethod)) continue;
        if (!selects(fault.rule, method, path)) continue;
        if (fault.rule.times !== undefined && fault.struck >= fault.rule.times) continue;
        fault.matched += 1;
        if (fault.matched <= (fault.rule.after ?? 0)) continue;
        if (fault.rule.rate !== undefined && random() >= fault.rule.rate) continue;
        fault.struck += 1;
        return fault.rule;
      }
      return undefined;
    },
  };
}

/** Stands where a request has its method. */
const jobRecordMethod = 'JOB RECORD';

/** Is the next record of a job of this type to fail? */
export function failsRecord(faults: Faults, jobType: string): boolean {
  return faults.strike(jobRecordMethod, `/${jobType}`) !== undefined;
}

export type FaultsOptions = {
  /** The rules to apply; a fresh, empty set by default. */
  faults?: Faults;
  /** Paths no rule may touch. Default: `/` and everything under `/sandbox`. */
  exempt?: (path: string) => boolean;
};

/**
 * Registers the faults on a Fastify instance: `await app.register(faultsPlugin, { faults })`, before the routes.
 * Adds `POST /sandbox/faults` (one rule or a list), `GET` (rules with their counts) and `DELETE` (clears them).
 * Not encapsulated: its hooks hold for every route of the instance it is registered on.
 */
export const faultsPlugin = Object.assign(registerFaults, { [Symbol.for('skip-override')]: true });

async function registerFaults(app: FastifyInstance, options: FaultsOptions): Promise<void> {
  const faults = options.faults ?? createFaults();
  const exempt = options.exempt ?? ((path: string) => path === '/' || path.startsWith('/sandbox'));
  const struck = new WeakMap<FastifyRequest, FaultRule>();
  const closing = new AbortController();
  const hung = new Set<FastifyRequest>();

  app.addHook('preClose', async () => {
    closing.abort();
    for (const request of hung) request.raw.socket.destroy();
  });

  app.addHook('onRequest', async (request, reply) => {
    const path = pathOf(request);
    const rule = exempt(path) ? undefined : faults.strike(request.method, path);
    if (rule === undefined) return;
    struck.set(request, rule);
    if (rule.kind === 'delay') {
      await sleep(rule.ms, closing.signal);
      // Whoever has hung up by then is not served any more, as by a queue in front of a server.
      if (request.raw.socket.destroyed) return reply.hijack();
    }
    if (rule.kind === 'status') return respond(reply, rule);
    if (rule.kind === 'reset') {
      reply.hijack();
      request.raw.socket.resetAndDestroy();
    }
    if (rule.kind === 'hang') {
      reply.hijack();
      hung.add(request);
      request.raw.socket.once('close', () => hung.delete(request));
    }
  });

  app.addHook('onSend', async (request, reply, payload) => {
    const kind = struck.get(request)?.kind;
    if (kind === 'applied-then-lost') request.raw.socket.resetAndDestroy();
    if (kind !== 'truncate') return payload;
    if (typeof payload !== 'string' || payload.length < 2) {
      request.raw.socket.resetAndDestroy();
      return payload;
    }
    reply.header('content-length', Buffer.byteLength(payload));
    return firstHalf(payload);
  });

  app.get('/sandbox/faults', async () => ({ faults: faults.list() }));
  app.post('/sandbox/faults', async (request, reply) => {
    const rules = z.array(faultRuleSchema).safeParse(Array.isArray(request.body) ? request.body : [request.body]);
    if (!rules.success) return reply.code(400).send({ message: z.prettifyError(rules.error) });
    return reply.code(201).send({ faults: faults.add(...rules.data) });
  });
  app.delete('/sandbox/faults', async (_request, reply) => {
    faults.clear();
    return reply.code(204).send();
  });
}

function respond(reply: FastifyReply, rule: Extract<FaultRule, { kind: 'status' }>): FastifyReply {
  const html = typeof rule.body === 'string';
  reply.code(rule.status).header('content-type', html ? 'text/html; charset=utf-8' : 'application/json');
  for (const [name, value] of Object.entries(rule.headers ?? {})) reply.header(name, value);
  return reply.send(typeof rule.body === 'string' ? rule.body : JSON.stringify(rule.body ?? {}));
}

/** The first half of a body, then an error: Fastify breaks the connection off after what it has written. */
function firstHalf(payload: string): Readable {
  return Readable.from(
    (async function* () {
      yield payload.slice(0, Math.ceil(payload.length / 2));
      // The half must leave before the break, or the caller would see a plain reset.
      await sleep(20, undefined);
      throw new Error('the sandbox broke this answer off on demand');
    })(),
  );
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function selects(rule: FaultRule, method: string, path: string): boolean {
  if (rule.method !== undefined && rule.method.toUpperCase() !== method) return false;
  if (rule.path === undefined) return true;
  return rule.path.startsWith('^') ? new RegExp(rule.path).test(path) : path.startsWith(rule.path);
}

function isPrefixOrPattern(path: string): boolean {
  if (!path.startsWith('^')) return path.startsWith('/');
  try {
    new RegExp(path);
    return true;
  } catch {
    return false;
  }
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '/';
}

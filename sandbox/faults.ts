/**
 * Fault injection for both mock APIs: errors, lost responses and connection resets of real accounts, controlled by
 * rules. Independent of the API it is registered on.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

const selection = {
  /** HTTP method, case-insensitive; absent matches all. */
  method: z.string().optional(),
  /** Path prefix (without query), or a regular expression if it starts with `^`; absent matches all. */
  path: z.string().refine(isPrefixOrPattern, 'neither a prefix that begins with / nor a valid ^pattern').optional(),
  /** Number of matching requests to let pass before the rule applies. */
  after: z.number().int().nonnegative().optional(),
  /** Maximum number of requests to fault; absent means unlimited. */
  times: z.number().int().positive().optional(),
  /** Share of matching requests to fault, 0 to 1; absent means all. */
  rate: z.number().min(0).max(1).optional(),
};

/** Schema of a fault rule in `POST /sandbox/faults`. The first matching rule applies. */
const faultRuleSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    ...selection,
    /** Responds with this status without effect. A string body is sent as HTML, any other as JSON. */
    kind: z.literal('status'),
    status: z.number().int().min(200).max(599),
    body: z.unknown().optional(),
    headers: z.record(z.string(), z.string()).optional(),
  }),
  /** Handles the request normally after `ms` milliseconds. */
  z.strictObject({ ...selection, kind: z.literal('delay'), ms: z.number().nonnegative() }),
  /**
   * hang: never responds, no effect. reset: resets the connection before any effect. truncate: applies the effect, then
   * cuts the response body in the middle. applied-then-lost: applies the effect, then resets the connection before the
   * response.
   */
  z.strictObject({ ...selection, kind: z.enum(['hang', 'reset', 'truncate', 'applied-then-lost']) }),
  /** Fails a record of a bulk job when the job runs. The path is `/` and the job type. */
  z.strictObject({ ...selection, kind: z.literal('fail-record') }),
]);

export type FaultRule = z.infer<typeof faultRuleSchema>;

/** An active rule with the number of requests it matched and faulted. */
type ActiveFault = { id: number; rule: FaultRule; matched: number; struck: number };

/** The active rules. Pass it to `faultsPlugin`; a test in the same process can add rules without HTTP. */
export type Faults = {
  add(...rules: FaultRule[]): ActiveFault[];
  /** Removes a rule by the id that `add` assigned. */
  remove(id: number): void;
  clear(): void;
  list(): ActiveFault[];
  /** Returns the rule that applies to this request, if any, and counts the request. */
  apply(method: string, path: string): FaultRule | undefined;
};

/** Creates an empty set of rules. `random` (0 to 1) is used for `rate`; pass a seeded one for reproducible runs. */
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
    apply(method, path) {
      for (const fault of active) {
        if ((fault.rule.kind === 'fail-record') !== (method === JOB_RECORD_METHOD)) continue;
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

/** Pseudo method of bulk job records. */
const JOB_RECORD_METHOD = 'JOB RECORD';

/** Returns whether a rule fails the next record of a job of this type. */
export function failsRecord(faults: Faults, jobType: string): boolean {
  return faults.apply(JOB_RECORD_METHOD, `/${jobType}`) !== undefined;
}

export type FaultsOptions = {
  /** Rules to apply; defaults to an empty set. */
  faults?: Faults;
  /** Excludes paths from all rules; defaults to `/` and paths starting with `/sandbox`. */
  exempt?: (path: string) => boolean;
};

/**
 * Registers fault injection on a Fastify instance: `await app.register(faultsPlugin, { faults })`, before the routes.
 * Adds `POST /sandbox/faults` (one rule or a list), `GET` (rules with counts) and `DELETE` (clears them). Not
 * encapsulated: its hooks apply to all routes of the instance.
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
    const rule = exempt(path) ? undefined : faults.apply(request.method, path);
    if (rule === undefined) return;
    struck.set(request, rule);
    if (rule.kind === 'delay') {
      await sleep(rule.ms, closing.signal);
      // A client that disconnected meanwhile gets no effect, as with a queue in front of a server.
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

/** Returns a stream of the first half of a body, then an error, on which Fastify closes the connection. */
function firstHalf(payload: string): Readable {
  return Readable.from(
    (async function* () {
      yield payload.slice(0, Math.ceil(payload.length / 2));
      // The first half must be flushed before the error. Otherwise the client would see a plain reset.
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

/**
 * Guards the reading of request bodies. Limits the bytes of all bodies that are being read, over all connections and ports of
 * the process, and ends those that arrive slowly. A body whose sender is not proven yet counts in a small pool of its own,
 * where a new one replaces the oldest, so that callers without credentials can't block those with credentials.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';

export interface BodyGuardSettings {
  /** A body that takes longer is ended. */
  maxMs: number;
  /** Bytes that a body must grow by in each second after the first one. */
  minBytesPerSecond: number;
  /** Bytes of all bodies that are being read, by whether the sender is proven. */
  maxBytes: Record<Sender, number>;
  /** Bodies of unproven senders that are read at the same time. */
  maxUnproven: number;
}

export type Sender = 'proven' | 'unproven';

export interface BodyGuard {
  /** The headers have proven the sender; called before the body is read. */
  markProven(request: FastifyRequest): void;
}

const defaultBodyGuardSettings: BodyGuardSettings = {
  maxMs: 10_000,
  minBytesPerSecond: 1_000,
  maxBytes: { proven: 64_000_000, unproven: 8_000_000 },
  maxUnproven: 64,
};

/** Ends the reading of a body; answered 503, as client-error.ts says why. */
export class BodyRefused extends Error {
  override name = 'BodyRefused';
}

interface BodyReader {
  sender: Sender;
  startedAt: number;
  bytes: number;
  /** Bytes at the last check of the pace. */
  bytesBefore: number;
  end(refusal: BodyRefused): void;
}

export interface BodyPool {
  add(reader: BodyReader): void;
  remove(reader: BodyReader): void;
  /** More of a body has arrived. */
  grow(reader: BodyReader, bytes: number): void;
}

const tickMs = 1_000;
/** A check that comes later by this was delayed by this process, not by the senders. */
const maxDelayMs = 500;

/** @returns the pool of all bodies that a process reads */
export function createBodyPool(settings = defaultBodyGuardSettings): BodyPool {
  const readers = new Set<BodyReader>();
  let heldBytes: Record<Sender, number> = { proven: 0, unproven: 0 };
  let tickedAt = performance.now();
  let ticker: NodeJS.Timeout | undefined;

  function checkPace(): void {
    const now = performance.now();
    const wasDelayed = now - tickedAt > tickMs + maxDelayMs;
    tickedAt = now;
    for (const reader of readers) {
      const ageMs = now - reader.startedAt;
      const grown = reader.bytes - reader.bytesBefore;
      reader.bytesBefore = reader.bytes;
      const isSlow = !wasDelayed && ageMs > tickMs && grown < settings.minBytesPerSecond;
      if (ageMs > settings.maxMs || isSlow) reader.end(new BodyRefused('the body arrives too slowly; send it again'));
    }
  }

  function add(reader: BodyReader): void {
    makeRoom(reader.sender);
    readers.add(reader);
    if (ticker) return;
    tickedAt = performance.now();
    ticker = setInterval(checkPace, tickMs).unref();
  }

  function remove(reader: BodyReader): void {
    if (!readers.delete(reader)) return;
    heldBytes[reader.sender] -= reader.bytes;
    if (readers.size > 0) return;
    clearInterval(ticker);
    ticker = undefined;
    heldBytes = { proven: 0, unproven: 0 };
  }

  function makeRoom(sender: Sender): void {
    if (sender === 'proven') return;
    const unproven = [...readers].filter((reader) => reader.sender === sender);
    if (unproven.length < settings.maxUnproven) return;
    unproven[0]?.end(new BodyRefused('too many bodies of senders without proof; send it again'));
  }

  /** Ends the largest body of the pool when all of them hold too much. */
  function shrink(sender: Sender): void {
    if (heldBytes[sender] <= settings.maxBytes[sender]) return;
    const pool = [...readers].filter((reader) => reader.sender === sender);
    const largest = pool.reduce((left, right) => (right.bytes > left.bytes ? right : left));
    largest.end(new BodyRefused('too many large bodies at once; send it again'));
  }

  return {
    add,
    remove,
    grow(reader, bytes) {
      if (!readers.has(reader)) return;
      reader.bytes += bytes;
      heldBytes[reader.sender] += bytes;
      shrink(reader.sender);
    },
  };
}

/** Adds the guard to all routes of a server, before their bodies are read. */
export function guardBodies(server: FastifyInstance, pool: BodyPool): BodyGuard {
  const provenRequests = new WeakSet<FastifyRequest>();

  server.addHook('preParsing', (request, reply, payload, done) => {
    if (!hasBody(request)) return done(null, payload);
    const sender = provenRequests.has(request) ? 'proven' : 'unproven';
    const reader: BodyReader = {
      ...{ sender, startedAt: performance.now(), bytes: 0, bytesBefore: 0 },
      end(refusal) {
        pool.remove(reader);
        reply.header('connection', 'close');
        // The parser of the body answers with the error.
        payload.emit('error', refusal);
      },
    };
    pool.add(reader);
    payload.on('data', (chunk: Buffer) => pool.grow(reader, chunk.length));
    for (const ending of ['end', 'error', 'close'] as const) payload.once(ending, () => pool.remove(reader));
    done(null, payload);
  });

  return { markProven: (request) => void provenRequests.add(request) };
}

function hasBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/**
 * One stream of server-sent events for each page that looks: what is now, runs, and what happens. Nothing is gathered
 * while nobody looks. A reader that falls behind is dropped: its browser comes again.
 */
import { PassThrough, type Readable } from 'node:stream';
import type { AppEvents } from '../telemetry/app-events.ts';
import { type FeedLine, feedLine } from './feed.ts';

export interface Stream {
  /** @returns undefined where as many look as may, or nothing new is begun */
  open(): Readable | undefined;
  /** Ends all of them, so that the server can stop. */
  close(): void;
}

export interface StreamParts {
  events: AppEvents;
  /** By the event's name: what is sent to everybody every `everyMs`. */
  views: Record<string, () => Promise<unknown>>;
  now(): Date;
}

const everyMs = 2_000;
const feedEveryMs = 300;
const maxReaders = 20;
/** Lines of one instalment: in a flood people see no more anyway. */
const maxLines = 50;
/** Of one reader. */
const maxBytesWaiting = 1_000_000;
/** After that a reader comes again, and proves again that it may look. */
const lifeMs = 15 * 60_000;
/** When a browser tries again. */
const retryMs = 2_000;

export function createStream({ events, views, now }: StreamParts): Stream {
  const readers = new Set<PassThrough>();
  let closed = false;
  let stopLooking: (() => void) | undefined;

  function tell(event: string, data: unknown, to: Iterable<PassThrough> = readers): void {
    const text = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    for (const reader of to) {
      if (reader.writableLength + reader.readableLength > maxBytesWaiting) reader.destroy();
      else if (reader.writable) reader.write(text);
    }
  }

  async function show(to: Iterable<PassThrough> = readers): Promise<void> {
    await Promise.all(
      Object.entries(views).map(async ([event, view]) => {
        try {
          tell(event, await view(), to);
        } catch {
          // Such as a store that is away: the page shows how old its picture is.
          tell('trouble', { view: event }, to);
        }
      }),
    );
  }

  /** Begins with the first reader, ends with the last. */
  function look(): () => void {
    let lines: FeedLine[] = [];
    let passedOver = 0;
    const stopListening = events.listen((happened) => {
      const line = feedLine(happened, now());
      if (line === undefined) return;
      if (lines.length < maxLines) lines.push(line);
      else passedOver += 1;
    });
    const feeding = setInterval(() => {
      if (lines.length > 0) tell('feed', { lines, passedOver });
      lines = [];
      passedOver = 0;
    }, feedEveryMs);
    let showing = false;
    const looking = setInterval(() => {
      // A slow view is not asked a second time meanwhile; its last picture stands.
      if (showing) return;
      showing = true;
      void show().finally(() => {
        showing = false;
      });
    }, everyMs);
    return () => {
      stopListening();
      clearInterval(feeding);
      clearInterval(looking);
    };
  }

  function leave(reader: PassThrough): void {
    readers.delete(reader);
    if (readers.size > 0) return;
    stopLooking?.();
    stopLooking = undefined;
  }

  return {
    open() {
      if (closed || readers.size >= maxReaders) return undefined;
      const reader = new PassThrough();
      const old = setTimeout(() => reader.end(), lifeMs);
      reader.once('close', () => {
        clearTimeout(old);
        leave(reader);
      });
      reader.on('error', () => reader.destroy());
      readers.add(reader);
      stopLooking ??= look();
      reader.write(`retry: ${retryMs}\n\n`);
      void show([reader]);
      return reader;
    },
    close() {
      closed = true;
      for (const reader of readers) reader.end();
    },
  };
}

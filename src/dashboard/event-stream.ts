/**
 * Server-sent events for open dashboards: snapshots every two seconds, and the activity feed. Nothing is collected while
 * no dashboard is open. A reader that falls behind is disconnected, and its browser reconnects.
 */
import { PassThrough, type Readable } from 'node:stream';
import type { AppEvents } from '../telemetry/app-events.ts';
import { type FeedLine, feedLine } from './feed.ts';

export interface EventStream {
  /** @returns undefined if the maximum number of readers is reached or the stream is closed */
  open(): Readable | undefined;
  /** Disconnects all readers, so that the server can stop. */
  close(): void;
}

export interface EventStreamDeps {
  events: AppEvents;
  /** Functions that take a snapshot, by the name of their event; called every `snapshotIntervalMs`. */
  snapshots: Record<string, () => Promise<unknown>>;
  now(): Date;
}

const snapshotIntervalMs = 2_000;
const feedIntervalMs = 300;
const maxReaders = 20;
/** Maximum lines per feed event; further ones are only counted. */
const maxLines = 50;
const maxBufferedBytes = 1_000_000;
/** Maximum lifetime of a connection. The browser then reconnects and is authenticated again. */
const maxConnectionMs = 15 * 60_000;
const retryMs = 2_000;

export function createEventStream({ events, snapshots, now }: EventStreamDeps): EventStream {
  const readers = new Set<PassThrough>();
  let closed = false;
  let stopCollecting: (() => void) | undefined;

  function send(event: string, data: unknown, to: Iterable<PassThrough> = readers): void {
    const text = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    for (const reader of to) {
      if (reader.writableLength + reader.readableLength > maxBufferedBytes) reader.destroy();
      else if (reader.writable) reader.write(text);
    }
  }

  async function sendSnapshots(to: Iterable<PassThrough> = readers): Promise<void> {
    await Promise.all(
      Object.entries(snapshots).map(async ([event, takeSnapshot]) => {
        try {
          send(event, await takeSnapshot(), to);
        } catch {
          // For example if the store is unavailable; the page shows the age of its last snapshot.
          send('snapshot-failed', { view: event }, to);
        }
      }),
    );
  }

  function collect(): () => void {
    let lines: FeedLine[] = [];
    let passedOver = 0;
    const stopListening = events.listen((event) => {
      const line = feedLine(event, now());
      if (line === undefined) return;
      if (lines.length < maxLines) lines.push(line);
      else passedOver += 1;
    });
    const feedTimer = setInterval(() => {
      if (lines.length > 0) send('feed', { lines, passedOver });
      lines = [];
      passedOver = 0;
    }, feedIntervalMs);
    let isSending = false;
    const snapshotTimer = setInterval(() => {
      // Skipped while a slow snapshot is still being taken.
      if (isSending) return;
      isSending = true;
      void sendSnapshots().finally(() => {
        isSending = false;
      });
    }, snapshotIntervalMs);
    return () => {
      stopListening();
      clearInterval(feedTimer);
      clearInterval(snapshotTimer);
    };
  }

  function removeReader(reader: PassThrough): void {
    readers.delete(reader);
    if (readers.size > 0) return;
    stopCollecting?.();
    stopCollecting = undefined;
  }

  return {
    open() {
      if (closed || readers.size >= maxReaders) return undefined;
      const reader = new PassThrough();
      const expiry = setTimeout(() => reader.end(), maxConnectionMs);
      reader.once('close', () => {
        clearTimeout(expiry);
        removeReader(reader);
      });
      reader.on('error', () => reader.destroy());
      readers.add(reader);
      stopCollecting ??= collect();
      reader.write(`retry: ${retryMs}\n\n`);
      void sendSnapshots([reader]);
      return reader;
    },
    close() {
      closed = true;
      for (const reader of readers) reader.end();
    },
  };
}

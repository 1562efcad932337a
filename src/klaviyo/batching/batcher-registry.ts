/** All kinds of writes, each with its batcher. */

import type { Answer, KlaviyoClient } from '../api/client.ts';
import { endpoints } from '../api/endpoints.ts';
import { type Batcher, createBatcher, type Way } from './batcher.ts';
import type { Jobs } from './job-poller.ts';
import { type Parcel, type WriteName, writes } from './operations.ts';

export interface Writer {
  write(name: WriteName, parcel: Parcel, way: Way): Promise<Answer>;
  /** Milliseconds that the fullest of these queues takes for realtime at the published pace. */
  backlogMs(names: readonly WriteName[]): number;
}

/** @param share part of the published limits that is ours */
export function createWriter(client: KlaviyoClient, jobs: Jobs, share: number): Writer {
  const batchers = new Map<WriteName, Batcher>();

  function batcherOf(name: WriteName): Batcher {
    const known = batchers.get(name);
    if (known) return known;
    const write = writes[name];
    const fresh = createBatcher(write, { client, jobs, perMinute: endpoints[write.together].perMinute * share });
    batchers.set(name, fresh);
    return fresh;
  }

  return {
    write: (name, parcel, way) => batcherOf(name).write(parcel, way),
    backlogMs: (names) => Math.max(0, ...names.map((name) => batchers.get(name)?.backlogMs() ?? 0)),
  };
}

/** A JSON:API record as a parcel. @param id fills the path of the single endpoint */
export function parcelOf(record: object, id?: string): Parcel {
  const text = JSON.stringify(record);
  return {
    text,
    bytes: Buffer.byteLength(text),
    ...(id === undefined ? {} : { id }),
    alone: () => `{"data":${text}}`,
  };
}

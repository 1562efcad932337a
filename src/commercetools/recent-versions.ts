/**
 * Queries of commercetools may show a record in an older version for a while, whereas GET by id shows each write at once
 * (docs/known-limitations.md). Recent messages contained the version of their record: an older one in the
 * answer to a query is read again by id.
 */

import { z } from 'zod';
import { createLruCache } from '../lib/lru-cache.ts';
import type { CommercetoolsClient } from './client.ts';
import { CommercetoolsError } from './errors.ts';

export interface RecentVersions {
  /** @param id of a record, which is unique in all of commercetools @param version that a message contained */
  note(id: string, version: number | undefined): void;
  /** @returns the newest version of recent messages, 0 if there was none */
  of(id: string): number;
  isEmpty(): boolean;
}

const maxRecords = 50_000;
const ttlMs = 600_000;

export function createRecentVersions(): RecentVersions {
  const versions = createLruCache<string, number>({ max: maxRecords, ttl: ttlMs });
  return {
    note(id, version = 0) {
      if (version > (versions.get(id) ?? 0)) versions.set(id, version);
    },
    of: (id) => versions.get(id) ?? 0,
    isEmpty: () => versions.size === 0,
  };
}

const list = z.looseObject({ results: z.array(z.unknown()) });
const versioned = z.object({ id: z.string(), version: z.number() });

/** @returns a client whose queries show no version older than the known one */
export function withRecentVersions(client: CommercetoolsClient, versions: RecentVersions): CommercetoolsClient {
  async function current(path: string, record: unknown): Promise<unknown> {
    const { data } = versioned.safeParse(record);
    if (!data || data.version >= versions.of(data.id)) return record;
    try {
      return await client.get(`${path}/${encodeURIComponent(data.id)}`);
    } catch (thrown) {
      // Deleted meanwhile: the message of its deletion has the last word.
      if (thrown instanceof CommercetoolsError && thrown.type === 'not-found') return record;
      throw thrown;
    }
  }
  return {
    ...client,
    async get(path, query) {
      const response = await client.get(path, query);
      if (versions.isEmpty()) return response;
      const { data } = list.safeParse(response);
      if (!data) return response;
      // Where pages are read by time of change, the last record is the position: a newer version of it comes later.
      const end = String(query?.sort ?? '').includes('lastModifiedAt') ? -1 : data.results.length;
      const results = await Promise.all(data.results.slice(0, end).map((record) => current(path, record)));
      return { ...data, results: [...results, ...data.results.slice(end)] };
    },
  };
}

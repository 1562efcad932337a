/**
 * Log of recent deliveries by record, to answer why something did not arrive. It holds ids, rules and outcomes, no personal
 * data. Entries are collected in memory and stored in pages, so that neither a message nor Klaviyo waits for the store: while
 * the store is away entries are kept, and the oldest are dropped when there are too many.
 */
import { randomUUID } from 'node:crypto';
import { messageOf } from '../../lib/errors.ts';
import type { RecordRef } from '../../rules/types.ts';
import { type Store, StoreError, type StoreKey, storedFormat } from '../../store/store.ts';
import { type DeliveryEntry, packEntries, unpackEntries } from './delivery-log-page.ts';

const container = 'ctk-delivery-log';

export interface DeliveryLogOptions {
  /** False: nothing is logged; what was logged before is still shown. */
  enabled: boolean;
  keepDays: number;
  /** Of all processes together; the oldest pages beyond it are deleted. */
  maxEntries: number;
  now(): Date;
  onWarning(detail: string): void;
}

export interface DeliveryLog {
  /** Never throws, and does no work but to keep the entries. */
  add(entries: readonly Omit<DeliveryEntry, 'at'>[]): void;
  /** Oldest first; includes what this process has not stored yet. Rejects with a StoreError. */
  of(records: readonly Pick<RecordRef, 'typeId' | 'id'>[]): Promise<DeliveryEntry[]>;
  /** Stores what was collected. Never rejects. */
  flush(): Promise<void>;
}

/** Of a process: a page is written again with what followed, until it is full or its hour is over. */
const flushMs = 10_000;
const entriesPerPage = 1_000;
const maxCollected = 20_000;
const maxIdLength = 256;
const pageMs = 60 * 60 * 1_000;
const dayMs = 24 * pageMs;
/** Old pages are deleted each hour, or when this part of the maximum was added: that reads all pages. */
const pruneShare = 0.1;

interface OpenPage {
  key: string;
  openedAt: number;
  entries: DeliveryEntry[];
}

export function createDeliveryLog(store: Store, options: DeliveryLogOptions): DeliveryLog {
  const { now } = options;
  const self = randomUUID().slice(0, 8);
  let collected: DeliveryEntry[] = [];
  let page: OpenPage | undefined;
  let timer: NodeJS.Timeout | undefined;
  let flushing: Promise<void> = Promise.resolve();
  let prunedAt = Number.NEGATIVE_INFINITY;
  let addedSincePruned = 0;
  let isForbidden = false;
  let reported = false;

  function scheduleFlush(): void {
    timer ??= setTimeout(() => void flush(), flushMs).unref();
  }

  /** @returns the page that takes the next entries */
  async function openPage(): Promise<OpenPage> {
    const at = now();
    const isUsable = page && page.entries.length < entriesPerPage && at.getTime() - page.openedAt < pageMs;
    if (page && isUsable) return page;
    // The key of a page sorts by the time at which it was opened.
    const key = `${keyOf(at)}-${self}-${randomUUID().slice(0, 8)}`;
    page = { key, openedAt: at.getTime(), entries: [] };
    await pruneIfDue(at.getTime());
    return page;
  }

  async function write(): Promise<void> {
    while (collected.length > 0) {
      const current = await openPage();
      const added = collected.slice(0, entriesPerPage - current.entries.length);
      const entries = [...current.entries, ...added];
      // No other process writes this page, so that no version is needed.
      await store.put(pageAt(current.key), { format: storedFormat, ...(await packEntries(entries)) });
      current.entries = entries;
      addedSincePruned += added.length;
      // Entries that were added meanwhile may have pushed out the oldest.
      const written = new Set(added);
      collected = collected.filter((entry) => !written.has(entry));
    }
  }

  async function pruneIfDue(time: number): Promise<void> {
    if (time - prunedAt < pageMs && addedSincePruned < options.maxEntries * pruneShare) return;
    prunedAt = time;
    addedSincePruned = 0;
    await prune();
  }

  /** Deletes pages that are too old, and the oldest beyond the maximum. Reads the pages once. */
  async function prune(): Promise<void> {
    const oldest = keyOf(new Date(now().getTime() - options.keepDays * dayMs));
    const pages: { key: string; count: number }[] = [];
    for await (const { key, value } of store.list(container)) pages.push({ key, count: countOf(value) });
    let kept = 0;
    for (const { key, count } of pages.toReversed()) {
      kept += count;
      if (key < oldest || kept > options.maxEntries) await store.remove(pageAt(key));
    }
  }

  async function flushNow(): Promise<void> {
    if (isForbidden) return;
    try {
      await write();
      reported = false;
    } catch (thrown) {
      isForbidden = thrown instanceof StoreError && thrown.type === 'forbidden';
      if (isForbidden) collected = [];
      if (!reported) options.onWarning(`the delivery log can't be stored: ${messageOf(thrown)}`);
      reported = true;
      if (!isForbidden) scheduleFlush();
    }
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    flushing = flushing.then(flushNow);
    return flushing;
  }

  return {
    add(entries) {
      if (!options.enabled || isForbidden || entries.length === 0) return;
      const time = now().toISOString();
      for (const entry of entries) if (isStorable(entry)) collected.push({ at: time, ...entry });
      collected.splice(0, collected.length - maxCollected);
      scheduleFlush();
    },
    async of(records) {
      const ids = new Set(records.map(idOf));
      const isAsked = ({ record }: DeliveryEntry) => ids.has(idOf(record));
      const unstored = collected.filter(isAsked);
      const found: DeliveryEntry[] = [];
      for await (const { value } of store.list(container)) found.push(...(await unpackEntries(value)).filter(isAsked));
      return [...found, ...unstored].sort((left, right) => (left.at < right.at ? -1 : 1));
    },
    flush,
  };
}

/** commercetools' ids have 36 characters; whatever a forged message holds must not fill the page. */
function isStorable({ record, messageId = '' }: Omit<DeliveryEntry, 'at'>): boolean {
  return [record.typeId, record.id, messageId].every((id) => id.length <= maxIdLength);
}

function pageAt(key: string): StoreKey {
  return { container, key };
}

function keyOf(time: Date): string {
  return time.toISOString().replace(/[^0-9]/g, '');
}

function countOf(value: unknown): number {
  const isCounted = typeof value === 'object' && value !== null && 'count' in value;
  return isCounted && typeof value.count === 'number' ? value.count : 0;
}

function idOf({ typeId, id }: Pick<RecordRef, 'typeId' | 'id'>): string {
  return `${typeId}/${id}`;
}

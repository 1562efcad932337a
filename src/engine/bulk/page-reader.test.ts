/** Tests a run's pages: read ahead by one, resumed after a failed read, and bounded by pagesInHand. */
import assert from 'node:assert/strict';
import { syncBuiltinESMExports } from 'node:module';
import { afterEach, describe, mock, test } from 'node:test';
import type { CommercetoolsClient, Query } from '../../commercetools/client.ts';
import { CommercetoolsError } from '../../commercetools/errors.ts';
import type { PageIteration } from '../../commercetools/pagination.ts';
import { createSemaphore } from '../../lib/semaphore.ts';
import { RunFailed } from '../runs/errors.ts';
import { emptyCounts } from '../runs/run-counts.ts';
import type { RunExecution } from '../runs/run-worker.ts';
import { prefetch, readPages } from './page-reader.ts';

const at = '2026-03-15T08:00:00.000Z';
const recordsOf = (ids: readonly string[]) => ({ results: ids.map((id) => ({ id, lastModifiedAt: at })) });
const never = new AbortController().signal;

function work(signal = never): RunExecution {
  return {
    run: {
      ...{ id: 'run', resource: 'orders', kind: 'sync', request: {}, by: 'api', state: 'running' },
      ...{ counts: emptyCounts(), queuedAt: at },
    },
    signal,
    markDirty: () => undefined,
  };
}

/** A client that gives these answers in turn: ids of a page, or an error. */
function clientOf(...answers: (string[] | Error)[]): { client: CommercetoolsClient; queries: Query[] } {
  const queries: Query[] = [];
  const none = () => Promise.reject(new Error('not used'));
  return {
    queries,
    client: {
      async get(_path, query = {}) {
        queries.push(query);
        const answer = answers.shift() ?? [];
        if (answer instanceof Error) throw answer;
        return recordsOf(answer);
      },
      post: none,
      delete: none,
    },
  };
}

const all: PageIteration = { resource: 'orders', query: {}, pageSize: 2 };

async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}

describe('pages of a walk', () => {
  afterEach(() => {
    mock.timers.reset();
    syncBuiltinESMExports();
  });

  /** Reads all pages, giving each permit back; pauses are over at once. */
  async function readAll(client: CommercetoolsClient, want: PageIteration, run = work()): Promise<string[][]> {
    mock.timers.enable({ apis: ['setTimeout'] });
    syncBuiltinESMExports();
    const pages: string[][] = [];
    let reads = 0;
    const reading = (async () => {
      const pagesInHand = createSemaphore(1);
      for await (const { records, release } of readPages(
        { client, pagesInHand, nextReadSeq: () => ++reads },
        run,
        want,
      )) {
        pages.push(records.map((record) => String(Object(record).id)));
        release();
      }
    })();
    let over = false;
    reading.then(
      () => (over = true),
      () => (over = true),
    );
    while (!over) {
      await settle();
      mock.timers.tick(60_000);
    }
    await reading;
    return pages;
  }

  test('are read in order until a short one', async () => {
    const { client } = clientOf(['a', 'b'], ['c', 'd'], ['e']);
    assert.deepEqual(await readAll(client, all), [['a', 'b'], ['c', 'd'], ['e']]);
  });

  test('go on behind the last one after commercetools could not answer', async () => {
    const { client, queries } = clientOf(['a', 'b'], new CommercetoolsError('unavailable', 'away'), ['c', 'd'], []);
    assert.deepEqual(await readAll(client, all), [
      ['a', 'b'],
      ['c', 'd'],
    ]);
    assert.deepEqual(
      queries.map((query) => query['var.lower']),
      [undefined, 'b', 'b', 'd'],
    );
  });

  test('of changes go on behind the last change', async () => {
    const { client, queries } = clientOf(['a', 'b'], new CommercetoolsError('unavailable', 'away'), ['c']);
    const wanted = { since: at, until: at };
    assert.deepEqual(await readAll(client, { ...all, query: wanted }), [['a', 'b'], ['c']]);
    assert.deepEqual([queries[2]?.['var.at'], queries[2]?.['var.last']], [at, 'b']);
  });

  test('of ids go on with those that were not read yet', async () => {
    const ids = Array.from({ length: 150 }, (_, index) => `id-${index}`);
    const { client, queries } = clientOf(
      ids.slice(0, 100),
      new CommercetoolsError('unavailable', 'away'),
      ids.slice(100),
    );
    const pages = await readAll(client, { ...all, query: { ids } });
    assert.deepEqual(pages.flat(), ids);
    assert.deepEqual(queries[2]?.['var.values'], ids.slice(100));
  });

  test('end with the run when commercetools refuses the request for good', async () => {
    const { client } = clientOf(['a', 'b'], new CommercetoolsError('rejected', 'a wrong where'));
    await assert.rejects(readAll(client, all), RunFailed);
  });
});

describe('pagesInHand of pages', () => {
  function start(answers: (string[] | Error)[], signal = never) {
    const { client, queries } = clientOf(...answers);
    const pagesInHand = createSemaphore(1);
    return { pagesInHand, queries, pages: readPages({ client, pagesInHand, nextReadSeq: () => 1 }, work(signal), all) };
  }

  test('a page is read only when the one before it is on its way', async () => {
    const { pages, queries } = start([['a', 'b'], ['c']]);
    const first = await pages.next();
    const second = pages.next();
    await settle();
    assert.equal(queries.length, 1);
    first.value?.release();
    assert.equal((await second).value?.requested, 1);
  });

  test('the permit is free again when the pages end', async () => {
    const { pages, pagesInHand } = start([['a']]);
    const { value } = await pages.next();
    value?.release();
    await pages.next();
    await pagesInHand.acquire(never);
  });

  test('the permit is free again when a read fails for good', async () => {
    const { pages, pagesInHand } = start([new TypeError('bug')]);
    await assert.rejects(pages.next(), TypeError);
    await pagesInHand.acquire(never);
  });

  test('the permit of a page that was read ahead is free again when the reader stops early', async () => {
    const { pages, pagesInHand } = start([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    for await (const { release } of prefetch(pages)) {
      release();
      await settle();
      break;
    }
    await pagesInHand.acquire(never);
  });

  test('a stop ends the wait for a permit', async () => {
    const stop = new AbortController();
    const { pages } = start([['a', 'b'], ['c']], stop.signal);
    await pages.next();
    const second = pages.next();
    stop.abort(new Error('stop'));
    await assert.rejects(second, /stop/);
  });
});

describe('reading ahead', () => {
  test('the next thing is asked for while the present one is worked on, and no further one', async () => {
    let asked = 0;
    async function* numbers() {
      for (; asked < 5; ) {
        asked += 1;
        yield asked;
      }
    }
    const reader = prefetch(numbers());
    assert.equal((await reader.next()).value, 1);
    await settle();
    assert.equal(asked, 2);
  });

  test('an error of the next thing comes only after the present one', async () => {
    async function* numbers() {
      yield 1;
      throw new Error('the second');
    }
    const reader = prefetch(numbers());
    assert.equal((await reader.next()).value, 1);
    await settle();
    await assert.rejects(reader.next(), /the second/);
  });
});

/** Reads the pages of a run, one ahead. After commercetools was unavailable it resumes after the last page. */
import type { CommercetoolsClient } from '../../commercetools/client.ts';
import { iteratePages, type Page, type PageIteration } from '../../commercetools/pagination.ts';
import type { Semaphore } from '../../lib/semaphore.ts';
import type { RunExecution } from '../runs/run-worker.ts';
import { createRunPause } from './run-pause.ts';

export interface ReadPage extends Page {
  /** Taken before the page was read. */
  readSeq: number;
  /** The page was handed to the sink: another one may be read in its place. A second call has no effect. */
  release(): void;
}

export interface PageReaderDeps {
  client: CommercetoolsClient;
  nextReadSeq(): number;
  /** Pages that were read and not released yet. */
  pagesInHand: Semaphore;
  /** Why nothing more may be read now; undefined: it may. */
  shedReason?(): string | undefined;
}

/** @yields the pages of an iteration in order. Rejects with RunFailed if commercetools rejects the request */
export async function* readPages(
  { client, nextReadSeq, pagesInHand, shedReason = () => undefined }: PageReaderDeps,
  execution: RunExecution,
  iteration: PageIteration,
): AsyncGenerator<ReadPage> {
  const pause = createRunPause(execution);
  let next = iteration;
  let release = () => {};
  for (;;) {
    try {
      const pages = iteratePages(client, next);
      for (;;) {
        execution.signal.throwIfAborted();
        await pause.whileShed(shedReason);
        release = await pagesInHand.acquire(execution.signal);
        const readSeq = nextReadSeq();
        const page = await pages.next();
        pause.reset();
        if (page.done) return;
        next = resumeAfter(next, page.value);
        yield { ...page.value, readSeq, release };
      }
    } catch (thrown) {
      release();
      await pause.waitOrFail(thrown);
    } finally {
      release();
    }
  }
}

function resumeAfter(iteration: PageIteration, { last, requested }: Page): PageIteration {
  const { query } = iteration;
  if ('ids' in query) return { ...iteration, query: { ids: query.ids.slice(requested) } };
  if (!last) return iteration;
  return { ...iteration, query: 'since' in query ? { ...query, at: last } : { ...query, after: last.id } };
}

/** @yields the same items; the next one is requested while the present one is processed */
export async function* prefetch<Item>(items: AsyncGenerator<Item>): AsyncGenerator<Item> {
  let next = items.next();
  // A consumer that stops early must not leave an unhandled rejection.
  next.catch(() => undefined);
  try {
    for (;;) {
      const current = await next;
      if (current.done) return;
      next = items.next();
      next.catch(() => undefined);
      yield current.value;
    }
  } finally {
    // Not awaited: the requested item may still be on its way.
    items.return(undefined).catch(() => undefined);
  }
}

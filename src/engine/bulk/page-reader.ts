/** A run's pages: read ahead by one, and read on from where it was when commercetools could not answer. */
import type { CommercetoolsClient } from '../../commercetools/client.ts';
import { iteratePages, type Page, type PageIteration } from '../../commercetools/pagination.ts';
import type { Semaphore } from '../../lib/semaphore.ts';
import type { BulkRun } from './run-bulk.ts';
import { createRunPause } from './run-pause.ts';

/** A page, and the count taken before it was read. */
export interface ReadPage extends Page {
  readSeq: number;
  /** The page is on its way: another one may be read in its place. */
  release(): void;
}

export interface PageReaderDeps {
  client: CommercetoolsClient;
  nextReadSeq(): number;
  /** Pages in hand: read, and not yet on their way. */
  permits: Semaphore;
}

/** @yields the walk's pages; begins again behind the last one when commercetools could not answer */
export async function* pagesOf(
  { client, nextReadSeq, permits }: PageReaderDeps,
  work: BulkRun,
  want: PageIteration,
): AsyncGenerator<ReadPage> {
  const pause = createRunPause(work);
  let next = want;
  let giveBack = () => {};
  for (;;) {
    try {
      const pages = iteratePages(client, next);
      for (;;) {
        work.signal.throwIfAborted();
        const release = await permits.acquire(work.signal);
        giveBack = release;
        const readSeq = nextReadSeq();
        const page = await pages.next();
        if (page.done) return;
        pause.over();
        next = resumeAfter(next, page.value);
        yield { ...page.value, readSeq, release };
      }
    } catch (thrown) {
      giveBack();
      await pause.orFail(thrown);
    } finally {
      giveBack();
    }
  }
}

function resumeAfter(want: PageIteration, { last, requested: asked }: Page): PageIteration {
  const { query: wanted } = want;
  if ('ids' in wanted) return { ...want, query: { ids: wanted.ids.slice(asked) } };
  if (!last) return want;
  return { ...want, query: 'since' in wanted ? { ...wanted, at: last } : { ...wanted, after: last.id } };
}

/** The next one is asked for while this one is worked on. */
export async function* prefetch<Thing>(things: AsyncGenerator<Thing>): AsyncGenerator<Thing> {
  let next = things.next();
  // Whoever stops early must not leave a rejection that nobody hears.
  next.catch(() => undefined);
  try {
    for (;;) {
      const now = await next;
      if (now.done) return;
      next = things.next();
      next.catch(() => undefined);
      yield now.value;
    }
  } finally {
    // Not awaited: the one that was asked for may still be on its way.
    things.return(undefined).catch(() => undefined);
  }
}

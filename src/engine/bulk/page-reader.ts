/** A run's pages: read ahead by one, and read on from where it was when commercetools could not answer. */
import type { CommercetoolsClient } from '../../commercetools/client.ts';
import { type Page, type Walk, walk } from '../../commercetools/pagination.ts';
import type { Permits } from '../../lib/semaphore.ts';
import type { BulkRun } from './run-bulk.ts';
import { createPause } from './run-pause.ts';

/** A page, and the count taken before it was read. */
export interface ReadPage extends Page {
  readAt: number;
  /** The page is on its way: another one may be read in its place. */
  begun(): void;
}

export interface Reading {
  client: CommercetoolsClient;
  nextRead(): number;
  /** Pages in hand: read, and not yet on their way. */
  permits: Permits;
}

/** @yields the walk's pages; begins again behind the last one when commercetools could not answer */
export async function* pagesOf(
  { client, nextRead, permits }: Reading,
  work: BulkRun,
  want: Walk,
): AsyncGenerator<ReadPage> {
  const pause = createPause(work);
  let next = want;
  let giveBack = () => {};
  for (;;) {
    try {
      const pages = walk(client, next);
      for (;;) {
        work.signal.throwIfAborted();
        const begun = await permits.take(work.signal);
        giveBack = begun;
        const readAt = nextRead();
        const page = await pages.next();
        if (page.done) return;
        pause.over();
        next = behind(next, page.value);
        yield { ...page.value, readAt, begun };
      }
    } catch (thrown) {
      giveBack();
      await pause.orFail(thrown);
    } finally {
      giveBack();
    }
  }
}

function behind(want: Walk, { last, asked }: Page): Walk {
  const { wanted } = want;
  if ('ids' in wanted) return { ...want, wanted: { ids: wanted.ids.slice(asked) } };
  if (!last) return want;
  return { ...want, wanted: 'since' in wanted ? { ...wanted, at: last } : { ...wanted, after: last.id } };
}

/** The next one is asked for while this one is worked on. */
export async function* ahead<Thing>(things: AsyncGenerator<Thing>): AsyncGenerator<Thing> {
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

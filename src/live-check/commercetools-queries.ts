/** Verifies queries: how late they find a new record, several `where` parameters, and the field lowercaseEmail. */
import { answerOf, countFound, objectsScope, putObject, testContainer } from './commercetools-requests.ts';
import { UnverifiableError } from './errors.ts';
import { asExpected, cannotWork, type LiveCheck, type LiveCheckContext, unexpected } from './live-check.ts';
import { durationText, pollUntil } from './poll.ts';

const lagFact = 'delay of a query behind GET by key';
const whereFact = 'several where parameters';
const emailFact = 'lowercaseEmail in a predicate';

/** A catch-up reads again what was changed in the five minutes before its start. */
const overlapMs = 300_000;

export const commercetoolsQueries: LiveCheck = {
  title: 'queries',
  facts: [
    { name: emailFact, expected: 'accepted' },
    { name: lagFact, expected: 'less than 5 min' },
    { name: whereFact, expected: 'all have to match' },
  ],
  creates: ['a custom object in a container of its own'],
  remains: [],
  async run(context, report) {
    await verifyLowercaseEmail(context, report);
    const key = `${context.mark}-query`;
    const created = await putObject(context, key);
    if (!created.ok) throw created.error;
    await verifyLag(context, key, report);
    await verifyWhere(context, key, report);
  },
};

type Report = Parameters<LiveCheck['run']>[1];

/** A read. That it may need view_customers only is why it goes first. */
async function verifyLowercaseEmail({ commercetools, mark }: LiveCheckContext, report: Report): Promise<void> {
  const query = { where: `lowercaseEmail = "${mark}@example.com"`, limit: 1, withTotal: false };
  const answer = await answerOf(commercetools.get('customers', query), 'view_customers').catch((thrown: unknown) => {
    if (thrown instanceof UnverifiableError) return undefined;
    throw thrown;
  });
  if (!answer) return;
  if (answer.ok) report(emailFact, asExpected('accepted', 'customers are found by e-mail in any case'));
  else {
    const consequence = 'none: e-mails are compared as they are written and in lower case';
    report(emailFact, unexpected(`refused (${answer.error.code ?? answer.error.type})`, consequence));
  }
}

/** GET by key shows a write at once, so that the time from the write's answer is measured. */
async function verifyLag(context: LiveCheckContext, key: string, report: Report): Promise<void> {
  const startedAt = performance.now();
  const isFound = await pollUntil(async () => (await count(context, [is(key)])) > 0 || undefined, {
    maxMs: context.limits.listingMs,
    signal: context.signal,
  });
  context.signal.throwIfAborted();
  const ms = performance.now() - startedAt;
  if (!isFound) {
    const consequence = 'a bulk run may miss records that were changed just before it: repeat it with --since';
    report(lagFact, cannotWork(`more than ${durationText(ms)}`, consequence));
    throw new UnverifiableError('the query does not find the test object');
  }
  if (ms < overlapMs)
    report(lagFact, asExpected(durationText(ms), 'none: a catch-up reads the last five minutes again'));
  else
    report(lagFact, unexpected(durationText(ms), 'a catch-up reads the last five minutes again, which is too little'));
}

async function verifyWhere(context: LiveCheckContext, key: string, report: Report): Promise<void> {
  const [found, missing] = [is(key), is(`${key}-missing`)];
  const lastOnly = (await count(context, [missing, found])) > 0;
  const firstOnly = (await count(context, [found, missing])) > 0;
  if (!lastOnly && !firstOnly)
    report(whereFact, asExpected('all have to match', 'pages of a bulk run follow each other'));
  else {
    const consequence = 'none: predicates are joined to one';
    report(whereFact, unexpected(lastOnly ? 'only the last one counts' : 'only the first one counts', consequence));
  }
}

const is = (key: string) => `key = ${JSON.stringify(key)}`;

function count(context: LiveCheckContext, where: readonly string[]): Promise<number> {
  return countFound(context, `custom-objects/${testContainer}`, { where, scope: objectsScope });
}

/** Measures the duration of a catalogue job. */
import { compoundId } from '../klaviyo/existing-records.ts';
import { createItemByJob, removeItem } from './catalog-records.ts';
import { UnverifiableError } from './errors.ts';
import { asExpected, type LiveCheck, unexpected } from './live-check.ts';
import { durationText } from './poll.ts';

const fact = 'duration of a catalogue job';

export const klaviyoJobs: LiveCheck = {
  title: 'a catalogue job, which takes seconds to minutes',
  facts: [{ name: fact, expected: 'less than 5 min' }],
  creates: ['a hidden catalog item, by a bulk job'],
  remains: [],
  async run(context, report) {
    const externalId = `${context.mark}-job`;
    let isComplete = false;
    const remove = async () => {
      await removeItem(context, compoundId(externalId));
      // What is deleted now may still be created.
      if (!isComplete) throw new UnverifiableError('the job that creates it may not have completed yet');
    };
    const startedAt = performance.now();
    isComplete = await context.cleanup.create({ name: `catalog item ${externalId}`, remove }, () =>
      createItemByJob(context, externalId),
    );
    context.signal.throwIfAborted();
    const ms = performance.now() - startedAt;
    if (!isComplete) {
      const consequence = 'a bulk run ends only when its last job has: look at status.klaviyo.com and try again';
      report(fact, unexpected(`more than ${durationText(ms)}`, consequence));
    } else {
      const consequence = `a bulk run of products ends about ${durationText(ms)} after its last record was sent`;
      report(fact, (ms > usualMs ? unexpected : asExpected)(durationText(ms), consequence));
    }
  },
};

/** The slowest recorded job took 274 s. */
const usualMs = 300_000;

/** `catalog.ratings`: the rating of a product on its item, after reviews and by a sync. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { id, type Json, reference } from '../fixtures/index.ts';
import { type CatalogShop, changed, type Made, newProduct, startCatalogShop } from './catalog-fixture.ts';

let shop: CatalogShop;
before(async () => {
  shop = await startCatalogShop({ settings: { catalog: { ratings: true } } });
});
after(() => shop.stop());

const review = reference('review', id('e1'));
const rated = (averageRating: number, count: number): Json => ({
  reviewRatingStatistics: { averageRating, count, highestRating: 5, lowestRating: 1, ratingsDistribution: {} },
});
const ratingOf = async (made: Made, of: CatalogShop = shop) => {
  const { custom_metadata: metadata } = await of.item(made.id);
  return [metadata.rating_average, metadata.rating_count];
};
const target = (made: Made) => reference('product', made.id);

async function rate(made: Made, average: number, count: number): Promise<void> {
  await shop.addRecords('product', changed(made, {}, rated(average, count)).record);
}

test('each message about a review that counts brings the rating to the item', async () => {
  const made = newProduct();
  await shop.publish(made);
  assert.deepEqual(await ratingOf(made), [undefined, undefined]);
  const messages: [string, Json][] = [
    ['ReviewCreated', { review: { id: id('e1'), target: target(made), includedInStatistics: true } }],
    ['ReviewRatingSet', { target: target(made), includedInStatistics: true, newRating: 2 }],
    [
      'ReviewStateTransition',
      { target: target(made), oldIncludedInStatistics: true, newIncludedInStatistics: false, force: false },
    ],
  ];
  for (const [index, [type, payload]] of messages.entries()) {
    await rate(made, 4.25 - index, 8 + index);
    assert.equal(await shop.sendMessage(type, review, payload), 204);
    assert.deepEqual(await ratingOf(made), [String(4.25 - index), String(8 + index)], type);
  }
});

test('a review of a channel, or one that does not count, writes nothing', async () => {
  const made = newProduct();
  await shop.publish(made);
  await rate(made, 3, 1);
  const writes = await shop.writes();
  for (const [type, payload] of [
    ['ReviewRatingSet', { target: reference('channel', made.id), includedInStatistics: true }],
    ['ReviewRatingSet', { target: target(made), includedInStatistics: false }],
    ['ReviewCreated', { review: { id: id('e1'), includedInStatistics: true } }],
  ] as const)
    assert.equal(await shop.sendMessage(type, review, payload), 204);
  assert.equal(await shop.sendWithoutPayload('ReviewRatingSet', review), 204);
  assert.equal(await shop.writes(), writes);
});

test('a review does not delete the item of a product that is not published', async () => {
  const made = newProduct();
  await shop.publish(made);
  const { masterData } = made.record;
  const record = { ...made.record, masterData: { ...Object(masterData), published: false } };
  await shop.addRecords('product', record);
  assert.equal(
    await shop.sendMessage('ReviewRatingSet', review, { target: target(made), includedInStatistics: true }),
    204,
  );
  assert.equal((await shop.item(made.id)).external_id, made.id);
});

test('a sync brings ratings; without the setting there are none', async () => {
  for (const [ratings, expected] of [
    [true, ['4.5', '2']],
    [false, [undefined, undefined]],
  ] as const) {
    await using own = await startCatalogShop({ settings: { catalog: { ratings } } });
    const made = newProduct({}, rated(4.5, 2));
    await own.addRecords('product', made.record);
    await own.testEnv.sync('products');
    assert.deepEqual(await ratingOf(made, own), expected);
  }
});

/**
 * Maps each operation to its request body schema. The contract tests check every schema against Klaviyo's OpenAPI file.
 */
import type { z } from 'zod';
import { queryMetricAggregates, updateMappedMetric } from './account-bodies.ts';
import * as catalog from './catalog-bodies.ts';
import { bulkSubscribeProfiles, bulkUnsubscribeProfiles } from './consent-bodies.ts';
import { bulkCreateEvents, createEvent } from './event-bodies.ts';
import * as profile from './profile-bodies.ts';

const bodies = {
  create_event: createEvent,
  bulk_create_events: bulkCreateEvents,

  create_or_update_profile: profile.createOrUpdateProfile,
  create_profile: profile.createProfile,
  update_profile: profile.updateProfile,
  merge_profiles: profile.mergeProfiles,
  bulk_import_profiles: profile.bulkImportProfiles,
  request_profile_deletion: profile.requestProfileDeletion,
  bulk_subscribe_profiles: bulkSubscribeProfiles,
  bulk_unsubscribe_profiles: bulkUnsubscribeProfiles,

  update_mapped_metric: updateMappedMetric,
  query_metric_aggregates: queryMetricAggregates,

  create_catalog_item: catalog.singleRecord(catalog.newItem),
  update_catalog_item: catalog.singleRecord(catalog.changedItem),
  add_categories_to_catalog_item: catalog.categoryIds,
  update_categories_for_catalog_item: catalog.categoryIds,
  remove_categories_from_catalog_item: catalog.categoryIds,
  create_catalog_variant: catalog.singleRecord(catalog.newVariant),
  update_catalog_variant: catalog.singleRecord(catalog.changedVariant),
  create_catalog_category: catalog.singleRecord(catalog.newCategory),
  update_catalog_category: catalog.singleRecord(catalog.changedCategory),
  add_items_to_catalog_category: catalog.itemIds,
  update_items_for_catalog_category: catalog.itemIds,
  remove_items_from_catalog_category: catalog.itemIds,

  bulk_create_catalog_items: catalog.itemJob('catalog-item-bulk-create-job', catalog.newItem),
  bulk_update_catalog_items: catalog.itemJob('catalog-item-bulk-update-job', catalog.changedItem),
  bulk_delete_catalog_items: catalog.itemJob('catalog-item-bulk-delete-job', catalog.deletedItem),
  bulk_create_catalog_variants: catalog.variantJob('catalog-variant-bulk-create-job', catalog.newVariant),
  bulk_update_catalog_variants: catalog.variantJob('catalog-variant-bulk-update-job', catalog.changedVariant),
  bulk_delete_catalog_variants: catalog.variantJob('catalog-variant-bulk-delete-job', catalog.deletedVariant),
  bulk_create_catalog_categories: catalog.categoryJob('catalog-category-bulk-create-job', catalog.newCategory),
  bulk_update_catalog_categories: catalog.categoryJob('catalog-category-bulk-update-job', catalog.changedCategory),
  bulk_delete_catalog_categories: catalog.categoryJob('catalog-category-bulk-delete-job', catalog.deletedCategory),
};

/** Type of the parsed body of each operation that has one. */
export type Bodies = { [N in keyof typeof bodies]: z.infer<(typeof bodies)[N]> };

/** The same schemas, typed so that a lookup by operation name returns the schema of that operation's body. */
export const schemas: { [N in keyof Bodies]: z.ZodType<Bodies[N]> } = bodies;

/**
 * Behaviours that Klaviyo's reference leaves open. Each switch lists its variants; the first one is the default. A
 * client must cope with every variant.
 */

/** Variants of each switch, default first. Tests and chaos runs iterate over them. */
export const klaviyoVariants = {
  /**
   * A bulk event body repeats a `unique_id` that an earlier request recorded: the event is ignored; the body is
   * rejected with a pointer to every repeated event, or only to the first one; or the body is accepted and none of its
   * events is recorded. Two equal ones within a body are rejected in the first three cases.
   */
  repeatedUniqueId: ['ignored', 'rejected', 'rejected-naming-one', 'body-lost'],
  /** Where a bulk event body may say `backfill`: on the event or else on its group, only the group, only the event. */
  bulkBackfill: ['event-or-group', 'group', 'event'],
  /** Whether a filter on `email` finds an address in another case. */
  emailFilter: ['case-insensitive', 'case-sensitive'],
  /** A malformed e-mail in a bulk import: an import error of its profile, or the whole body is rejected. */
  malformedImportEmail: ['import-error', 'rejects-body'],
  /** An invalid phone number in a bulk import: an import error, or the profile is imported without it. */
  invalidImportPhone: ['import-error', 'dropped'],
  /** A path with an encoded `/`, `%`, `?` or `#`: accepted, or rejected by the network edge or by the API. */
  reservedCharactersInPath: ['accepted', 'html-404', 'rejected'],
  /** Whether a profile keeps its former e-mail addresses and is found by any of them. */
  multipleEmails: ['off', 'on'],
  /** Whether a list of events can be filtered by profile or metric and by time in one request. */
  eventFilters: ['combine', 'time-alone'],
  /** An event whose identifiers belong to two profiles: 409, recorded on the first match, or 400. */
  eventOfTwoProfiles: ['conflict', 'first-match', 'rejected'],
  /** An event to the id of a merged or deleted profile: rejected, accepted and lost, or recorded on the merged profile. */
  eventToFormerProfile: ['rejected', 'lost', 'merge-destination'],
  /** Whether a bulk import applies `meta.patch_properties.unset`. */
  bulkImportUnset: ['applied', 'ignored'],
  /** Whether the records of a catalog job can be read only when the job is complete, or already before. */
  catalogJobRecords: ['on-completion', 'before-completion'],
  /** Whether the variants of a deleted item are deleted with it, or are still listed. */
  variantsOfDeletedItem: ['deleted', 'listed'],
  /** Pointer of the 404 for a missing related record in a create or update: to the relationship, or `/data/`. */
  missingLinkPointer: ['relationship', 'data'],
  /** Whether a new metric of the API with the usual name, such as Placed Order, is mapped without being asked for. */
  mappingOfNewMetric: ['by-name', 'none'],
} as const;

type Variants = typeof klaviyoVariants;

/** One variant of each switch, and the delay of queries. */
export type KlaviyoBehaviours = { [S in keyof Variants]: Variants[S][number] } & {
  /**
   * Milliseconds until a list query finds a new record, which GET by id returns at once. Only new records are delayed.
   */
  lagMs: number;
};

const defaults: KlaviyoBehaviours = {
  repeatedUniqueId: 'ignored',
  bulkBackfill: 'event-or-group',
  emailFilter: 'case-insensitive',
  malformedImportEmail: 'import-error',
  invalidImportPhone: 'import-error',
  reservedCharactersInPath: 'accepted',
  multipleEmails: 'off',
  eventFilters: 'combine',
  eventOfTwoProfiles: 'conflict',
  eventToFormerProfile: 'rejected',
  bulkImportUnset: 'applied',
  catalogJobRecords: 'on-completion',
  variantsOfDeletedItem: 'deleted',
  missingLinkPointer: 'relationship',
  mappingOfNewMetric: 'by-name',
  lagMs: 0,
};

/** Returns the given variants, with the default for every other switch. */
export function behavioursOf(given: Partial<KlaviyoBehaviours>): KlaviyoBehaviours {
  return { ...defaults, ...given };
}

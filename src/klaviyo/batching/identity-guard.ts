/**
 * Keeps profiles with conflicting identifiers out of the same batch. Klaviyo validates all profiles of a bulk body before
 * it creates any of them. When two entries share one identifier and differ in the other, the first entry may create a
 * profile that the second one conflicts with; Klaviyo then drops the second one without an error. In a later body the
 * conflict is reported.
 */
import type { BatchItem } from './bulk-body.ts';

export function createIdentityGuard() {
  const idByEmail = new Map<string, string | undefined>();
  const emailById = new Map<string, string | undefined>();

  return {
    /** @returns whether the item has no conflict with those admitted before; if so it is admitted */
    admits({ profile }: Pick<BatchItem, 'profile'>): boolean {
      if (!profile) return true;
      const email = profile.email?.toLowerCase();
      const { external_id: id } = profile;
      if (conflicts(idByEmail, email, id) || conflicts(emailById, id, email)) return false;
      if (email !== undefined) idByEmail.set(email, id);
      if (id !== undefined) emailById.set(id, email);
      return true;
    },
  };
}

/** @returns whether an admitted profile pairs the identifier with a different counterpart */
function conflicts(
  admitted: ReadonlyMap<string, string | undefined>,
  identifier: string | undefined,
  counterpart: string | undefined,
): boolean {
  return identifier !== undefined && admitted.has(identifier) && admitted.get(identifier) !== counterpart;
}

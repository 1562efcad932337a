/**
 * Who may stand in one body together. Klaviyo looks at a body's people before it takes any of them: where two entries share
 * one identifier but not the other, the first may make a profile that the second one contradicts, after the body has been
 * accepted, and nobody hears of it. Such a one waits for the next body, which is refused where it has to be.
 */
import type { BatchItem } from './operations.ts';

export interface IdentityGuard {
  /** @returns whether it may come along; if so it is taken in */
  admits(item: Pick<BatchItem, 'profile'>): boolean;
}

export function createIdentityGuard(): IdentityGuard {
  /** What each e-mail stands with, and each external_id. */
  const byEmail = new Map<string, string | undefined>();
  const byId = new Map<string, string | undefined>();

  function contradicts(known: Map<string, string | undefined>, own: string | undefined, other: string | undefined) {
    return own !== undefined && known.has(own) && known.get(own) !== other;
  }

  return {
    admits({ profile }) {
      if (!profile) return true;
      const email = profile.email?.toLowerCase();
      const { external_id: id } = profile;
      if (contradicts(byEmail, email, id) || contradicts(byId, id, email)) return false;
      if (email !== undefined) byEmail.set(email, id);
      if (id !== undefined) byId.set(id, email);
      return true;
    },
  };
}

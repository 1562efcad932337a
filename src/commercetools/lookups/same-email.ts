/** Customers with the same e-mail, ignoring case, which predicates can't do. */

import { CommercetoolsError } from '../errors.ts';
import type { Customer } from '../schemas.ts';

export interface EmailQueries {
  /** By `lowercaseEmail`, a field that the API has and its reference does not mention. */
  byLowercaseEmail(lowercase: string): Promise<Customer[]>;
  /** By the exact spelling. */
  byEmail(email: string): Promise<Customer[]>;
}

/**
 * Once the API has refused the field, queries use the given and the lower-case spelling; other spellings are not found then.
 * @returns the lookup `customersWithEmail`
 */
export function createSameEmailLookup({ byLowercaseEmail, byEmail }: EmailQueries) {
  let isFieldRefused = false;

  async function bySpelling(email: string): Promise<Customer[]> {
    const spellings = new Set([email, email.toLowerCase()]);
    return (await Promise.all([...spellings].map(byEmail))).flat();
  }

  return async (email: string): Promise<Customer[]> => {
    if (isFieldRefused) return bySpelling(email);
    try {
      return await byLowercaseEmail(email.toLowerCase());
    } catch (thrown) {
      if (!(thrown instanceof CommercetoolsError) || thrown.type !== 'rejected') throw thrown;
      const found = await bySpelling(email);
      // A query that is rejected for another reason was rejected again.
      isFieldRefused = true;
      return found;
    }
  };
}

/** Names of the fields of a customer that profiles can have. */

/** Fields of a customer that `customer.fields` can send, with the property names that `ctk init` chooses for a new account. */
export const customerFieldNames = {
  customerGroup: 'Customer Group',
  customerGroups: 'Customer Groups',
  stores: 'Stores',
  businessUnits: 'Business Units',
  customerNumber: 'Customer Number',
  createdAt: 'Account Created',
  isEmailVerified: 'Email Verified',
  dateOfBirth: 'Birthday',
  salutation: 'Salutation',
} as const;
export type CustomerField = keyof typeof customerFieldNames;

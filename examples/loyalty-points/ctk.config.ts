/** Adds loyalty points and a loyalty tier to the profile, from a custom field of the customer. */
import { defineConfig } from 'commercetools-klaviyo';

const tiers = [
  { from: 1_000, name: 'Gold' },
  { from: 250, name: 'Silver' },
  { from: 0, name: 'Bronze' },
];

export default defineConfig({
  hooks: {
    profile(profile, { facts }) {
      // The properties already contain the field under its name in commercetools; it is removed.
      const { loyaltyPoints, ...properties } = profile.properties ?? {};
      const points = facts.customer.custom?.fields?.loyaltyPoints;
      if (typeof points !== 'number') return profile;
      const tier = tiers.find(({ from }) => points >= from)?.name;
      return { ...profile, properties: { ...properties, 'Loyalty Points': points, 'Loyalty Tier': tier } };
    },
  },
});

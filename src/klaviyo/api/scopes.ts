/** What a private API key needs, derived from the table of endpoints. */
import { type EndpointName, endpoints, type Scope } from './endpoints.ts';

/** Endpoints that only checks call: delivery works without them. */
const checkEndpoints = [
  'getAccounts',
  'getItem',
  'listCategoriesOfItem',
  'listMetrics',
  'listMappedMetrics',
  'updateMappedMetric',
  'queryMetricAggregates',
  'listFlows',
] as const;

/** Endpoints whose work can be done by others: without their scopes profiles and events are sent one by one. */
const replaceableEndpoints = [
  'listEvents',
  'importProfiles',
  'listProfileImports',
  'getProfileImport',
  'listImportErrors',
] as const;

/** Endpoints that only a setting asks for: `customer.onErasure: request`. */
const settingEndpoints = ['requestProfileDeletion'] as const;

const names = Object.keys(endpoints).filter((name): name is EndpointName => name in endpoints);
const isIn = (list: readonly EndpointName[]) => (name: EndpointName) => list.includes(name);

/** @returns the scopes of these endpoints, sorted */
function scopesOf(endpointNames: readonly EndpointName[]): Scope[] {
  return [...new Set(endpointNames.flatMap((name) => endpoints[name].scopes))].sort();
}

/** Without one of these some records can't be delivered. */
export const requiredScopes = scopesOf(
  names.filter((name) => !isIn([...checkEndpoints, ...replaceableEndpoints, ...settingEndpoints])(name)),
);

/** Without these the service works, but slower, or checks less. */
export const recommendedScopes = scopesOf([...replaceableEndpoints, 'listMappedMetrics']).filter(
  (scope) => !requiredScopes.includes(scope),
);

/** What each scope is for, in the words of a person who creates the key. */
export const scopePurposes: Partial<Record<Scope, string>> = {
  'catalogs:read': 'compares items, variants and categories before they are written',
  'catalogs:write': 'items, variants and categories',
  'data-privacy:write': 'erases profiles with customer.onErasure: request',
  'events:read':
    'verifies bulk bodies of events: 1,000 per request instead of one; finds the profile of a claimed order',
  'events:write': 'order events',
  'lists:read': 'follows bulk imports of profiles',
  'lists:write': 'bulk imports of profiles: 10,000 per request instead of one',
  'metrics:read': 'the same, and checks the metric mapping of reports',
  'metrics:write': 'sets the metric mapping of reports: ctk check --fix',
  'profiles:read': 'finds who has an e-mail or external_id; without it orders go to their own e-mail',
  'profiles:write': 'profiles',
};

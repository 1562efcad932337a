/** Verifies each scope of the Klaviyo key by a real call; writes go to test records. */
import { z } from 'zod';
import type { Scope } from '../klaviyo/api/endpoints.ts';
import { recommendedScopes, requiredScopes, scopePurposes } from '../klaviyo/api/scopes.ts';
import { compoundId } from '../klaviyo/existing-records.ts';
import { newCategory, removeCategory } from './catalog-records.ts';
import { bodyOf, failureText, type LiveRequest, requestKlaviyo } from './klaviyo-requests.ts';
import { asExpected, cannotWork, type LiveCheck, type LiveCheckContext, unexpected } from './live-check.ts';
import { eventAttributes, profileData, remainingEvents, remainingProfile } from './test-profile.ts';

const firstOnly = { 'page[size]': '1' };
const started = z.looseObject({ data: z.looseObject({ id: z.string() }) });

/** The call of each scope, writes before the reads that may need their records. */
const calls: [Scope, (context: LiveCheckContext, importId: string) => LiveRequest][] = [
  ['profiles:write', () => ({ endpoint: 'importProfile', body: { data: profileData } })],
  ['profiles:read', () => ({ endpoint: 'listProfiles', query: firstOnly })],
  ['lists:write', () => ({ endpoint: 'importProfiles', body: importBody })],
  [
    'lists:read',
    (_context, id) => (id === '' ? { endpoint: 'listProfileImports' } : { endpoint: 'getProfileImport', id }),
  ],
  ['events:write', (context) => ({ endpoint: 'createEvent', body: { data: testEvent(context) } })],
  ['events:read', () => ({ endpoint: 'listEvents', query: firstOnly })],
  ['metrics:read', () => ({ endpoint: 'listMetrics' })],
  ['catalogs:write', ({ mark }) => ({ endpoint: 'createCategory', body: { data: newCategory(categoryOf(mark)) } })],
  ['catalogs:read', () => ({ endpoint: 'listCategories', query: firstOnly })],
];

const importBody = {
  data: { type: 'profile-bulk-import-job', attributes: { profiles: { data: [profileData] } } },
};

function testEvent(context: LiveCheckContext): object {
  const attributes = { ...eventAttributes(context, `${context.mark}-scope`), profile: { data: profileData } };
  return { type: 'event', attributes };
}

const categoryOf = (mark: string) => `${mark}-scope`;

const factOf = (scope: Scope) => `Klaviyo scope ${scope}`;

export const klaviyoScopes: LiveCheck = {
  title: 'scopes of the Klaviyo key',
  facts: [...requiredScopes, ...recommendedScopes].map((scope) => ({ name: factOf(scope), expected: 'granted' })),
  creates: ['a catalog category'],
  remains: [remainingProfile, remainingEvents],
  async run(context, report) {
    const { mark, signal, cleanup } = context;
    const category = categoryOf(mark);
    const forget = cleanup.add({
      name: `catalog category ${category}`,
      remove: () => removeCategory(context, compoundId(category)),
    });
    let importId = '';
    for (const [scope, requestOf] of calls) {
      signal.throwIfAborted();
      const request = requestOf(context, importId);
      const result = await requestKlaviyo(context, request);
      if (result.ok) {
        if (scope === 'lists:write') importId = bodyOf(request, result, started).data.id;
        report(factOf(scope), asExpected('granted', `used for: ${scopePurposes[scope] ?? scope}`));
      } else if (result.failure.type === 'forbidden') {
        if (scope === 'catalogs:write') forget();
        report(factOf(scope), missing(scope));
      } else if (result.failure.type !== 'unavailable') {
        const consequence = 'the service gets the same answer: see docs/troubleshooting.md';
        report(factOf(scope), cannotWork(failureText(request, result.failure), consequence));
      }
    }
  },
};

function missing(scope: Scope) {
  const purpose = scopePurposes[scope] ?? scope;
  if (requiredScopes.includes(scope))
    return cannotWork('missing', `make a key with it, which is needed for: ${purpose}`);
  return unexpected('missing', `the service works without: ${purpose}`);
}

/** Checks the Klaviyo key and its scopes (least privilege). */
import type { ApiCall } from '../../klaviyo/api/client.ts';
import type { Scope } from '../../klaviyo/api/endpoints.ts';
import { recommendedScopes, requiredScopes, scopePurposes } from '../../klaviyo/api/scopes.ts';
import { compoundId } from '../../klaviyo/existing-records.ts';
import { redactUrls } from '../../lib/redact-url.ts';
import { type CheckDeps, callKlaviyo, type Finding, ok, problem, warning } from './finding.ts';

/** Id without a record. A write to it is rejected as not found only if the key has the scope. */
const missingId = 'ctk-check-no-such-record';

type Probe = Omit<ApiCall, 'lane' | 'signal'>;

/** Requests that succeed, or are rejected for their content, only if the key has the scope. None of them writes. */
const probes: { scope: Scope; call: Probe }[] = [
  { scope: 'profiles:read', call: { endpoint: 'listProfiles', query: { 'page[size]': '1' } } },
  {
    scope: 'profiles:write',
    call: {
      endpoint: 'updateProfile',
      id: missingId,
      body: { data: { type: 'profile', id: missingId, attributes: {} } },
    },
  },
  { scope: 'events:read', call: { endpoint: 'listEvents', query: { 'page[size]': '1' } } },
  { scope: 'metrics:read', call: { endpoint: 'listMetrics' } },
  { scope: 'events:write', call: { endpoint: 'createEvent', body: { data: eventWithoutProfile() } } },
  { scope: 'catalogs:read', call: { endpoint: 'listCategories', query: { 'page[size]': '1' } } },
  { scope: 'catalogs:write', call: { endpoint: 'deleteCategory', id: compoundId(missingId) } },
  // After those of profiles, which the same endpoints require.
  { scope: 'lists:read', call: { endpoint: 'listProfileImports', query: { 'page[size]': '1' } } },
  {
    scope: 'lists:write',
    call: {
      endpoint: 'importProfiles',
      body: { data: { type: 'profile-bulk-import-job', attributes: { profiles: { data: [] } } } },
    },
  },
];

/** Rejected because there is no such profile. */
const erasureProbe: (typeof probes)[number] = {
  scope: 'data-privacy:write',
  call: {
    endpoint: 'requestProfileDeletion',
    body: {
      data: {
        type: 'data-privacy-deletion-job',
        attributes: { profile: { data: { type: 'profile', id: missingId, attributes: {} } } },
      },
    },
  },
};

/** Rejected for two reasons, so that no event is recorded: it has no identifier, and its time is too old. */
function eventWithoutProfile(): object {
  return {
    type: 'event',
    attributes: {
      metric: { data: { type: 'metric', attributes: { name: 'Placed Order' } } },
      profile: { data: { type: 'profile', attributes: {} } },
      properties: {},
      time: '1980-01-01T00:00:00Z',
    },
  };
}

/** Endpoint that none of the needed scopes allows, so that only a key with more access can call it. */
const unneededEndpoint: ApiCall['endpoint'] = 'listFlows';

/** @returns the findings; `usable`: whether further checks can use this key */
export async function checkKlaviyo({ config, klaviyo }: CheckDeps): Promise<{ findings: Finding[]; usable: boolean }> {
  const findings: Finding[] = [];
  const erases = config.rules.customer.onErasure === 'request';
  for (const { scope, call } of erases ? [...probes, erasureProbe] : probes) {
    const result = await callKlaviyo(klaviyo, call);
    const what = `Klaviyo scope ${scope}`;
    if (result.ok || result.failure.type === 'rejected') findings.push(ok(what));
    else if (result.failure.type === 'unauthorized') {
      const unauthorized = problem(
        'Klaviyo key',
        `${redactUrls(config.klaviyo.url)} refuses it`,
        'check KLAVIYO_AUTH_KEY',
      );
      return { findings: [unauthorized], usable: false };
    } else if (result.failure.type === 'forbidden') findings.push(missingScope(scope));
    else {
      const unavailable = problem('Klaviyo', result.failure.reason, 'check KLAVIYO_API_URL');
      return { findings: [...findings, unavailable], usable: false };
    }
  }
  const unneeded = await callKlaviyo(klaviyo, { endpoint: unneededEndpoint, query: { 'page[size]': '1' } });
  const what = 'Klaviyo scopes, too many';
  const erasureScopes = erases ? [erasureProbe.scope] : [];
  const names = [...requiredScopes, ...recommendedScopes, ...erasureScopes].sort().join(', ');
  if (unneeded.ok)
    findings.push(warning(what, 'the key may read flows too', `make a private key with these only: ${names}`));
  else findings.push(ok(what, 'none found'));
  return { findings, usable: true };
}

function missingScope(scope: Scope): Finding {
  const isRequired = requiredScopes.includes(scope) || scope === erasureProbe.scope;
  const finding = isRequired ? problem : warning;
  const fix = 'make a private key with it (Settings > API keys)';
  return finding(`Klaviyo scope ${scope}`, `needed for: ${scopePurposes[scope]}`, fix);
}

/** What a client may do, as commercetools says it with a token. https://docs.commercetools.com/api/authorization */
import { z } from 'zod';
import type { CommercetoolsSettings } from './client.ts';

const answer = z.looseObject({ scope: z.string() });

/** @returns scopes without the project's key; undefined where it can't be asked (what is wrong other requests tell) */
export async function grantedScopes(settings: CommercetoolsSettings): Promise<string[] | undefined> {
  const { authUrl, clientId, clientSecret, projectKey, scopes, timeoutMs } = settings;
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  if (scopes.length > 0) form.set('scope', scopes.join(' '));
  try {
    const response = await fetch(`${authUrl}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` },
      body: form,
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const { data } = answer.safeParse(await response.json());
    return data?.scope.split(/\s+/).map((scope) => scope.replace(`:${projectKey}`, ''));
  } catch {
    return undefined;
  }
}

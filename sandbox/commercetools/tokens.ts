/** OAuth: issues bearer tokens to the single known client and checks their scopes. */
import { randomBytes } from 'node:crypto';
import { type HttpResponse, oauthError, ok } from './responses.ts';

/** 48 hours, as in commercetools: https://docs.commercetools.com/api/authorization */
const EXPIRES_IN_SECONDS = 172_800;

export interface OAuthClient {
  readonly projectKey: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Scopes without the project key, for example `view_orders`. `manage_project` allows everything. */
  readonly scopes: readonly string[];
}

export class Tokens {
  readonly #client: OAuthClient;
  readonly #scopesByToken = new Map<string, ReadonlySet<string>>();

  constructor(client: OAuthClient) {
    this.#client = client;
  }

  /** Handles `POST /oauth/token`. */
  issue(authorization: string | undefined, form: URLSearchParams): HttpResponse {
    if (!this.#isClient(authorization)) {
      return oauthError(
        401,
        'invalid_client',
        'Please provide valid client credentials using HTTP Basic Authentication.',
      );
    }
    if (form.get('grant_type') !== 'client_credentials') {
      return oauthError(400, 'unsupported_grant_type', 'The sandbox knows grant_type client_credentials only.');
    }
    const granted = this.#granted(form.get('scope'));
    if (typeof granted === 'string') return oauthError(400, 'invalid_scope', `Invalid scope: ${granted}`);
    const token = randomBytes(24).toString('base64url');
    this.#scopesByToken.set(token, new Set(granted));
    const scope = granted.map((name) => `${name}:${this.#client.projectKey}`).join(' ');
    return ok({ access_token: token, token_type: 'Bearer', expires_in: EXPIRES_IN_SECONDS, scope });
  }

  /** Returns undefined if the bearer token has one of the scopes, otherwise the error response. */
  authorizationError(
    authorization: string | undefined,
    projectKey: string,
    anyOf: readonly string[],
  ): HttpResponse | undefined {
    const scopes = this.#scopesByToken.get(/^Bearer (.+)$/i.exec(authorization ?? '')?.[1] ?? '');
    if (scopes === undefined) return oauthError(401, 'invalid_token', 'invalid_token');
    const own = projectKey === this.#client.projectKey;
    if (own && (anyOf.length === 0 || scopes.has('manage_project') || anyOf.some((scope) => scopes.has(scope)))) {
      return undefined;
    }
    const missing = anyOf.map((scope) => `${scope}:${projectKey}`).join(', ');
    return oauthError(
      403,
      'insufficient_scope',
      `Insufficient scope. One of the following scopes is missing: ${missing}.`,
    );
  }

  /** Invalidates all tokens, like an expiry. */
  revokeAll(): void {
    this.#scopesByToken.clear();
  }

  #isClient(authorization: string | undefined): boolean {
    const encoded = /^Basic (.+)$/i.exec(authorization ?? '')?.[1] ?? '';
    const { clientId, clientSecret } = this.#client;
    return Buffer.from(encoded, 'base64').toString() === `${clientId}:${clientSecret}`;
  }

  #granted(requested: string | null): readonly string[] | string {
    if (requested === null || requested.trim() === '') return this.#client.scopes;
    const names = requested.trim().split(/\s+/);
    const suffix = `:${this.#client.projectKey}`;
    const bare = names.map((name) => (name.endsWith(suffix) ? name.slice(0, -suffix.length) : name));
    const all = this.#client.scopes.includes('manage_project');
    return bare.find((name) => !all && !this.#client.scopes.includes(name)) ?? bare;
  }
}

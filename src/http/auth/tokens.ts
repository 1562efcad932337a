/** Tokens of the service's own API; several of a kind during rotation. */
export interface ApiTokens {
  full: readonly string[];
  readOnly: readonly string[];
}

/** Tokens of the service's own API; several of a kind during rotation. */
export interface ApiTokens {
  /** Read and write access. */
  full: readonly string[];
  /** Read access. */
  readOnly: readonly string[];
}

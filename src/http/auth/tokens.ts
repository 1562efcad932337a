/** The tokens of the service's own API. */

/** Several of a kind while one is being replaced. */
export interface ApiTokens {
  /** Read and write. */
  full: readonly string[];
  /** Read only. */
  readOnly: readonly string[];
}

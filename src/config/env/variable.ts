/** Describes an environment variable for the docs and `ctk config`. */

export interface Variable {
  name: string;
  description: string;
  default?: string;
  secret?: boolean;
}

/** An environment variable as the docs and `ctk config` show it. */

export interface Variable {
  name: string;
  description: string;
  default?: string;
  secret?: boolean;
}

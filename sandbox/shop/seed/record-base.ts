/** The fields that every commercetools resource has. */
import { randomUUID } from 'node:crypto';

/** When records were made, unless said otherwise. */
export const DEFAULT_TIMESTAMP = '2024-03-01T10:00:00.000Z';

const by = { isPlatformClient: false, clientId: 'storefront' };

export interface RecordBase {
  readonly id: string;
  readonly version: number;
  readonly createdAt: string;
  readonly lastModifiedAt: string;
  readonly createdBy: typeof by;
  readonly lastModifiedBy: typeof by;
}

/** A new id, version 1, made long ago. */
export function baseFields(): RecordBase {
  const times = { createdAt: DEFAULT_TIMESTAMP, lastModifiedAt: DEFAULT_TIMESTAMP };
  return { id: randomUUID(), version: 1, ...times, createdBy: by, lastModifiedBy: by };
}

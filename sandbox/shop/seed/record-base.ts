/** Fields of every commercetools resource. */
import { randomUUID } from 'node:crypto';

/** Default creation time of records. */
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

/** Returns a new id, version 1 and the default timestamps. */
export function baseFields(): RecordBase {
  const times = { createdAt: DEFAULT_TIMESTAMP, lastModifiedAt: DEFAULT_TIMESTAMP };
  return { id: randomUUID(), version: 1, ...times, createdBy: by, lastModifiedBy: by };
}

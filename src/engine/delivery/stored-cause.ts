/** Reads causes as they are stored in dead letters and accepted jobs, in the present format and in format 1. */
import { z } from 'zod';
import { omitUndefined } from '../../lib/omit-undefined.ts';
import { causeSchema, type OriginalCause } from '../../rules/types.ts';

/** Format 1 (before this field existed): other names for the same facts. */
const formatOneSchema = z
  .discriminatedUnion('kind', [
    z.looseObject({
      kind: z.literal('message'),
      type: z.string(),
      carried: z.boolean(),
      withoutPayload: z.boolean().optional(),
    }),
    z.looseObject({ kind: z.literal('run') }),
  ])
  .transform((stored): unknown => {
    if (stored.kind === 'run') return { ...stored, type: 'run' };
    const { type: messageType, carried: embedded, withoutPayload: payloadOmitted, ...rest } = stored;
    return omitUndefined({ ...rest, payloadOmitted, type: 'message', messageType, embedded });
  })
  .pipe(causeSchema);

export const storedCauseSchema: z.ZodType<OriginalCause> = z.union([causeSchema, formatOneSchema]);

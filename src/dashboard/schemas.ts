/** Parts of the responses that the dashboard's routes share. */
import { z } from 'zod';

export const problem = z.object({ error: z.string() });
export const security = [{ token: [] }];
export const errorResponses = { 401: problem, 403: problem, 429: problem };

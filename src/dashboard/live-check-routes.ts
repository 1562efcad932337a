/** Routes of the live check: what was verified and when, and its start. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiFindings } from '../engine/api-findings.ts';
import type { BackgroundLiveCheck } from '../live-check/background.ts';
import { lastVerification } from '../live-check/last-verification.ts';
import { errorResponses, liveCheckSchema, problem, security } from './schemas.ts';

export interface LiveCheckRouteDeps {
  liveCheck: BackgroundLiveCheck;
  apiFindings: Pick<ApiFindings, 'read'>;
  guard(request: FastifyRequest, reply: FastifyReply): Promise<void>;
}

const consent = z.strictObject({ consent: z.literal(true) });
const url = '/dashboard/live-check';

export function liveCheckRoutes(server: FastifyInstance, { liveCheck, apiFindings, guard }: LiveCheckRouteDeps): void {
  const routes = server.withTypeProvider<ZodTypeProvider>();
  routes.route({
    method: 'GET',
    url,
    onRequest: guard,
    schema: {
      operationId: 'dashboard-live-check',
      security,
      summary: 'What was verified in the accounts, and what a check would create',
      response: { 200: liveCheckSchema, ...errorResponses, 503: problem },
    },
    handler: async () => {
      const { activity, result } = liveCheck.status();
      const last = lastVerification(await apiFindings.read());
      const unverified = result?.findings.filter(({ state }) => state === 'unverified') ?? [];
      // What this check could not verify is not stored, and an earlier finding of it is outdated.
      const stored = last?.facts.filter(({ fact }) => !unverified.some((finding) => finding.fact === fact)) ?? [];
      return {
        plan: liveCheck.plan,
        verifiedAt: last?.verifiedAt,
        facts: result?.notStored === undefined ? [...stored, ...unverified] : result.findings,
        activity,
        remaining: result?.remaining ?? [],
        notStored: result?.notStored,
      };
    },
  });
  routes.route({
    method: 'POST',
    url,
    onRequest: guard,
    schema: {
      operationId: 'dashboard-live-check-start',
      security,
      summary: 'Starts a live check: creates the test records of the plan, and removes them as far as the APIs allow',
      body: consent,
      response: { 202: z.object({ message: z.string() }), 400: problem, 409: problem, ...errorResponses },
    },
    handler: async (_request, reply) =>
      liveCheck.start()
        ? reply.code(202).send({ message: 'The live check has started.' })
        : reply.code(409).send({ error: 'a live check is running already, or the service is stopping' }),
  });
}

/** /sync: bulk runs started, stopped and shown. The paths and bodies are the incumbent's (docs/switching.md). */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { type BulkResource, bulkResources } from '../../commercetools/schemas.ts';
import { hasEnded, type Run, runSchema } from '../../engine/runs/run.ts';
import type { Runs } from '../../engine/runs/runs.ts';
import type { Guard } from '../auth/authenticate.ts';
import { problemSchema } from '../error-handler.ts';

export interface SyncRouteParts {
  runs: Runs;
  guard: Guard;
  /** Nothing is taken any more. */
  stopping(): boolean;
  /** How often each kind of thing happened in this process. */
  counts(): Record<string, number>;
}

const ids = z
  .array(z.string().min(1), { error: 'must be a list of ids such as ["a","b"]' })
  .min(1, 'must not be empty; leave it out to sync everything')
  .max(10_000, 'must not hold more than 10,000 ids');

/** One body for all four: what a resource does not take is refused with a reason. */
const bodySchema = z.strictObject({
  ids: ids.optional(),
  startId: z.string().min(1).optional(),
  since: z
    .string()
    .optional()
    .describe('only what changed since: ISO 8601, or "last" for when the last complete sync of the resource began'),
  resume: z.boolean().optional(),
  deleteAll: z.boolean().optional(),
  confirmDeletion: z.string().optional(),
  backfill: z.boolean().optional(),
  force: z.boolean().optional(),
});
type Body = z.infer<typeof bodySchema>;

/** The token of callers from elsewhere; see server.ts. */
const security = [{ token: [] }];

const started = z.object({ message: z.string(), run: runSchema });
const running = z.object({ error: z.string(), run: runSchema });
const listed = z.object({
  running: z.array(runSchema),
  ended: z.array(runSchema),
  realtime: z.record(z.string(), z.number()).describe('what happened to messages in this process since it started'),
});

export function syncRoutes(server: FastifyInstance, parts: SyncRouteParts): void {
  const routes = server.withTypeProvider<ZodTypeProvider>();
  const { guard } = parts;
  const refusals = { 400: problemSchema, 401: problemSchema, 403: problemSchema, 429: problemSchema };

  for (const resource of bulkResources) {
    routes.route({
      method: 'POST',
      url: `/sync/${resource}`,
      onRequest: guard,
      schema: {
        operationId: `sync-${resource}`,
        security,
        summary: `Syncs all commercetools ${resource} to Klaviyo`,
        body: bodySchema.nullish(),
        response: { 202: started, 409: running, 503: problemSchema, ...refusals },
      },
      handler: async (request, reply) => {
        if (parts.stopping()) return reply.code(503).send({ error: 'the service is stopping' });
        const body = request.body ?? {};
        const wrong = wrongFor(resource, body);
        if (wrong) return reply.code(400).send({ error: wrong });
        const { confirmDeletion: _confirmed, resume, ...asked } = body;
        const answer = resume
          ? await parts.runs.resume(resource, 'api')
          : await parts.runs.start(resource, withoutUndefined(asked), 'api');
        if ('refused' in answer)
          return reply.code(400).send({ error: resume ? `resume: ${answer.refused}` : answer.refused });
        if ('started' in answer)
          return reply.code(202).send({ message: `${resource} sync accepted`, run: answer.started });
        return reply.code(409).send({
          error: `a sync of ${resource} is running already; stop it with POST /sync/${resource}/stop`,
          run: answer.running,
        });
      },
    });
    routes.route({
      method: 'POST',
      url: `/sync/${resource}/stop`,
      onRequest: guard,
      schema: {
        operationId: `sync-${resource}-stop`,
        security,
        summary: `Stops the running sync of ${resource}`,
        body: z.unknown().optional(),
        response: { 200: z.object({ message: z.string(), run: runSchema.optional() }), ...refusals },
      },
      handler: async (_request, reply) => {
        const run = await parts.runs.stop(resource);
        return reply
          .code(200)
          .send(
            run ? { message: `${resource} sync is stopping`, run } : { message: `no sync of ${resource} is running` },
          );
      },
    });
    routes.route({
      method: 'GET',
      url: `/sync/${resource}`,
      onRequest: guard,
      schema: { security, summary: `The runs of ${resource}`, response: { 200: listed, ...refusals } },
      handler: async () => show(await parts.runs.list(resource), parts.counts()),
    });
  }
  for (const url of ['/sync', '/sync/status']) {
    routes.route({
      method: 'GET',
      url,
      onRequest: guard,
      schema: { security, summary: 'What runs and what ran', response: { 200: listed, ...refusals } },
      handler: async () => show(await parts.runs.list(), parts.counts()),
    });
  }
}

function show(runs: Run[], realtime: Record<string, number>): z.infer<typeof listed> {
  return { running: runs.filter((run) => !hasEnded(run)), ended: runs.filter(hasEnded), realtime };
}

/** What the body asks that this resource does not do. */
function wrongFor(resource: BulkResource, body: Body): string | undefined {
  if (body.resume && Object.keys(body).length > 1) return 'resume: goes on with what was asked for; give nothing else';
  if (body.startId !== undefined && resource !== 'orders') return 'startId: only orders can be synced from an id on';
  if (body.startId !== undefined && body.ids) return 'ids and startId: give one of them';
  if (body.backfill !== undefined && resource !== 'orders') return 'backfill: only orders become events';
  if (body.deleteAll === undefined || body.deleteAll === false)
    return body.confirmDeletion === undefined ? undefined : 'confirmDeletion: goes with "deleteAll": true';
  if (resource !== 'categories' && resource !== 'products')
    return 'deleteAll: only categories and products can be deleted in Klaviyo';
  if (body.ids) return 'ids and deleteAll: give one of them';
  if (body.confirmDeletion !== resource)
    return `confirmDeletion: must be "${resource}": it deletes all ${resource} in Klaviyo, also those from elsewhere`;
  return undefined;
}

function withoutUndefined(asked: Omit<Body, 'confirmDeletion' | 'resume'>) {
  const { ids, startId, since, deleteAll, backfill, force } = asked;
  return {
    ...(ids ? { ids: [...new Set(ids)] } : {}),
    ...(startId === undefined ? {} : { startId }),
    ...(since === undefined ? {} : { since }),
    ...(deleteAll ? { deleteAll } : {}),
    ...(backfill === undefined ? {} : { backfill }),
    ...(force ? { force } : {}),
  };
}

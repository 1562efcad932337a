/** /sync: starts, stops and lists syncs. Paths and bodies are those of the open-source plugin (docs/switching.md). */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { bulkResources } from '../../commercetools/schemas.ts';
import { describeFlowCount, flowConfirmation, flowCountSchema } from '../../engine/runs/flow-confirmation.ts';
import { hasEnded, type Run, runSchema } from '../../engine/runs/run.ts';
import { parseSyncRequest, startSync } from '../../engine/runs/run-request.ts';
import type { Runs } from '../../engine/runs/runs.ts';
import type { Guard } from '../auth/authenticate.ts';
import { problemSchema, refusals, security } from '../error-handler.ts';

export interface SyncRouteDeps {
  runs: Runs;
  guard: Guard;
  stopping(): boolean;
  counts(): Record<string, number>;
}

/** commercetools' ids have 36 characters. */
const id = z
  .string()
  .min(1)
  .max(256)
  .refine((text) => text.isWellFormed(), 'must be well-formed text');
const ids = z
  .array(id, { error: 'must be a list of ids such as ["a","b"]' })
  .min(1, 'must not be empty; leave it out to sync everything')
  .max(10_000, 'must not hold more than 10,000 ids');

/** One body for all resources; parseSyncRequest rejects options that a resource does not support. */
const bodySchema = z.strictObject({
  ids: ids.optional(),
  startId: id.optional(),
  since: z
    .string()
    .max(64)
    .optional()
    .describe('only what changed since: ISO 8601, or "last" for when the last complete sync of the resource began'),
  resume: z.boolean().optional(),
  deleteAll: z.boolean().optional(),
  confirmDeletion: z.string().max(64).optional(),
  backfill: z.boolean().optional(),
  confirm: z
    .literal(flowConfirmation, { error: `must be "${flowConfirmation}"` })
    .optional()
    .describe('"flows": the events of this sync may trigger flows, such as e-mails to customers'),
  force: z.boolean().optional(),
  keepStock: z.boolean().optional().describe('products only: leave the quantity of existing variants as it is'),
});

const started = z.object({ message: z.string(), run: runSchema });
const running = z.object({ error: z.string(), code: z.literal('already-running'), run: runSchema });
const unconfirmed = z
  .object({ error: z.string(), code: z.literal('confirmation-required'), ...flowCountSchema.shape })
  .describe('its events can trigger flows: repeat the request with {"confirm": "flows"} if they may');
const listed = z.object({
  running: z.array(runSchema),
  ended: z.array(runSchema),
  realtime: z.record(z.string(), z.number()).describe('what happened to messages in this process since it started'),
});

export function syncRoutes(server: FastifyInstance, deps: SyncRouteDeps): void {
  const routes = server.withTypeProvider<ZodTypeProvider>();
  const { guard } = deps;
  const errorResponses = { 400: problemSchema, ...refusals };

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
        response: { 202: started, 409: z.union([running, unconfirmed]), 503: problemSchema, ...errorResponses },
      },
      handler: async (request, reply) => {
        if (deps.stopping()) return reply.code(503).send({ error: 'the service is stopping' });
        const { confirm, ...body } = request.body ?? {};
        const command = parseSyncRequest(resource, body);
        if (command.type === 'invalid') return reply.code(400).send({ error: command.problem });
        const result = await startSync(deps.runs, resource, { command, by: 'api', isConfirmed: confirm !== undefined });
        if ('refused' in result) {
          const error = command.type === 'resume' ? `resume: ${result.refused}` : result.refused;
          return reply.code(400).send({ error });
        }
        if ('started' in result)
          return reply.code(202).send({ message: `${resource} sync accepted`, run: result.started });
        if ('unconfirmed' in result) {
          const error = `${describeFlowCount(resource, result.unconfirmed)}; repeat the request with {"confirm": "${flowConfirmation}"} if they may`;
          return reply.code(409).send({ error, code: 'confirmation-required' as const, ...result.unconfirmed });
        }
        return reply.code(409).send({
          code: 'already-running' as const,
          error: `a sync of ${resource} is running already; stop it with POST /sync/${resource}/stop`,
          run: result.running,
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
        response: { 200: z.object({ message: z.string(), run: runSchema.optional() }), ...errorResponses },
      },
      handler: async (_request, reply) => {
        const run = await deps.runs.stop(resource);
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
      schema: { security, summary: `The runs of ${resource}`, response: { 200: listed, ...errorResponses } },
      handler: async () => toListing(await deps.runs.list(resource), deps.counts()),
    });
  }
  for (const url of ['/sync', '/sync/status']) {
    routes.route({
      method: 'GET',
      url,
      onRequest: guard,
      schema: { security, summary: 'What runs and what ran', response: { 200: listed, ...errorResponses } },
      handler: async () => toListing(await deps.runs.list(), deps.counts()),
    });
  }
}

function toListing(runs: Run[], realtime: Record<string, number>): z.infer<typeof listed> {
  return { running: runs.filter((run) => !hasEnded(run)), ended: runs.filter(hasEnded), realtime };
}

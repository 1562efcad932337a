/** Starts and ends faults by name: `PUT` and `DELETE /sandbox/named-faults/{name}`, `GET` lists them. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Faults } from '../faults.ts';
import type { Account } from './account.ts';
import { namedFaults } from './named-faults.ts';

const parameters = z.object({ name: z.string() });

export function addFaultRoutes(app: FastifyInstance, faults: Faults, jobs: Account['jobs']): void {
  const active = new Map<string, readonly number[]>();

  function end(name: string): void {
    for (const id of active.get(name) ?? []) faults.remove(id);
    if (namedFaults[name]?.jobMs !== undefined) jobs.overrideDuration(undefined);
    active.delete(name);
  }

  app.get('/sandbox/named-faults', async () =>
    Object.entries(namedFaults).map(([name, { title }]) => ({ name, title, active: active.has(name) })),
  );
  app.put('/sandbox/named-faults/:name', async (request, reply) => {
    const { name } = parameters.parse(request.params);
    const fault = namedFaults[name];
    if (!fault) return reply.code(404).send({ message: `faults: ${Object.keys(namedFaults).join(', ')}` });
    end(name);
    active.set(
      name,
      faults.add(...fault.rules).map(({ id }) => id),
    );
    if (fault.jobMs !== undefined) jobs.overrideDuration(fault.jobMs);
    return reply.code(204).send();
  });
  app.delete('/sandbox/named-faults/:name', async (request, reply) => {
    end(parameters.parse(request.params).name);
    return reply.code(204).send();
  });
}

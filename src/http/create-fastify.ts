/**
 * Creates every server of Fastify, with zod as the validator and serialiser. By itself Fastify loads ajv and fast-json-stringify,
 * 100 modules and 3 MB of memory, to have them at hand. https://fastify.dev/docs/latest/Reference/Server/#schemacontroller
 */
import fastify, { type FastifyHttpOptions, type FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';

/** Only asked for where no compiler is set, and both are. */
function neverBuilt(): never {
  throw new Error('the compilers of a server were replaced');
}

const schemaController = { compilersFactory: { buildValidator: neverBuilt, buildSerializer: neverBuilt } };

export function createFastify(options: FastifyHttpOptions<FastifyInstance['server']>): FastifyInstance {
  const server: FastifyInstance = fastify({ ...options, schemaController });
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(serializerCompiler);
  return server;
}

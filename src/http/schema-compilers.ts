/**
 * zod validates and serialises. Fastify would load ajv and fast-json-stringify, 100 modules and 3 MB of memory, to have them at
 * hand. https://fastify.dev/docs/latest/Reference/Server/#schemacontroller
 */
import type { FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';

function noneBuilt(): never {
  throw new Error('a route has a schema, and the server was not passed to validateWithZod');
}

/** Option of a Fastify server. */
export const schemaController = { compilersFactory: { buildValidator: noneBuilt, buildSerializer: noneBuilt } };

/** Replaces the compilers of a server; call it before its routes are added. */
export function validateWithZod(server: FastifyInstance): void {
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(serializerCompiler);
}

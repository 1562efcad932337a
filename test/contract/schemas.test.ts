// The sandbox's hand-written table and schemas, held against Klaviyo's OpenAPI file.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { schemas } from '../../sandbox/klaviyo/bodies.ts';
import { type Operation, operations } from '../../sandbox/klaviyo/operations.ts';
import { loadOpenApi, openApiPath } from './openapi.ts';
import { shapeOf } from './shape.ts';

const spec = loadOpenApi();
const skip = spec === undefined ? `NOT CHECKED: no OpenAPI file at ${openApiPath()}` : false;
if (skip !== false) console.error(skip);

// Where the sandbox is stricter than the file: its text says that only these values are supported.
const onlyOne = /\/catalog_type /;

describe('the sandbox against the published API', { skip }, () => {
  const byId = new Map(spec?.operations.map((operation) => [operation.id, operation]));

  for (const [name, operation] of Object.entries<Operation>(operations)) {
    test(`${name} has the published path, verb, scopes and rate limits`, () => {
      const published = byId.get(name);
      assert.ok(published, 'no such operation');
      assert.equal(`${operation.method} ${operation.path}`, `${published.method} ${published.path}`);
      assert.deepEqual([...operation.scopes].sort(), [...published.scopes].sort());
      const daily = operation.perDay === undefined ? {} : { daily: `${operation.perDay}/d` };
      const limits = { burst: `${operation.perSecond}/s`, steady: `${operation.perMinute}/m`, ...daily };
      assert.deepEqual(limits, published.rateLimit);
    });
  }

  test('a body is taken by exactly the operations that have one', () => {
    const withBody = Object.keys(operations).filter((name) => byId.get(name)?.requestBody !== undefined);
    assert.deepEqual(Object.keys(schemas).sort(), withBody.sort());
  });

  for (const [name, schema] of Object.entries(schemas)) {
    test(`the body of ${name} has the published fields, kinds and required fields`, () => {
      const published = byId.get(name)?.requestBody;
      assert.ok(published, 'no such body');
      const ours = shapeOf(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
      const theirs = shapeOf(published);
      assert.deepEqual(ours.map(relaxed), theirs.map(relaxed));
    });
  }
});

function relaxed(line: string): string {
  return onlyOne.test(line) ? line.replace('one of "$default"', 'string') : line;
}

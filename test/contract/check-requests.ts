// Holds every request body that a run sent to the sandbox against Klaviyo's own OpenAPI file, independently of the
// sandbox's schemas: `node test/contract/check-requests.ts RECORD.jsonl [--require]`.
import { z } from 'zod';
import { type CheckedRequest, checkRecord } from './check-record.ts';
import { loadOpenApi, openApiPath, operationOf, type Spec } from './openapi.ts';
import { createChecks } from './validation.ts';

const recorded = z.object({ method: z.string(), path: z.string(), operation: z.string(), body: z.unknown() });

function checkOf(spec: Spec): (line: unknown) => CheckedRequest {
  const bodyCheckOf = createChecks();
  return (line) => {
    const { method, path, operation, body } = recorded.parse(line);
    const found = operationOf(spec, method, path);
    return { operation, failures: failuresOf() };

    function failuresOf(): string[] {
      if (found === undefined) return [`${method} ${path.replace(/[^/]+$/, '…')}: not an operation of the API`];
      if (found.id !== operation) return [`the sandbox took it for ${operation}, the API calls it ${found.id}`];
      if (found.requestBody === undefined) return body === null ? [] : ['/: the operation takes no body'];
      return bodyCheckOf(found.id, found.requestBody)(body);
    }
  };
}

if (import.meta.main) process.exitCode = await checkRecord({ specPath: openApiPath(), load: loadOpenApi, checkOf });

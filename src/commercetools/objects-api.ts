/** Implements the store's custom objects API with the client. Errors become values, so the store is independent of it. */
import type { ObjectsApi, ObjectsApiResult } from '../store/custom-objects.ts';
import type { CommercetoolsClient } from './client.ts';
import { CommercetoolsError } from './errors.ts';

export function createObjectsApi(client: CommercetoolsClient): ObjectsApi {
  return {
    get: (path, query) => toAnswer(client.get(path, query)),
    post: (path, body) => toAnswer(client.post(path, body)),
    delete: (path, query) => toAnswer(client.delete(path, query)),
  };
}

async function toAnswer(request: Promise<unknown>): Promise<ObjectsApiResult> {
  try {
    return { status: 'ok', body: await request };
  } catch (thrown) {
    if (!(thrown instanceof CommercetoolsError)) throw thrown;
    switch (thrown.type) {
      case 'not-found':
        return { status: 'not-found' };
      case 'conflict':
        return { status: 'conflict' };
      case 'forbidden':
      case 'rejected':
        return { status: thrown.type, reason: thrown.message };
      default:
        return { status: 'uncertain', reason: thrown.message };
    }
  }
}

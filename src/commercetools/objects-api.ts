/** Custom objects over the client, with outcomes as values: what the store asks for (it does not know commercetools). */
import type { ObjectsApi, ObjectsApiResult } from '../store/custom-objects.ts';
import type { CommercetoolsClient } from './client.ts';
import { CommercetoolsError } from './errors.ts';

export function createObjectsApi(client: CommercetoolsClient): ObjectsApi {
  return {
    get: (path, query) => answered(client.get(path, query)),
    post: (path, body) => answered(client.post(path, body)),
    delete: (path, query) => answered(client.delete(path, query)),
  };
}

async function answered(asked: Promise<unknown>): Promise<ObjectsApiResult> {
  try {
    return { status: 'ok', body: await asked };
  } catch (thrown) {
    if (!(thrown instanceof CommercetoolsError)) throw thrown;
    switch (thrown.type) {
      case 'not-found':
        return { status: 'not-found' };
      case 'conflict':
      // A version that was sent for what is not there (any more).
      case 'rejected':
        return { status: 'conflict' };
      case 'forbidden':
        return { status: 'forbidden', reason: thrown.message };
      default:
        return { status: 'uncertain', reason: thrown.message };
    }
  }
}

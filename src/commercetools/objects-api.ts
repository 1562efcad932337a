/** Custom objects over the client, with outcomes as values: what the store asks for (it does not know commercetools). */
import type { ObjectsAnswer, ObjectsApi } from '../store/custom-objects.ts';
import type { CommercetoolsClient } from './client.ts';
import { ReadFailure } from './errors.ts';

export function createObjectsApi(client: CommercetoolsClient): ObjectsApi {
  return {
    get: (path, query) => answered(client.get(path, query)),
    post: (path, body) => answered(client.post(path, body)),
    delete: (path, query) => answered(client.delete(path, query)),
  };
}

async function answered(asked: Promise<unknown>): Promise<ObjectsAnswer> {
  try {
    return { status: 'ok', body: await asked };
  } catch (thrown) {
    if (!(thrown instanceof ReadFailure)) throw thrown;
    switch (thrown.kind) {
      case 'not-found':
        return { status: 'not-found' };
      case 'conflict':
      // A version that was sent for what is not there (any more).
      case 'refused':
        return { status: 'conflict' };
      case 'missing-scope':
        return { status: 'not-allowed', reason: thrown.message };
      default:
        return { status: 'uncertain', reason: thrown.message };
    }
  }
}

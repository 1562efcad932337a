import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MessagePayload } from '@commercetools/platform-sdk';
import type { MessageType } from './message-types.ts';

type Misspelled = Exclude<MessageType, MessagePayload['type']>;

test('every message type exists in the API types of commercetools', () => {
  // The compiler checks this line: it fails as soon as one type is not part of the SDK.
  const allKnown: [Misspelled] extends [never] ? true : Misspelled = true;
  assert.equal(allKnown, true);
});

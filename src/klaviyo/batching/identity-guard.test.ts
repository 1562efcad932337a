/** Tests that no two admitted profiles share one identifier and differ in the other. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BatchItem } from './bulk-body.ts';
import { createIdentityGuard } from './identity-guard.ts';

type Identity = NonNullable<BatchItem['profile']>;

function admitted(profiles: readonly (Identity | undefined)[]): boolean[] {
  const guard = createIdentityGuard();
  return profiles.map((profile) => guard.admits(profile ? { profile } : {}));
}

const both = { email: 'a@example.test', external_id: '1' };

test('the same profile is admitted any number of times', () => {
  assert.deepEqual(admitted([both, both, both]), [true, true, true]);
});

test('e-mails are compared without case', () => {
  assert.deepEqual(admitted([both, { ...both, email: 'A@Example.test' }]), [true, true]);
  assert.deepEqual(admitted([both, { email: 'A@Example.test', external_id: '2' }]), [true, false]);
});

test('one e-mail with two ids, or one id with two e-mails, is not admitted', () => {
  assert.deepEqual(admitted([both, { ...both, external_id: '2' }]), [true, false]);
  assert.deepEqual(admitted([both, { ...both, email: 'b@example.test' }]), [true, false]);
});

test('a profile with one identifier conflicts with one that has both', () => {
  assert.deepEqual(admitted([both, { email: both.email }, { external_id: both.external_id }]), [true, false, false]);
  assert.deepEqual(admitted([{ email: both.email }, both]), [true, false]);
});

test('a profile that is not admitted does not affect later ones', () => {
  const conflicting = { email: both.email, external_id: '2' };
  assert.deepEqual(admitted([both, conflicting, { email: 'b@example.test', external_id: '2' }]), [true, false, true]);
});

test('records without a profile are admitted', () => {
  assert.deepEqual(admitted([undefined, both, undefined]), [true, true, true]);
});

test('no two admitted profiles share one identifier and differ in the other', () => {
  const identifier = fc.option(fc.constantFrom('a', 'B', 'b', 'c'), { nil: undefined });
  const profile = fc.record({ email: identifier, external_id: identifier }).map(({ email, external_id }): Identity => {
    return { ...(email === undefined ? {} : { email }), ...(external_id === undefined ? {} : { external_id }) };
  });
  fc.assert(
    fc.property(fc.array(profile, { maxLength: 12 }), (profiles) => {
      const results = admitted(profiles);
      const inBody = profiles.filter((_, index) => results[index]);
      const pairs = inBody.flatMap((left) => inBody.map((right): [Identity, Identity] => [left, right]));
      for (const [left, right] of pairs) {
        const emails = [left.email?.toLowerCase(), right.email?.toLowerCase()];
        if (emails[0] !== undefined && emails[0] === emails[1]) assert.equal(left.external_id, right.external_id);
        if (left.external_id !== undefined && left.external_id === right.external_id)
          assert.equal(emails[0], emails[1]);
      }
    }),
  );
});

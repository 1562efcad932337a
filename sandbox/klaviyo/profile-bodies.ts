/** Request body schemas of the profile endpoints. https://developers.klaviyo.com/en/reference/profiles_api_overview */
import { z } from 'zod';
import { profileAttributes, profileMeta, text, uncheckedProfileAttributes } from './profile-fields.ts';

/** Maximum number of profiles per bulk import. */
const maxProfilesPerImport = 10_000;

const profile = z.literal('profile');

export const createProfile = z.strictObject({
  data: z.strictObject({ type: profile, attributes: z.strictObject(profileAttributes) }),
});

export const createOrUpdateProfile = z.strictObject({
  data: z.strictObject({
    type: profile,
    id: text,
    attributes: z.strictObject({ ...profileAttributes, _kx: text }),
    meta: profileMeta.nullish(),
  }),
});

export const updateProfile = z.strictObject({
  data: z.strictObject({
    type: profile,
    id: z.string(),
    attributes: z.strictObject(profileAttributes),
    meta: profileMeta.nullish(),
  }),
});

const importedProfile = z.strictObject({
  type: profile,
  id: text,
  attributes: z.strictObject(uncheckedProfileAttributes),
  meta: profileMeta.nullish(),
});

export const bulkImportProfiles = z.strictObject({
  data: z.strictObject({
    type: z.literal('profile-bulk-import-job'),
    attributes: z.strictObject({
      profiles: z.strictObject({
        data: z.array(importedProfile).min(1).max(maxProfilesPerImport, 'At most 10,000 profiles in one request.'),
      }),
    }),
    relationships: z
      .strictObject({
        lists: z
          .strictObject({ data: z.array(z.strictObject({ type: z.literal('list'), id: z.string() })).optional() })
          .optional(),
      })
      .optional(),
  }),
});

export const mergeProfiles = z.strictObject({
  data: z.strictObject({
    type: z.literal('profile-merge'),
    id: z.string(),
    relationships: z.strictObject({
      profiles: z.strictObject({
        data: z
          .array(z.strictObject({ type: profile, id: z.string() }))
          .length(1, 'Exactly one source profile.')
          .optional(),
      }),
    }),
  }),
});

export const requestProfileDeletion = z.strictObject({
  data: z.strictObject({
    type: z.literal('data-privacy-deletion-job'),
    attributes: z.strictObject({
      profile: z.strictObject({
        data: z.strictObject({
          type: profile,
          id: text,
          attributes: z.strictObject({ email: profileAttributes.email, phone_number: profileAttributes.phone_number }),
        }),
      }),
    }),
  }),
});

/** Attributes of a profile in any endpoint. */
export type ProfileFields = z.infer<typeof createOrUpdateProfile>['data']['attributes'];
export type ImportedProfile = z.infer<typeof importedProfile>;

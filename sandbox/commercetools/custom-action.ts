/** Update actions that the engine lacks. */
import type { ApiRecord, JsonObject } from './json.ts';
import type { Records } from './records.ts';

export type FullRecord = ApiRecord & JsonObject;

/** Returns the changed record, or an error message. */
export type CustomAction = (record: FullRecord, action: JsonObject, records: Records) => FullRecord | string;

export type CustomActions = Readonly<Record<string, CustomAction>>;

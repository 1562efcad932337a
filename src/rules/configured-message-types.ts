/** Message types that the settings or a custom rule name. */
import { z } from 'zod';
import type { MessageType } from '../commercetools/message-types.ts';

/**
 * Message type from the settings or from a custom rule. Any string is accepted, because commercetools adds message types
 * between two releases of this package.
 */
export type ConfiguredMessageType = string & z.core.$brand<'ConfiguredMessageType'>;

export function configuredMessageType(type: string): ConfiguredMessageType {
  return messageTypeSchema.parse(type);
}

const messageTypeSchema = z.string().brand<'ConfiguredMessageType'>();
/** Schema of a list of message types in the settings. */
export const messageTypes = (...defaults: MessageType[]) =>
  z.array(messageTypeSchema).default(defaults.map((type) => messageTypeSchema.parse(type)));

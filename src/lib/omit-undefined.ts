/** Drops undefined properties, so that optional values satisfy `exactOptionalPropertyTypes`. */

type OptionalKeys<T> = { [Key in keyof T]-?: undefined extends T[Key] ? Key : never }[keyof T];

type OmitUndefined<T> = { [Key in Exclude<keyof T, OptionalKeys<T>>]: T[Key] } & {
  [Key in OptionalKeys<T>]?: Exclude<T[Key], undefined>;
};

/** @returns a copy without the properties whose value is undefined; the order of the others stays */
export function omitUndefined<T extends object>(object: T): OmitUndefined<T>;
export function omitUndefined(object: object): object {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

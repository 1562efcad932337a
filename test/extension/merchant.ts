/** A merchant's ctk.config.ts in a folder of its own, and a shop that runs with it. */
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { folder } from '../fixtures/environment.ts';
import { type OrderShop, startOrderShop } from '../mapping/order-fixture.ts';
import type { TestEnvOptions } from '../test-env.ts';

/** @param code the whole file; @returns its path, gone when the test ends */
export function configFile(context: TestContext, code: string, name = 'ctk.config.ts'): string {
  return `${folder(context, { [name]: code })}/${name}`;
}

/** A shop whose merchant wrote these hooks, as the inside of `hooks: { … }`. */
export async function startHooked(
  context: TestContext,
  hooks: string,
  options: TestEnvOptions = {},
): Promise<OrderShop> {
  const code = `import { defineConfig, skip } from 'commercetools-klaviyo';\nexport default defineConfig({ hooks: {${hooks}} });`;
  return startWith(context, configFile(context, code), options);
}

export async function startWith(context: TestContext, file: string, options: TestEnvOptions = {}): Promise<OrderShop> {
  const shop = await startOrderShop({ ...options, env: { CTK_CONFIG: file, ...options.env } });
  context.after(() => shop.stop());
  return shop;
}

/** The file of a worked example. */
export function example(name: string, file = 'ctk.config.ts'): string {
  return fileURLToPath(new URL(`../../examples/${name}/${file}`, import.meta.url));
}

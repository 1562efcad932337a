/** Finds and loads a merchant's ctk.config.ts, once, when the configuration is read. */
import { existsSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import { extname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { builtInRules } from '../rules/index.ts';
import type { Extension, FactsResource } from './apply.ts';
import { noExtension } from './apply.ts';
import { createCustomRule } from './custom-rule.ts';
import { errorLines, merchantConfigSchema } from './schema.ts';

export interface LoadedExtension {
  /** The file in force; none: nothing is changed. */
  file?: string;
  extension: Extension;
  /** A line for each mistake. */
  problems: string[];
}

const names = ['ctk.config.ts', 'ctk.config.mts', 'ctk.config.js', 'ctk.config.mjs'];
/** Where the package lies: a clone has its ctk.config.ts there, whatever folder an application is started in. */
const ownFolder = fileURLToPath(new URL('../../', import.meta.url));

/** @param said the environment's variables: CTK_CONFIG names the file */
export function loadExtension(said: Record<string, string | undefined>): LoadedExtension {
  const own = said.CTK_CONFIG;
  if (own && !existsSync(own)) {
    const problem = `CTK_CONFIG: there is no file ${own}; give the path of a ctk.config.ts, or unset it`;
    return { extension: noExtension, problems: [problem] };
  }
  const file = own ? resolve(own) : found();
  if (file === undefined) return { extension: noExtension, problems: [] };
  const loaded = load(file);
  const problems = 'problem' in loaded ? [loaded.problem] : [];
  if ('problem' in loaded) return { file, extension: noExtension, problems };
  const parsed = merchantConfigSchema.safeParse(loaded.config, { reportInput: true });
  if (!parsed.success) problems.push(...errorLines(parsed.error));
  problems.push(...clashes(loaded.config));
  const extension = parsed.success && problems.length === 0 ? extensionOf(parsed.data) : noExtension;
  return { file, extension, problems: problems.map((problem) => `${file}: ${problem}`) };
}

function found(): string | undefined {
  const places = [process.cwd(), ownFolder].flatMap((folder) => names.map((name) => resolve(folder, name)));
  return places.find((place) => existsSync(place));
}

/** Synchronous, because a configuration is; `commercetools-klaviyo` is what runs, wherever the file lies. */
function load(file: string): { config: unknown } | { problem: string } {
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      if (specifier !== 'commercetools-klaviyo') return next(specifier, context);
      const url = new URL(`../index${extname(import.meta.filename)}`, import.meta.url).href;
      return { url, shortCircuit: true };
    },
  });
  try {
    const loaded: unknown = createRequire(import.meta.url)(file);
    const isModule = typeof loaded === 'object' && loaded !== null && 'default' in loaded;
    if (isModule) return { config: loaded.default };
    return { problem: 'has no default export: write `export default defineConfig({ … })`' };
  } catch (thrown) {
    return { problem: `can't be loaded: ${reasonOf(thrown)}` };
  } finally {
    hooks.deregister();
  }
}

function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'it threw something that is no Error';
  if ('code' in thrown && thrown.code === 'ERR_REQUIRE_ASYNC_MODULE') {
    return 'it awaits at its top level; hooks and rules are synchronous, so nothing has to be awaited';
  }
  const [line = ''] = thrown.message.split('\n');
  return `${thrown.name}: ${line}`;
}

type Parsed = z.infer<typeof merchantConfigSchema>;

const named = z.looseObject({ rules: z.array(z.looseObject({ name: z.string().catch('') })) });

/** Whatever else is wrong. */
function clashes(config: unknown): string[] {
  const { rules } = named.safeParse(config).data ?? { rules: [] };
  const builtIn = new Set(builtInRules.map(({ name }) => name));
  const before = new Set<string>();
  return rules.flatMap(({ name }, index) => {
    const at = `rules[${index}].name ${name}`;
    const twice = name !== '' && before.has(name);
    before.add(name);
    if (builtIn.has(name)) {
      return [`${at} is a built-in rule's: take another name, or change what that rule sends by a hook`];
    }
    return twice ? [`${at} is taken by another one of your rules`] : [];
  });
}

function extensionOf({ hooks, rules }: Parsed): Extension {
  const of = <Name extends FactsResource>(facts: Name) =>
    rules.filter((rule): rule is Extract<Parsed['rules'][number], { facts: Name }> => rule.facts === facts);
  return {
    hooks,
    rules: {
      customer: of('customer').map((rule) => createCustomRule<'customer'>(rule)),
      order: of('order').map((rule) => createCustomRule<'order'>(rule)),
      product: of('product').map((rule) => createCustomRule<'product'>(rule)),
      category: of('category').map((rule) => createCustomRule<'category'>(rule)),
    },
  };
}

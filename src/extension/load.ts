/** Finds and loads a ctk.config.ts once, when the configuration is read. */
import { existsSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import { extname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { builtInRules } from '../rules/index.ts';
import { createCustomRule } from './custom-rule.ts';
import { errorLines, merchantConfigSchema } from './schema.ts';
import { type Extension, type FactsResource, noExtension } from './types.ts';

export interface LoadedExtension {
  /** Path of the loaded file. Absent: the built-in rules are unchanged. */
  file?: string;
  extension: Extension;
  problems: string[];
}

const fileNames = ['ctk.config.ts', 'ctk.config.mts', 'ctk.config.js', 'ctk.config.mjs'];
/** Folder of the package. A clone has its ctk.config.ts there, whatever the working directory is. */
const packageFolder = fileURLToPath(new URL('../../', import.meta.url));

export function loadExtension(environment: Record<string, string | undefined>): LoadedExtension {
  const configured = environment.CTK_CONFIG;
  if (configured && !existsSync(configured)) {
    const problem = `CTK_CONFIG: there is no file ${configured}; set the path of a ctk.config.ts, or unset it`;
    return { extension: noExtension, problems: [problem] };
  }
  const file = configured ? resolve(configured) : findFile();
  if (file === undefined) return { extension: noExtension, problems: [] };
  const loaded = load(file);
  const problems = 'problem' in loaded ? [loaded.problem] : [];
  if ('problem' in loaded) return { file, extension: noExtension, problems };
  const parsed = merchantConfigSchema.safeParse(loaded.config, { reportInput: true });
  if (!parsed.success) problems.push(...errorLines(parsed.error));
  problems.push(...nameConflicts(loaded.config));
  const extension = parsed.success && problems.length === 0 ? extensionOf(parsed.data) : noExtension;
  return { file, extension, problems: problems.map((problem) => `${file}: ${problem}`) };
}

function findFile(): string | undefined {
  const paths = [process.cwd(), packageFolder].flatMap((folder) => fileNames.map((name) => resolve(folder, name)));
  return paths.find((path) => existsSync(path));
}

/** Loads the file synchronously. Its import `commercetools-klaviyo` resolves to this package, wherever the file is. */
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
  if (!(thrown instanceof Error)) return 'it threw a value that is not an Error';
  if ('code' in thrown && thrown.code === 'ERR_REQUIRE_ASYNC_MODULE') {
    return 'it awaits at its top level; hooks and rules are synchronous';
  }
  const [line = ''] = thrown.message.split('\n');
  return `${thrown.name}: ${line}`;
}

type Parsed = z.infer<typeof merchantConfigSchema>;

const named = z.looseObject({ rules: z.array(z.looseObject({ name: z.string().catch('') })) });

function nameConflicts(config: unknown): string[] {
  const { rules } = named.safeParse(config).data ?? { rules: [] };
  const builtIn = new Set(builtInRules.map(({ name }) => name));
  const seen = new Set<string>();
  return rules.flatMap(({ name }, index) => {
    const at = `rules[${index}].name ${name}`;
    const isTaken = name !== '' && seen.has(name);
    seen.add(name);
    if (builtIn.has(name)) {
      return [`${at} is a built-in rule's: take another name, or change the output of that rule by a hook`];
    }
    return isTaken ? [`${at} is taken by another one of your rules`] : [];
  });
}

function extensionOf({ hooks, rules }: Parsed): Extension {
  const rulesFor = <Name extends FactsResource>(facts: Name) =>
    rules.filter((rule): rule is Extract<Parsed['rules'][number], { facts: Name }> => rule.facts === facts);
  return {
    hooks,
    rules: {
      customer: rulesFor('customer').map((rule) => createCustomRule<'customer'>(rule)),
      order: rulesFor('order').map((rule) => createCustomRule<'order'>(rule)),
      product: rulesFor('product').map((rule) => createCustomRule<'product'>(rule)),
      category: rulesFor('category').map((rule) => createCustomRule<'category'>(rule)),
    },
  };
}

/** Collects the values for `ctk init`: from options, else from variables, else by asking the user. */
import { CommandError } from '../output/terminal.ts';

/** https://docs.commercetools.com/api/general-concepts#regions */
export const regions = [
  'europe-west1.gcp',
  'eu-central-1.aws',
  'us-central1.gcp',
  'us-east-2.aws',
  'australia-southeast1.gcp',
] as const;

export interface InitOptions {
  project?: string;
  clientId?: string;
  region?: string;
  locale?: string;
  currency?: string;
  productUrl?: string;
}

type Env = Record<string, string | undefined>;

interface Question {
  name: string;
  question: string;
  option?: string;
  /** Value of the option or variable; undefined: the user is asked. */
  given: string | undefined;
  kind: 'text' | 'secret' | 'region' | 'optional';
}

/** @throws CommandError with all missing values if the user can't be asked, or if a question was cancelled */
export async function collectAnswers(options: InitOptions, env: Env, canAsk: boolean): Promise<Record<string, string>> {
  const all = questions(options, env);
  const missing = all.filter(({ given, kind }) => given === undefined && kind !== 'optional');
  if (!canAsk && missing.length > 0)
    throw new CommandError(
      'not an interactive terminal; missing values:',
      ...missing.map(({ name, option, question }) => `  - ${option ? `${option}, or ` : ''}${name}: ${question}`),
    );
  const answers: Record<string, string> = {};
  for (const question of all) {
    const answer = question.given ?? (canAsk ? await ask(question) : '');
    if (answer !== '')
      Object.assign(answers, question.kind === 'region' ? hostsOf(answer) : { [question.name]: answer });
  }
  const passedThrough = ['KLAVIYO_API_URL', 'CT_API_URL', 'CT_AUTH_URL', 'CT_SCOPES', 'CTK_ENVIRONMENT'] as const;
  for (const name of passedThrough) if (env[name]) answers[name] = env[name];
  return answers;
}

function questions(options: InitOptions, env: Env): Question[] {
  const { project, clientId, region, locale, currency, productUrl } = options;
  const text = (question: string) => ({ question, kind: 'text' as const });
  const optional = (question: string) => ({ question, kind: 'optional' as const });
  const hosts = env.CT_API_URL && env.CT_AUTH_URL ? '' : undefined;
  return [
    {
      name: 'KLAVIYO_AUTH_KEY',
      question: "Klaviyo's private API key (pk_…)",
      given: env.KLAVIYO_AUTH_KEY,
      kind: 'secret',
    },
    {
      name: 'CT_PROJECT_ID',
      option: '--project',
      given: project ?? env.CT_PROJECT_ID,
      ...text("the commercetools project's key"),
    },
    {
      name: 'CTP_CLIENT_ID',
      option: '--client-id',
      given: clientId ?? env.CTP_CLIENT_ID,
      ...text("the API client's id"),
    },
    {
      name: 'CTP_CLIENT_SECRET',
      question: "the API client's secret",
      given: env.CTP_CLIENT_SECRET,
      kind: 'secret',
    },
    {
      name: 'CT_API_URL',
      option: '--region',
      question: "the project's region",
      given: region ?? hosts,
      kind: 'region',
    },
    {
      name: 'PREFERRED_LOCALE',
      given: locale ?? env.PREFERRED_LOCALE,
      ...optional('locale of titles and slugs, such as en-US (empty: first available)'),
    },
    {
      name: 'PREFERRED_CURRENCY',
      given: currency ?? env.PREFERRED_CURRENCY,
      ...optional('currency of catalogue prices, such as EUR (empty: first available)'),
    },
    {
      name: 'PRODUCT_URL_TEMPLATE',
      given: productUrl ?? env.PRODUCT_URL_TEMPLATE,
      ...optional('product page, such as https://shop.example/p/{{productSlug}} (empty: no URLs)'),
    },
  ];
}

function hostsOf(region: string): Record<string, string> {
  const host = `${region}.commercetools.com`;
  return { CT_API_URL: `https://api.${host}`, CT_AUTH_URL: `https://auth.${host}` };
}

async function ask({ question: message, kind }: Question): Promise<string> {
  const { isCancel, password, select, text } = await import('@clack/prompts');
  const validate = (value: string | undefined) => (value?.trim() ? undefined : 'it is needed');
  const answer =
    kind === 'secret'
      ? await password({ message, validate })
      : kind === 'region'
        ? await select({ message, options: regions.map((value) => ({ value, label: value })) })
        : await text({ message, ...(kind === 'optional' ? {} : { validate }) });
  if (isCancel(answer)) throw new CommandError('left; nothing was written');
  return (answer ?? '').trim();
}

/** @throws CommandError if the question was cancelled */
export async function askConfirmation(message: string): Promise<boolean> {
  const { confirm, isCancel } = await import('@clack/prompts');
  const answer = await confirm({ message, initialValue: false });
  if (isCancel(answer)) throw new CommandError('left');
  return answer;
}

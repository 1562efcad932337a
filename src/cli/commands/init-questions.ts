/** What `ctk init` has to know: from options, else from variables, else from whoever sits at the terminal. */
import { CommandFailed } from '../output/terminal.ts';

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

type Said = Record<string, string | undefined>;

interface Question {
  /** The variable that is written. */
  name: string;
  question: string;
  /** Where it comes from without being asked. */
  option?: string;
  given: string | undefined;
  kind: 'text' | 'secret' | 'region' | 'optional';
}

/**
 * @param said variables that are set
 * @param asks whether somebody can be asked
 * @returns the variables to write
 * @throws CommandFailed with all that is missing where nobody can be asked, or where the questions were left
 */
export async function answersTo(options: InitOptions, said: Said, asks: boolean): Promise<Record<string, string>> {
  const open = questions(options, said);
  const missing = open.filter(({ given, kind }) => given === undefined && kind !== 'optional');
  if (!asks && missing.length > 0)
    throw new CommandFailed(
      'nobody can be asked here; say what is missing:',
      ...missing.map(({ name, option, question }) => `  - ${option ? `${option}, or ` : ''}${name}: ${question}`),
    );
  const answers: Record<string, string> = {};
  for (const one of open) {
    const answer = one.given ?? (asks ? await ask(one) : '');
    if (answer !== '') Object.assign(answers, one.kind === 'region' ? hostsOf(answer) : { [one.name]: answer });
  }
  const others = ['KLAVIYO_API_URL', 'CT_API_URL', 'CT_AUTH_URL', 'CT_SCOPES', 'CTK_ENVIRONMENT'] as const;
  for (const name of others) if (said[name]) answers[name] = said[name];
  return answers;
}

function questions(options: InitOptions, said: Said): Question[] {
  const { project, clientId, region, locale, currency, productUrl } = options;
  const text = (question: string) => ({ question, kind: 'text' as const });
  const optional = (question: string) => ({ question, kind: 'optional' as const });
  const hosts = said.CT_API_URL && said.CT_AUTH_URL ? '' : undefined;
  return [
    {
      name: 'KLAVIYO_AUTH_KEY',
      question: "Klaviyo's private API key (pk_…)",
      given: said.KLAVIYO_AUTH_KEY,
      kind: 'secret',
    },
    {
      name: 'CT_PROJECT_ID',
      option: '--project',
      given: project ?? said.CT_PROJECT_ID,
      ...text("the commercetools project's key"),
    },
    {
      name: 'CTP_CLIENT_ID',
      option: '--client-id',
      given: clientId ?? said.CTP_CLIENT_ID,
      ...text("the API client's id"),
    },
    {
      name: 'CTP_CLIENT_SECRET',
      question: "the API client's secret",
      given: said.CTP_CLIENT_SECRET,
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
      given: locale ?? said.PREFERRED_LOCALE,
      ...optional('locale of titles and slugs, such as en-US (empty: the first there is)'),
    },
    {
      name: 'PREFERRED_CURRENCY',
      given: currency ?? said.PREFERRED_CURRENCY,
      ...optional('currency of catalogue prices, such as EUR (empty: the first there is)'),
    },
    {
      name: 'PRODUCT_URL_TEMPLATE',
      given: productUrl ?? said.PRODUCT_URL_TEMPLATE,
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
  if (isCancel(answer)) throw new CommandFailed('left; nothing was written');
  return (answer ?? '').trim();
}

/** @throws CommandFailed where it was left */
export async function consentTo(message: string): Promise<boolean> {
  const { confirm, isCancel } = await import('@clack/prompts');
  const answer = await confirm({ message, initialValue: false });
  if (isCancel(answer)) throw new CommandFailed('left');
  return answer;
}

/** Collects the values for `ctk init`: from options, else from variables, else by asking the user. */
import { recommendedScopes, requiredScopes } from '../../klaviyo/api/scopes.ts';
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

const keyScopes = [...requiredScopes, ...recommendedScopes].sort().join(', ');

type Env = Record<string, string | undefined>;

interface Question {
  name: string;
  question: string;
  /** The option that sets it, or empty. */
  option: string;
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
  const hosts = env.CT_API_URL && env.CT_AUTH_URL ? '' : undefined;
  return [
    secretQuestion('KLAVIYO_AUTH_KEY', `Klaviyo's private API key (pk_…) with ${keyScopes}`, env.KLAVIYO_AUTH_KEY),
    textQuestion('CT_PROJECT_ID', "the commercetools project's key", project ?? env.CT_PROJECT_ID, '--project'),
    textQuestion('CTP_CLIENT_ID', "the API client's id", clientId ?? env.CTP_CLIENT_ID, '--client-id'),
    secretQuestion('CTP_CLIENT_SECRET', "the API client's secret", env.CTP_CLIENT_SECRET),
    questionOf('region')('CT_API_URL', "the project's region", region ?? hosts, '--region'),
    optionalQuestion(
      'PREFERRED_LOCALE',
      'locale of titles and slugs, such as en-US (empty: first available)',
      locale ?? env.PREFERRED_LOCALE,
    ),
    optionalQuestion(
      'PREFERRED_CURRENCY',
      'currency of catalogue prices, such as EUR (empty: first available)',
      currency ?? env.PREFERRED_CURRENCY,
    ),
    optionalQuestion(
      'PRODUCT_URL_TEMPLATE',
      'product page, such as https://shop.example/p/{{productSlug}} (empty: no URLs)',
      productUrl ?? env.PRODUCT_URL_TEMPLATE,
    ),
  ];
}

const questionOf =
  (kind: Question['kind']) =>
  (name: string, question: string, given: string | undefined, option = ''): Question => ({
    name,
    question,
    given,
    option,
    kind,
  });
const textQuestion = questionOf('text');
const secretQuestion = questionOf('secret');
const optionalQuestion = questionOf('optional');

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

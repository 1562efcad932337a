/** How `ctk` is typed here, so that commands in printed texts work as they are printed. */

/** @param env variables that npm sets for what it starts. https://docs.npmjs.com/cli/v11/using-npm/scripts#environment */
export function invocationIn(env: Readonly<Record<string, string | undefined>>): string {
  if (env.npm_command === 'exec') return 'npx ctk';
  if (['run', 'run-script', 'start'].includes(env.npm_command ?? '')) return 'npm run ctk --';
  return 'ctk';
}

/** @returns the text with each `ctk <command>` as it has to be typed; other mentions of ctk stay */
export function withInvocation(text: string, invocation: string, commands: readonly string[]): string {
  if (invocation === 'ctk') return text;
  return text.replace(
    new RegExp(`(?<![\\w./-])ctk (?=(?:${commands.join('|')}|--help)(?![\\w-]))`, 'g'),
    `${invocation} `,
  );
}

import type { Config } from '../config.ts'
import { localStripeKey } from '../local/stack.ts'
import { brokerUrl } from './connect.ts'
import type { Hive } from './hive.ts'
import { columns, paint } from './paint.ts'

export interface WelcomeFacts {
  readonly config: Config
  readonly hive: Hive
  /** Where the local hive's variables were written; absent when nothing is local. */
  readonly envFile: string | undefined
  readonly bootMs: number
}

/** What `bees start` says when the hive is up. */
export function welcome({ config, hive, envFile, bootMs }: WelcomeFacts): string {
  const rows: (readonly string[])[] = [
    ['status page', paint.cyan(hive.url)],
    ...(config.STRIPE_WEBHOOK_SECRET === undefined
      ? []
      : [['Stripe webhook', paint.cyan(`${hive.url}/webhooks/stripe`)]]),
    ['metrics', paint.cyan(`${hive.url}/metrics`)],
    ['Colonies server', `${paint.cyan(brokerUrl(config))}  ${paint.dim(`colony ${config.COLONIES_COLONY_NAME}`)}`],
    ['Supabase API', paint.cyan(config.SUPABASE_URL ?? '')],
    ...(localStripeKey.test(config.STRIPE_SECRET_KEY ?? '')
      ? [['Stripe API', `${paint.cyan(config.STRIPE_API_URL ?? '')}  ${paint.dim('a world of its own')}`]]
      : []),
  ]
  const bees = hive.bees.map(
    ({ name, tasks }) => `${paint.yellow('⬢')} ${paint.bold(name)} ${paint.dim(tasks.join(', '))}`,
  )
  const next =
    envFile === undefined
      ? paint.dim('Ctrl-C drains and stops.')
      : `${paint.dim('settings for other programs:')} source ${envFile}
  ${paint.dim('next:')} npx bees demo   ${paint.dim('Ctrl-C drains and stops.')}`
  return `
  ${paint.bold('Colony Bees')} ${paint.dim(`is up after ${(bootMs / 1000).toFixed(1)} s`)}

${columns(rows)}

  ${bees.join('\n  ')}

  ${next}
`
}

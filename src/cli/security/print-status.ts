import { columns, paint, printable } from '../paint.ts'
import { severityText, timeText } from './print.ts'
import { printSettingProblems } from './print-settings.ts'
import type { StatusReply } from './replies.ts'

const order = ['critical', 'high', 'medium', 'low', 'info'] as const
/** Events are analysed within seconds: what waits for longer waits for somebody. */
const slowS = 60

/** How things are: the stream, what is open, what waits for a person, which rule makes how much noise, and what to do next. */
export function printStatus(status: StatusReply): void {
  const open = order.flatMap((severity) => {
    const count = status.incidents[severity] ?? 0
    return count === 0 ? [] : [`${severityText(severity)} ${count}`]
  })
  const { plans_to_decide: plans, messages, waiting, waiting_s: waitingS, settings } = status
  const isSlow = waitingS > slowS
  const wait = isSlow ? paint.red(`${waiting}, the oldest for ${waitingS} s`) : String(waiting)
  const facts: (readonly [string, string])[] = [
    ['tenant', printable(status.tenant)],
    ['open incidents', open.length === 0 ? paint.green('none') : open.join(', ')],
    ['plans to decide', plans === 0 ? '0' : paint.yellow(String(plans))],
    ['events analysed', `${status.events}${status.analysed_at === null ? '' : `, last at ${status.analysed_at}`}`],
    ['waiting for analysis', wait],
    ['set aside', status.set_aside === 0 ? '0' : paint.yellow(`${status.set_aside} (security.set_aside says why)`)],
    ['metric streams', `${status.streams.all}, ${status.streams.learning} still learning`],
    [
      'own settings',
      `${settings.length === 0 ? 'none' : `of ${settings.map(({ rule }) => printable(rule)).join(', ')}`}`,
    ],
  ]
  if (status.watched_since !== null) facts.push(['watched since', status.watched_since])
  if (messages.dead + messages.late > 0) {
    facts.push(['alerts not told', paint.red(`${messages.dead} given up, ${messages.late} late (7 days)`)])
  }
  console.log(columns(facts))
  printSilences(status)
  printSettingProblems(settings)
  printNoise(status)
  const next = nextOf(status, isSlow)
  if (next.length > 0) console.log(`\n${next.map((line) => `${paint.dim('next:')} ${printable(line)}`).join('\n')}`)
}

function printSilences({ silences }: StatusReply): void {
  if (silences.length === 0) return
  const rows = silences.map(({ id, rule, incident, kind, entity, ends_at, reason }) =>
    [
      id,
      [rule, incident, kind === undefined ? undefined : `${kind} ${entity}`]
        .filter((one) => one !== undefined)
        .join(', '),
      `until ${ends_at}`,
      reason,
    ].map(printable),
  )
  console.log(`\n  ${paint.bold('silenced: nobody is told of')}\n${columns(rows)}`)
}

function printNoise({ rules }: StatusReply): void {
  if (rules.length === 0) return
  const rows = rules.map(({ rule, findings, incidents, quiet, last_ms, evaluations, hits, suppressed }) => [
    printable(rule),
    `${findings} findings`,
    `${incidents} incidents`,
    `${hits} hits (${suppressed} suppressed) of ${evaluations} events`,
    quiet === 0 ? '' : `${quiet} on trial`,
    last_ms === null ? '' : `last ${timeText(last_ms)}`,
  ])
  console.log(`\n  ${paint.bold('the last 7 days, by rule')}\n${columns(rows)}`)
}

function nextOf(status: StatusReply, isSlow: boolean): readonly string[] {
  const tenant = status.tenant === 'default' ? '' : ` --tenant ${status.tenant}`
  const lines: string[] = []
  if (status.events + status.waiting === 0) {
    lines.push(`No event of this tenant has ever come. Is it the right name? docs/security-events.md has the ways in.`)
  }
  if (isSlow) lines.push('Events wait and nobody takes them: `bees doctor`, then see that a hive runs.')
  if (status.plans_to_decide > 0) lines.push(`bees security plans${tenant}: what waits for your word`)
  if (Object.keys(status.incidents).length > 0) {
    lines.push(`bees security findings --open${tenant}, then bees security explain <id>${tenant}`)
  }
  if (status.circuits > 0) {
    lines.push(`A brake has held: bees security plans${tenant} says which; docs/response.md, how it is let go.`)
  }
  if (status.messages.dead > 0) {
    lines.push('Somebody was not told: docs/alerts.md, under what is given up; the task resend_alerts sends it again.')
  }
  return lines
}

/** What the status page and /status.json show. No process ids, no inputs, no secrets. */
export interface HiveStatus {
  readonly version: string
  readonly colony: string
  readonly startedAt: string
  readonly ready: boolean
  readonly reasons: readonly string[]
  readonly broker: string
  readonly database: string
  readonly breaker: string
  readonly bees: readonly {
    readonly name: string
    readonly state: string
    readonly busy: number
    readonly slots: number
    readonly lastPollAgeMs: number | null
    readonly tasks: readonly string[]
  }[]
  /** Tasks that run by themselves; empty where this hive does not look after them. */
  readonly schedules: readonly {
    readonly name: string
    readonly everyS: number
    readonly state: string
    readonly nextRun: string | null
    readonly problem: string | null
  }[]
}

/** A plain page without script: what is this, is it well, where to look. */
export function statusPage(status: HiveStatus): string {
  const rows = status.bees
    .map(
      (bee) => `<tr><th scope="row">${escapeHtml(bee.name)}</th><td>${escapeHtml(bee.state)}</td>
<td>${bee.busy} of ${bee.slots}</td><td>${bee.lastPollAgeMs === null ? 'never' : `${Math.round(bee.lastPollAgeMs / 1000)} s ago`}</td>
<td>${bee.tasks.map(escapeHtml).join(', ')}</td></tr>`,
    )
    .join('\n')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Colony Bees: ${escapeHtml(status.colony)}</title>
<style>
:root { color-scheme: light dark; --line: #8884; --good: #2a7a3f; --bad: #b3261e }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 3rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem; margin: 0 } p { margin: .3rem 0 }
table { border-collapse: collapse; width: 100%; margin: 1.5rem 0 }
th, td { text-align: left; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top }
.good { color: var(--good) } .bad { color: var(--bad) } a { color: inherit }
</style>
</head>
<body>
<h1>Colony Bees</h1>
<p>Colony <b>${escapeHtml(status.colony)}</b>, version ${escapeHtml(status.version)}, running since ${escapeHtml(status.startedAt)}</p>
<p class="${status.ready ? 'good' : 'bad'}">${status.ready ? 'Ready' : `Not ready: ${status.reasons.map(escapeHtml).join('; ')}`}</p>
<table>
<thead><tr><th scope="col">Bee</th><th scope="col">State</th><th scope="col">Slots busy</th><th scope="col">Last poll</th><th scope="col">Tasks</th></tr></thead>
<tbody>
${rows}
</tbody>
</table>
${schedulesTable(status.schedules)}
<p>Broker: ${escapeHtml(status.broker)}</p>
<p>Database: ${escapeHtml(status.database)} (breaker ${escapeHtml(status.breaker)})</p>
<p><a href="/metrics">metrics</a> · <a href="/status.json">status as JSON</a> · <a href="/.well-known/jwks.json">receipt keys</a> · <a href="/livez">livez</a> · <a href="/readyz">readyz</a></p>
</body>
</html>
`
}

function schedulesTable(schedules: HiveStatus['schedules']): string {
  if (schedules.length === 0) return ''
  const rows = schedules
    .map(
      ({ name, everyS, state, nextRun, problem }) => `<tr><th scope="row">${escapeHtml(name)}</th><td>${everyS} s</td>
<td>${escapeHtml(problem === null ? state : `${state}: ${problem}`)}</td><td>${escapeHtml(nextRun ?? 'not known')}</td></tr>`,
    )
    .join('\n')
  return `<table>
<thead><tr><th scope="col">Schedule</th><th scope="col">Every</th><th scope="col">State</th><th scope="col">Next run</th></tr></thead>
<tbody>
${rows}
</tbody>
</table>`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

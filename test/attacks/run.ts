import { parseArgs } from 'node:util'
import { loadRuleFolder } from '../../bees/security/rules/index.ts'
import { reportOf } from './report.ts'
import { figuresOf, type Score } from './score.ts'
import { heldOutSeeds, tuningSeeds } from './seeds.ts'
import { simulate } from './simulate.ts'

const usage =
  'npm run attacks -- [--seeds tuning|held-out|1,2,3] [--detections 1,2] [--users 1000] [--weeks 2] [--json] [--details]'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: 'tuning' },
    detections: { type: 'string' },
    users: { type: 'string', default: '1000' },
    weeks: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
    details: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const numbers = (text: string): readonly number[] => {
  const list = text.split(',').map(Number)
  if (list.some((each) => !Number.isFinite(each) || each < 0))
    throw new RangeError(`Not a list of numbers: ${text}\n${usage}`)
  return list
}

function seedsOf(name: string): readonly number[] {
  if (name === 'tuning') return tuningSeeds
  return name === 'held-out' ? heldOutSeeds : numbers(name)
}

function main(): void {
  if (values.help) {
    console.log(usage)
    return
  }
  // What is held out is counted and not looked at.
  if (values.details && values.seeds !== 'tuning' && numbersAreHeldOut())
    throw new RangeError('No details of held-out seeds.')
  const rules = loadRuleFolder()
  const detections = values.detections === undefined ? undefined : numbers(values.detections)
  const scores: Score[] = []
  for (const seed of seedsOf(values.seeds)) {
    const options = { seed, users: Number(values.users), weeks: Number(values.weeks), detections }
    const { score, seconds } = simulate(options, rules)
    scores.push(score)
    const speed = Math.round(score.events / seconds)
    if (!values.json) console.log(`seed ${seed}: ${score.events} events in ${seconds.toFixed(1)} s (${speed}/s)`)
    if (values.details) details(score)
  }
  console.log(values.json ? JSON.stringify({ seeds: values.seeds, ...figuresOf(scores) }, null, 2) : reportOf(scores))
}

function numbersAreHeldOut(): boolean {
  return seedsOf(values.seeds).some((seed) => heldOutSeeds.includes(seed))
}

/** Each false alert and each miss, for tuning. */
function details(score: Score): void {
  for (const alert of score.falseAlerts) {
    const [finding] = alert.findings.slice(-1)
    const what = `${alert.severity} ${alert.rules.join('+')} ${alert.entity.kind}:${alert.entity.id}`
    console.log(
      `  false ${new Date(alert.timeMs).toISOString()} ${what} ${JSON.stringify(finding?.facts)} ${finding?.explanation ?? ''}`,
    )
  }
  for (const { attack, found } of score.outcomes) {
    if (found === undefined) {
      const span = `${new Date(attack.beginMs).toISOString()} to ${new Date(attack.endMs).toISOString()}`
      console.log(`  missed ${attack.name}: ${attack.times.length} events, ${span}`)
    }
  }
}

main()

import { parseArgs } from 'node:util'
import { loadRuleFolder } from '../../bees/security/rules/index.ts'
import { type Cast, standardCast } from './cast.ts'
import { drainedCast, independentCast } from './independent/cast.ts'
import { reportOf } from './report.ts'
import { figuresOf, type Score } from './score.ts'
import { heldOutSeeds, independentSeeds, tuningSeeds } from './seeds.ts'
import { simulate } from './simulate.ts'

const usage =
  'npm run attacks -- [--seeds tuning|held-out|independent|1,2,3] [--detections 1,2] [--users 1000] [--weeks 2] [--world standard|independent|drained] [--json] [--details]'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    detections: { type: 'string' },
    users: { type: 'string' },
    world: { type: 'string', default: 'standard' },
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

interface Setting {
  readonly cast: Cast
  readonly seeds: string
  readonly users: string
}

/** The first set, the second one, and the second one as the log drain alone tells it. */
const settings: Readonly<Record<string, Setting>> = {
  standard: { cast: standardCast, seeds: 'tuning', users: '1000' },
  independent: { cast: independentCast, seeds: 'independent', users: '400' },
  drained: { cast: drainedCast, seeds: 'independent', users: '400' },
}

function seedsOf(name: string): readonly number[] {
  if (name === 'independent') return independentSeeds
  if (name === 'tuning') return tuningSeeds
  return name === 'held-out' ? heldOutSeeds : numbers(name)
}

function main(): void {
  if (values.help) {
    console.log(usage)
    return
  }
  const setting = settings[values.world]
  if (setting === undefined) throw new RangeError(`There is no world called ${values.world}.\n${usage}`)
  const { seeds = setting.seeds, users = setting.users } = values
  // What is held out is counted and not looked at.
  if (values.details && seedsOf(seeds).some((seed) => heldOutSeeds.includes(seed)))
    throw new RangeError('No details of held-out seeds.')
  const rules = loadRuleFolder()
  const detections = values.detections === undefined ? undefined : numbers(values.detections)
  const scores: Score[] = []
  for (const seed of seedsOf(seeds)) {
    const options = { seed, users: Number(users), weeks: Number(values.weeks), detections, cast: setting.cast }
    const { score, seconds } = simulate(options, rules)
    scores.push(score)
    const speed = Math.round(score.events / seconds)
    if (!values.json) console.log(`seed ${seed}: ${score.events} events in ${seconds.toFixed(1)} s (${speed}/s)`)
    if (values.details) details(score)
  }
  console.log(
    values.json ? JSON.stringify({ world: values.world, seeds, ...figuresOf(scores) }, null, 2) : reportOf(scores),
  )
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

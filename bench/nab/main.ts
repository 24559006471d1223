import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defaultThreshold, fewAlertsThreshold } from '../../bees/security/detectors/index.ts'
import { signalTables } from '../../bees/security/detectors/tables.ts'
import { earn, groundOf, thresholds } from './alert-sweep.ts'
import { choice, chooseSignals, learnTable, peak, scoreCurve } from './choose.ts'
import { corpusFolder, readCorpus } from './corpus.ts'
import {
  crossValidate,
  everything,
  type FoldScore,
  fiveFolds,
  normalised,
  randomFolds,
  thresholdOnly,
} from './folds.ts'
import { noiseAlerts } from './noise.ts'
import { probationRows, profiles, sweep } from './scorer.ts'
import { detect, detectAll, largestState, toEvidence } from './shipped.ts'
import { traceCandidates } from './traces.ts'

const files = readCorpus()
const ground = groundOf(files)
const everyFile = files.map((_, index) => index)
const published = JSON.parse(readFileSync(join(corpusFolder, 'published-results.json'), 'utf8')) as Record<
  string,
  Record<string, number>
>
const figure = (value: number) => value.toFixed(2)
const line = (what: string, value: string) => console.log(`${what.padEnd(46)} ${value}`)
const byGroup = (folds: readonly FoldScore[]) =>
  folds
    .filter(({ windows }) => windows > 0)
    .map((fold) => `${fold.group} ${normalised([fold], 0).toFixed(1)}`)
    .join(', ')

console.log(`NAB: ${files.length} files, ${ground.rows} rows, ${files.flatMap((file) => file.windows).length} windows`)
console.log('The shipped detector: no look-ahead, one configuration, threshold per profile as the benchmark does.\n')

detectAll(files) // Warm-up of the compiler; the second pass is timed.
const before = process.cpuUsage()
const scores = detectAll(files)
const { user, system } = process.cpuUsage(before)
const earned = earn(ground, toEvidence(ground, scores))

const inSample = profiles.map((profile) => ({ profile, ...peak(scoreCurve(ground, earned, everyFile, profile), 0) }))
const traces = traceCandidates(files)
const nested = crossValidate(ground, fiveFolds(files), everything(ground, traces))
console.log('in-sample | nested 5-fold CV (tables, signals and threshold learnt again from the other folds)')
inSample.forEach(({ profile, score, at }, index) => {
  const best = Math.max(...Object.values(published).map((row) => row[profile.name] ?? 0))
  const honest = `nested ${figure(nested.scores[index] ?? 0)}`
  line(
    `  ${profile.name}`,
    `in-sample ${figure(score)}  ${honest}  (threshold ${figure(thresholds[at] ?? 0)}; best published ${figure(best)})`,
  )
})
line('  nested, fold by fold', byGroup(nested.folds))

const fixed = crossValidate(ground, fiveFolds(files), thresholdOnly(ground, earned))
const folders = files.map(({ folder }) => folder)
const leaveOut = crossValidate(ground, folders, thresholdOnly(ground, earned))
console.log('\ncross-validated')
line('  5-fold, threshold only', figure(fixed.scores[0] ?? 0))
line('  leave one directory out, threshold only', `${figure(leaveOut.scores[0] ?? 0)}  (${byGroup(leaveOut.folds)})`)
const nestedFolders = crossValidate(ground, folders, everything(ground, traces))
line('  leave one directory out, nested', `${figure(nestedFolders.scores[0] ?? 0)}  (${byGroup(nestedFolders.folds)})`)
const others = [1, 2, 3, 4].map(
  (seed) => crossValidate(ground, randomFolds(files, seed), everything(ground, traces)).scores[0] ?? 0,
)
line('  nested, four other ways to deal five folds', others.map(figure).join(', '))

const scoredRows = files.reduce((sum, { values }) => sum + values.length - probationRows(values.length), 0)
for (const threshold of [thresholds[inSample[0]?.at ?? 0] ?? 0, fewAlertsThreshold]) {
  const alerts = files.map((file) => Float64Array.from(detect(file, threshold), ({ alert }) => (alert ? 1 : 0)))
  const exact = sweep(ground.worths, alerts, profiles[0], 116)
  const raised = alerts.reduce((sum, own) => sum + own.reduce((count, alert) => count + alert, 0), 0)
  console.log(`\nalerts at threshold ${figure(threshold)}`)
  line('  exact scorer over the alerts alone, standard', figure(exact.score))
  line('  windows found', `${exact.windowsFound} of 116`)
  line('  alerts', `${raised}, of them false ${exact.falseRows} (precision ${figure(1 - exact.falseRows / raised)})`)
  line('  false alerts per 10 000 points', figure((1e4 * exact.falseRows) / scoredRows))
}

const noise = [defaultThreshold, fewAlertsThreshold].map(noiseAlerts)
console.log(
  `\nfalse alerts per 10 000 points of pure noise, at thresholds ${defaultThreshold} and ${fewAlertsThreshold}`,
)
noise[0]?.forEach(([name, rate], index) => {
  line(`  ${name}`, `${figure(rate)}, ${figure(noise[1]?.[index]?.[1] ?? 0)}`)
})

console.log('\nspeed and size')
line('  µs of CPU per point', figure((user + system) / ground.rows))
line('  bytes of state (largest JSON)', String(largestState(files)))

const chosen = chooseSignals(ground, traces, everyFile)
const tables = chosen.signals.map((signal) =>
  learnTable(ground, traces.values[signal] ?? new Float32Array(), everyFile),
)
const same = JSON.stringify(tables) === JSON.stringify(signalTables.map(([, knots]) => knots))
console.log(`\n${choice.signals} of ${traces.keys.length} candidates, chosen on the whole corpus:`)
chosen.signals.forEach((signal, index) => {
  console.log(`  ${String(signalTables[index]?.[0]).padEnd(20)} ${traces.keys[signal]}`)
})
console.log(same ? '  the shipped tables are these' : `  the shipped tables DIFFER; learnt: ${JSON.stringify(tables)}`)
if (!same) process.exitCode = 1

import { it } from 'vitest'
import { adminQuery, createDatabase, seededRandom } from '../../../support/index.ts'
import { runTask } from '../../../support/run-task.ts'
import { analysisBee, beginOf, queue, remains, signIns } from './scene.ts'

it('x', async () => {
  await using d = await createDatabase()
  const r = seededRandom(1)
  const ev = signIns(r, 'acme', 3000, beginOf(Date.now()))
  await queue(d, ev)
  const t = Date.now()
  const run = await runTask(analysisBee, 'analyze_security', {}, { database: d })
  console.log(Date.now() - t, run.output, run.counts, run.transactions.length)
  const left = await remains(d)
  console.log(
    left.findings.length,
    left.incidents,
    left.states.slice(0, 3),
    left.points.slice(0, 3),
    left.versions,
    left.inbox.length,
    left.aside,
  )
})

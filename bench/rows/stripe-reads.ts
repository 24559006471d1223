import { calm } from '../../test/chaos/properties/chaos.ts'
import { addFigures, noFigures } from '../../test/chaos/properties/figures.ts'
import { openLane } from '../../test/chaos/properties/lane.ts'
import { playHistory } from '../../test/chaos/properties/play-history.ts'
import { ownPostgres } from '../../test/support/own-postgres.ts'
import { history } from '../../test/world/index.ts'
import type { Context } from '../context.ts'
import { goal, type Line } from '../report/line.ts'
import { median, number, range } from '../report/statistics.ts'

const firstSeed = 2_026
const most = 0.5
const repeats = 5

/**
 * How often Stripe has to be read, in histories where most things happen within a second of each other: simulated, with the
 * real task and the real SQL. Deterministic, so that it measures the guard and not the machine.
 */
export async function stripeReads({ quick }: Context): Promise<readonly Line[]> {
  const postgres = await ownPostgres()
  try {
    const lane = await openLane(await postgres.database())
    const shares: number[] = []
    const sum = noFigures()
    const each = quick ? 5 : 40
    for (let round = 0; round < repeats; round += 1) {
      const figures = noFigures()
      for (let n = 0; n < each; n += 1) {
        const script = history(firstSeed + round * each + n, { actions: 10, thin: 0 })
        const played = await playHistory(lane, script, { chaos: calm })
        if (played.problems.length > 0) throw new Error(played.problems[0])
        addFigures(figures, played.figures)
      }
      shares.push(figures.reads / figures.events)
      addFigures(sum, figures)
    }
    await lane.close()
    const share = median(shares)
    return [
      {
        what: 'Stripe reads an event, bursty histories, snapshot events',
        value: number(share),
        spread: `${range(shares)}, ${sum.histories} histories, ${sum.events} events, ${sum.deliveries} deliveries`,
        goal: goal(`≤ ${most}`, share <= most),
        baseline: `read at every delivery: ${number(sum.deliveries / sum.events)}`,
        ratio: `${number((share / (sum.deliveries / sum.events)) * 100)} %`,
      },
    ]
  } finally {
    await postgres.stop()
  }
}

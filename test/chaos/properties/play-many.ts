import { addFigures, type Figures, noFigures } from './figures.ts'
import type { Lane } from './lane.ts'
import { playHistory } from './play-history.ts'
import { type Mode, sceneOf } from './scene-of.ts'

export interface ManyOptions {
  readonly lanes: readonly Lane[]
  /** Of the first history; the others count up. */
  readonly seed: number
  readonly histories: number
  /** No history begins after this, milliseconds of performance.now(). @default none */
  readonly untilMs?: number | undefined
  /** @default by seed */
  readonly mode?: Mode | undefined
  readonly onFailure?: ((failure: Failure) => void) | undefined
  /** Gets how many there were so far. */
  readonly onPlayed?: ((histories: number) => void) | undefined
}

export interface Failure {
  readonly seed: number
  readonly mode: Mode
  readonly problems: readonly string[]
}

export interface Many {
  readonly figures: Figures
  readonly failures: readonly Failure[]
  readonly byMode: Readonly<Record<Mode, number>>
  readonly tookMs: number
}

/** Plays histories, as many at once as there are lanes. */
export async function playMany(options: ManyOptions): Promise<Many> {
  const { lanes, seed, histories, untilMs = Number.POSITIVE_INFINITY, onFailure, onPlayed } = options
  const figures = noFigures()
  const failures: Failure[] = []
  const byMode = { serial: 0, races: 0, parallel: 0, stripe_down: 0, lossy: 0 }
  const beganMs = performance.now()
  let next = seed
  const work = async (lane: Lane): Promise<void> => {
    while (next < seed + histories && performance.now() < untilMs) {
      const own = next++
      const scene = sceneOf(own, options.mode)
      const { problems, ...played } = await playHistory(lane, scene.script, scene.options)
      byMode[scene.mode] += 1
      addFigures(figures, played.figures)
      onPlayed?.(figures.histories)
      if (problems.length === 0) continue
      const failure = { seed: own, mode: scene.mode, problems }
      failures.push(failure)
      onFailure?.(failure)
    }
  }
  await Promise.all(lanes.map(work))
  return { figures, failures, byMode, tookMs: performance.now() - beganMs }
}

/** One line that plays the same again. */
export const reproduce = ({ seed, mode }: Pick<Failure, 'seed' | 'mode'>): string =>
  `npm run chaos -- --histories 1 --seed ${seed} --mode ${mode}`

import type { Many } from './properties/play-many.ts'

const per = (n: number, of: number, digits = 2): string => (of === 0 ? '-' : (n / of).toFixed(digits))

/** What the histories came to, a line each. */
export function historyLines({ figures, failures, byMode, tookMs }: Many): readonly string[] {
  const backwards = failures.flatMap(({ problems }) => problems.filter((text) => text.includes('step backwards')))
  const seconds = tookMs / 1000
  return [
    `histories             ${figures.histories} in ${seconds.toFixed(0)} s (${per(figures.histories, seconds, 1)}/s): ` +
      `${byMode.serial} in an order that the seed chose, ${byMode.races} with reads that overtake each other, ` +
      `${byMode.parallel} really parallel, ` +
      `${byMode.stripe_down} with Stripe down throughout, ${byMode.lossy} in which events are lost`,
    `histories that differ ${failures.length}`,
    `steps backwards       ${backwards.length} among ${figures.versions} versions of rows`,
    `events                ${figures.events}, ${figures.deliveries} deliveries, ${figures.transactions} transactions`,
    `Stripe reads/event    ${per(figures.reads, figures.events)} (${figures.reads}, of which ${figures.failedReads} failed)`,
    `computers             ${figures.runs} runs, ${figures.deaths} died, ${figures.zombies} stood still and went on, ` +
      `${figures.fenced} runs fenced off`,
    `database              ${figures.lostReplies} replies lost after the commit, ${figures.connectionsKilled} connections killed`,
    `events lost on the way ${figures.lost}, all found by comparing`,
    `parked for Stripe     ${figures.parked}, all read later`,
  ]
}

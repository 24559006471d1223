import { expect, it } from 'vitest'
import { startStripeApi } from '../../../../src/local/stripe/index.ts'
import { seededRandom } from '../../../support/index.ts'
import { compare, history, oracle } from '../../../world/index.ts'
import { stripeHive } from './stripe-hive.ts'

/** A failing seed is repeated by `TEST_SEED=<seed> npx vitest run test/bees/finance/stripe/lossy-histories.test.ts`. */
const { seed: first } = seededRandom()
const histories = Number(process.env['LOSSY_HISTORIES'] ?? 4)
/** Stripe keeps events for 30. */
const everyMs = 20 * 86_400_000

it.each(Array.from({ length: histories }, (_, n) => first + n))(
  'three of ten events never come, and reconciling finds them: seed %i',
  async (seed) => {
    const { world, deliveries } = history(seed, { actions: 25, chaos: { lost: 0.3 } })
    let nowMs = world.events()[0]?.atMs ?? 0
    const api = await startStripeApi({ worlds: [world], nowMs: () => nowMs })
    const hive = await stripeHive({ STRIPE_SECRET_KEY: 'sk_test_1,sk_live_1', STRIPE_API_URL: api.url })
    const reconcile = async () => {
      const outputs = world.accounts.map(async (account) => {
        const { output } = await hive.run('reconcile_stripe', { account, settle_s: 0 })
        expect(output).toMatchObject({ complete: true, problem: null, unreadable: 0 })
        return output
      })
      return await Promise.all(outputs)
    }
    try {
      let nextMs = nowMs + everyMs
      for (const { atMs, event, form } of deliveries) {
        for (; atMs > nextMs; nextMs += everyMs) {
          nowMs = nextMs
          await reconcile()
        }
        nowMs = Math.max(nowMs, atMs)
        await hive.run('apply_stripe_event', { event: form === 'thin' ? event.thin() : event.snapshot() })
      }
      for (; world.nowMs() > nextMs; nextMs += everyMs) {
        nowMs = nextMs
        await reconcile()
      }
      nowMs = Math.max(nowMs, world.nowMs())
      await reconcile()
      expect(compare(await hive.actual(), oracle(world))).toEqual([])
      for (const output of await reconcile()) {
        expect(output).toMatchObject({ events_taken: 0, drift: 0, by_kind: {}, complete: true })
      }
    } finally {
      await hive.close()
      await api.close()
    }
  },
  60_000,
)

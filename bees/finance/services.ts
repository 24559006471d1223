import { defineTaskWith } from '../../src/bee/index.ts'
import type { StripeLists } from './stripe/create-lists.ts'
import type { StripeReader } from './stripe/reader.ts'

/** What the bee's tasks share in one hive. */
export interface FinanceServices {
  readonly stripe: StripeReader
  readonly lists: StripeLists
}

/** `defineTask` for the tasks of this bee. */
export const defineFinanceTask = defineTaskWith<FinanceServices>()

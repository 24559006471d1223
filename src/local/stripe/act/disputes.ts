import type { Core } from '../core.ts'
import type { Dispute } from '../models.ts'
import { expect } from './refuse.ts'

const over = new Set(['won', 'lost', 'warning_closed', 'prevented'])

const balanceOf = ({ moves }: Dispute): number => moves.reduce((sum, { amount }) => sum + amount, 0)

export function openDispute(
  core: Core,
  chargeId: string,
  { amount, inquiry = false }: { readonly amount?: number; readonly inquiry?: boolean } = {},
): Dispute {
  const charge = core.get('charge', chargeId)
  expect(charge.status === 'succeeded', `The charge is ${charge.status}.`)
  const disputed = core
    .ids('dispute')
    .map((id) => core.get('dispute', id))
    .filter((one) => one.charge === chargeId)
    .reduce((sum, one) => sum + one.amount, 0)
  // What was refunded already can be disputed too, and then is lost twice; a bank does not ask for more than was paid.
  const wanted = amount ?? charge.amountCaptured - disputed
  expect(wanted > 0 && disputed + wanted <= charge.amountCaptured, 'More than was paid.')
  return core.happen((tell) => {
    const id = core.id('dp')
    core.change('charge', chargeId, { disputed: true })
    tell('charge.dispute.created', 'dispute', id)
    return core.put('dispute', {
      id,
      account: charge.account,
      livemode: charge.livemode,
      customer: charge.customer,
      charge: chargeId,
      paymentIntent: charge.paymentIntent,
      createdS: core.nowS(),
      testClock: null,
      status: inquiry ? 'warning_needs_response' : 'needs_response',
      reason: 'fraudulent',
      amount: wanted,
      currency: charge.currency,
      moves: [],
    })
  })
}

export function withdrawFunds(core: Core, id: string): Dispute {
  const dispute = core.get('dispute', id)
  expect(balanceOf(dispute) === 0 && !over.has(dispute.status), 'There is nothing to withdraw.')
  return core.happen((tell) => {
    tell('charge.dispute.funds_withdrawn', 'dispute', id)
    tell('charge.dispute.updated', 'dispute', id)
    const move = { id: core.id('txn'), amount: -dispute.amount, createdS: core.nowS() }
    const status = dispute.status.startsWith('warning_') ? 'needs_response' : dispute.status
    return core.change('dispute', id, { status, moves: [...dispute.moves, move] })
  })
}

export function submitEvidence(core: Core, id: string): Dispute {
  const { status } = core.get('dispute', id)
  expect(status.endsWith('needs_response'), `The dispute is ${status}.`)
  return core.happen((tell) => {
    tell('charge.dispute.updated', 'dispute', id)
    return core.change('dispute', id, { status: status.replace('needs_response', 'under_review') })
  })
}

export function closeDispute(
  core: Core,
  id: string,
  outcome: 'won' | 'lost' | 'warning_closed' | 'prevented',
): Dispute {
  const dispute = core.get('dispute', id)
  expect(!over.has(dispute.status), `The dispute is ${dispute.status}.`)
  const withdrawn = balanceOf(dispute)
  expect(outcome !== 'lost' || withdrawn < 0, 'Nothing was withdrawn yet.')
  return core.happen((tell) => {
    tell('charge.dispute.closed', 'dispute', id)
    if (outcome === 'lost' || withdrawn === 0) return core.change('dispute', id, { status: outcome })
    tell('charge.dispute.funds_reinstated', 'dispute', id)
    const move = { id: core.id('txn'), amount: -withdrawn, createdS: core.nowS() }
    return core.change('dispute', id, { status: outcome, moves: [...dispute.moves, move] })
  })
}

export function appealDispute(core: Core, id: string): Dispute {
  const { status } = core.get('dispute', id)
  expect(status === 'lost', `The dispute is ${status}, not lost.`)
  return core.happen((tell) => {
    tell('charge.dispute.updated', 'dispute', id)
    return core.change('dispute', id, { status: 'appeal_needs_response' })
  })
}

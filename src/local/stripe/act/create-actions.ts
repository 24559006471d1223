import type { Actions } from '../actions.ts'
import type { Core } from '../core.ts'
import { type Baskets, completeCheckout, expireCheckout, openCheckout, settleCheckout } from './checkout.ts'
import { createCustomer, deleteCustomer, updateCustomer } from './customers.ts'
import { appealDispute, closeDispute, openDispute, submitEvidence, withdrawFunds } from './disputes.ts'
import * as invoices from './invoices.ts'
import { issueCreditNote, refund, settleRefund, voidCreditNote } from './money-back.ts'
import { attempt, cancelIntent, makeIntent, settle } from './payments.ts'
import { expect } from './refuse.ts'
import * as life from './subscription-life.ts'
import { addItem, changeItem, costOf, proposeUpdate, removeItem, renew, subscribe } from './subscriptions.ts'

/** Everything that can be done to a world. */
export function createActions(core: Core): Actions {
  const baskets: Baskets = new Map()
  return {
    createCustomer: (options) => createCustomer(core, options),
    updateCustomer: (customer) => updateCustomer(core, customer),
    deleteCustomer: (customer) => deleteCustomer(core, customer),

    openCheckout: (options) => openCheckout(core, baskets, options),
    completeCheckout: (session, how) => completeCheckout(core, baskets, session, how),
    settleCheckout: (session, paid) => settleCheckout(core, session, paid),
    expireCheckout: (session) => expireCheckout(core, session),

    subscribe: (options) => subscribe(core, options),
    renew: (id, payment) => renew(core, id, payment),
    addItem: (id, line) => addItem(core, id, line),
    removeItem: (id, item) => removeItem(core, id, item),
    changeItem: (id, item, line, prorate) => changeItem(core, id, item, line, prorate),
    proposeUpdate: (id, item, line) => proposeUpdate(core, id, item, line),
    settleUpdate: (id, applied) => life.settleUpdate(core, id, applied),
    cancel: (id, when) => life.cancel(core, id, when),
    undoCancel: (id) => life.undoCancel(core, id),
    reachEnd: (id) => life.reachEnd(core, id),
    trialWillEnd: (id) => life.trialWillEnd(core, id),
    endTrial: (id, payment) => life.endTrial(core, id, payment),
    pause: (id) => life.pause(core, id),
    resume: (id) => life.resume(core, id),
    pauseCollection: (id, paused) => life.pauseCollection(core, id, paused),
    giveUp: (id, how) => life.giveUp(core, id, how),
    expireIncomplete: (id) => life.expireIncomplete(core, id),
    passThroughUnknown: (id, status) => life.passThroughUnknown(core, id, status),
    announceInvoice: (id) => announceInvoice(core, id),

    draftInvoice: (customer, amount, currency) => {
      expect(!core.get('customer', customer).deleted, 'The customer is deleted.')
      const parts = { customer, subscription: null, total: amount, currency, reason: 'manual' }
      return core.happen((tell) => invoices.makeDraft(core, tell, parts))
    },
    deleteDraft: (id) => {
      const { status, deleted } = core.get('invoice', id)
      expect(status === 'draft' && !deleted, `The invoice is ${status}, not a draft.`)
      return core.happen((tell) => {
        tell('invoice.deleted', 'invoice', id)
        return core.change('invoice', id, { deleted: true })
      })
    },
    finalize: (id) => core.happen((tell) => invoices.finalize(core, tell, id)),
    failFinalization: (id) => {
      const { status, deleted } = core.get('invoice', id)
      expect(status === 'draft' && !deleted, `The invoice is ${status}, not a draft.`)
      return core.happen((tell) => {
        tell('invoice.finalization_failed', 'invoice', id)
        return core.change('invoice', id, { finalizationError: true })
      })
    },
    pay: (id, payment = 'paid') => core.happen((tell) => invoices.collect(core, tell, id, payment)),
    settleInvoice: (id, paid) => core.happen((tell) => invoices.settleInvoice(core, tell, id, paid)),
    payOutOfBand: (id) => core.happen((tell) => invoices.payOutOfBand(core, tell, id)),
    overpay: (id, extra) => core.happen((tell) => invoices.overpay(core, tell, id, extra)),
    voidInvoice: (id) => core.happen((tell) => invoices.voidInvoice(core, tell, id)),
    markUncollectible: (id) => core.happen((tell) => invoices.markUncollectible(core, tell, id)),

    startPayment: ({ customer, amount, currency, ...more }) => {
      const known = customer === null ? undefined : core.get('customer', customer)
      const account = known?.account ?? more.account ?? 'self'
      const livemode = known?.livemode ?? more.livemode ?? core.livemode
      const parts = { account, livemode, customer, amount, currency, invoice: null }
      return core.happen((tell) => makeIntent(core, tell, parts))
    },
    confirmPayment: (id, payment) => core.happen((tell) => attempt(core, tell, id, payment)),
    settlePayment: (id, paid) => core.happen((tell) => settle(core, tell, id, paid)),
    cancelPayment: (id) => core.happen((tell) => cancelIntent(core, tell, id)),

    refund: (charge, amount, status) => refund(core, charge, amount, status),
    settleRefund: (id, status) => settleRefund(core, id, status),
    openDispute: (charge, options) => openDispute(core, charge, options),
    withdrawFunds: (dispute) => withdrawFunds(core, dispute),
    submitEvidence: (dispute) => submitEvidence(core, dispute),
    closeDispute: (dispute, outcome) => closeDispute(core, dispute, outcome),
    appealDispute: (dispute) => appealDispute(core, dispute),
    issueCreditNote: (invoice, amount, refundId = null) => issueCreditNote(core, invoice, amount, refundId),
    voidCreditNote: (id) => voidCreditNote(core, id),

    distract: (type, { account = 'self', livemode = core.livemode } = {}) =>
      core.distract(type, { account, livemode }, { id: core.id('obj'), object: type.split('.')[0] ?? type }),
    charge: (id) => core.get('charge', id),
  }
}

/** An invoice that is not there yet: it has no id. */
function announceInvoice(core: Core, id: string): void {
  const { account, livemode, customer, currency, items } = core.get('subscription', id)
  core.distract(
    'invoice.upcoming',
    { account, livemode },
    { object: 'invoice', customer, currency, total: costOf(items), amount_due: costOf(items), status: 'draft' },
  )
}

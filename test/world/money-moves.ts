import { any, chargesOf, invoicesOf, type Move, type Scene } from './life.ts'

/** Amounts of currencies with three decimals end with 0. */
const unitOf = (currency: string): number => (currency === 'kwd' ? 10 : 1)

/** One of so many parts, at least the smallest amount that there is. */
const part = (amount: number, parts: number, currency: string): number =>
  Math.max(1, Math.floor(amount / parts / unitOf(currency))) * unitOf(currency)

const amountOf = ({ random, person }: Scene): number => {
  const unit = unitOf(person.currency)
  if (random.boolean(0.05)) return part(Number.MAX_SAFE_INTEGER, 1, person.currency)
  return random.integer(1, 50_000) * unit
}

const invoice: Move = (scene) => {
  const { world, random, person } = scene
  if (person.customer === null) return undefined
  const { id } = world.actions.draftInvoice(person.customer, amountOf(scene), person.currency)
  if (random.boolean(0.15)) world.actions.failFinalization(id)
  if (random.boolean(0.15)) {
    world.actions.deleteDraft(id)
    return `draft and delete ${id}`
  }
  if (random.boolean(0.8)) world.actions.finalize(id)
  return `invoice ${id}`
}

const finalize: Move = (scene) => {
  const found = any(scene.random, invoicesOf(scene, 'draft'))
  if (found === undefined) return undefined
  scene.world.actions.finalize(found.id)
  return `finalize ${found.id}`
}

const pay: Move = (scene) => {
  const { world, random } = scene
  const found = any(random, invoicesOf(scene, 'open', 'uncollectible'))
  if (found === undefined) return undefined
  const intent =
    found.paymentIntent === null ? undefined : world.final().payment_intent.find(({ id }) => id === found.paymentIntent)
  if (intent?.status === 'processing') {
    const paid = random.boolean(0.6)
    world.actions.settleInvoice(found.id, paid)
    return `settle ${found.id} ${paid}`
  }
  const how = random.integer(0, 9)
  if (how === 0) world.actions.payOutOfBand(found.id)
  else if (how === 1) world.actions.voidInvoice(found.id)
  else if (how === 2 && found.status === 'open') world.actions.markUncollectible(found.id)
  else world.actions.pay(found.id, random.pick(['paid', 'paid', 'paid', 'failed', 'action_required', 'processing']))
  return `pay ${found.id} (${how})`
}

const overpay: Move = (scene) => {
  const found = any(
    scene.random,
    invoicesOf(scene, 'paid').filter(({ amountPaid, amountDue }) => amountPaid > 0 && amountDue < 1_000_000),
  )
  if (found === undefined) return undefined
  scene.world.actions.overpay(found.id, scene.random.integer(1, 500) * 10)
  return `overpay ${found.id}`
}

const oneOff: Move = (scene) => {
  const { world, random, person } = scene
  const customer = random.boolean(0.3) ? null : person.customer
  const { account, livemode, currency } = person
  const { id } = world.actions.startPayment({ customer, amount: amountOf(scene), currency, account, livemode })
  if (random.boolean(0.2)) world.actions.confirmPayment(id, 'failed')
  if (random.boolean(0.2)) world.actions.confirmPayment(id, 'action_required')
  const end = random.integer(0, 9)
  if (end === 0) world.actions.cancelPayment(id)
  else if (end > 1) world.actions.confirmPayment(id, end < 4 ? 'processing' : 'paid')
  return `one-off payment ${id} (${end})`
}

const settlePayment: Move = ({ world, random, person }) => {
  const found = any(
    random,
    world
      .all('payment_intent')
      .filter(
        ({ status, invoice: of, account, livemode }) =>
          status === 'processing' && of === null && account === person.account && livemode === person.livemode,
      ),
  )
  if (found === undefined) return undefined
  const session = world.all('checkout_session').find(({ paymentIntent }) => paymentIntent === found.id)
  const paid = random.boolean(0.7)
  if (session === undefined) world.actions.settlePayment(found.id, paid)
  else world.actions.settleCheckout(session.id, paid)
  return `settle ${found.id} ${paid}`
}

const refund: Move = (scene) => {
  const { world, random } = scene
  const found = any(
    random,
    chargesOf(scene).filter((charge) => charge.amountRefunded < charge.amountCaptured),
  )
  if (found === undefined) return undefined
  const left = found.amountCaptured - found.amountRefunded
  const parts = random.integer(1, 3)
  for (let n = 0; n < parts; n += 1) {
    const now = world.actions.charge(found.id)
    const rest = now.amountCaptured - now.amountRefunded
    const amount = random.boolean(0.3) ? rest : Math.min(rest, part(left, 4, found.currency))
    if (amount > 0) world.actions.refund(found.id, amount, random.pick(['succeeded', 'succeeded', 'pending']))
  }
  return `refund ${found.id} in ${parts}`
}

const settleRefund: Move = ({ world, random, person }) => {
  const found = any(
    random,
    world
      .all('refund')
      .filter(({ status, account }) => status !== 'failed' && status !== 'canceled' && account === person.account),
  )
  if (found === undefined) return undefined
  const status = found.status === 'pending' ? random.pick(['succeeded', 'failed', 'canceled'] as const) : 'failed'
  world.actions.settleRefund(found.id, status)
  return `refund ${found.id} ${status}`
}

const dispute: Move = (scene) => {
  const { world, random } = scene
  const open = world
    .all('dispute')
    .filter(({ account, livemode }) => account === scene.person.account && livemode === scene.person.livemode)
  const charge = any(random, chargesOf(scene))
  if (open.length === 0 || random.boolean(0.25)) {
    if (charge === undefined) return undefined
    const inquiry = random.boolean(0.4)
    const amount = random.boolean(0.5) ? part(charge.amountCaptured, 3, charge.currency) : undefined
    const { id } = world.actions.openDispute(charge.id, amount === undefined ? { inquiry } : { inquiry, amount })
    if (!inquiry) world.actions.withdrawFunds(id)
    return `dispute ${id} on ${charge.id}`
  }
  const { id, status } = random.pick(open)
  if (status === 'lost') world.actions.appealDispute(id)
  else if (status.endsWith('needs_response') && random.boolean(status.startsWith('appeal_') ? 0.8 : 0.4))
    world.actions.submitEvidence(id)
  else if (status.startsWith('warning_') && random.boolean(0.4)) world.actions.withdrawFunds(id)
  else if (status.startsWith('warning_')) world.actions.closeDispute(id, 'warning_closed')
  else world.actions.closeDispute(id, random.pick(['won', 'lost', 'lost', 'prevented']))
  return `dispute ${id} goes on from ${status}`
}

const creditNote: Move = (scene) => {
  const { world, random } = scene
  const issued = any(
    random,
    world
      .all('credit_note')
      .filter(({ status, customer }) => status === 'issued' && customer === scene.person.customer),
  )
  if (issued !== undefined && random.boolean(0.4)) {
    world.actions.voidCreditNote(issued.id)
    return `void ${issued.id}`
  }
  const found = any(
    random,
    invoicesOf(scene, 'paid', 'open').filter(({ total }) => total > 0),
  )
  if (found === undefined) return undefined
  const of = world.all('refund').find((one) => world.actions.charge(one.charge).invoice === found.id)
  const { id } = world.actions.issueCreditNote(
    found.id,
    Math.min(found.total, part(found.total, 3, found.currency)),
    of?.id ?? null,
  )
  return `credit note ${id}`
}

export const moneyMoves: readonly (readonly [weight: number, move: Move])[] = [
  [3, invoice],
  [1, finalize],
  [7, pay],
  [1, overpay],
  [3, oneOff],
  [3, settlePayment],
  [4, refund],
  [3, settleRefund],
  [4, dispute],
  [2, creditNote],
]

// The real one: the webhook is measured with it.
export { default } from '../../../bees/finance/bee.ts'

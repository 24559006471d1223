// The real one: the webhook is measured with it.
// biome-ignore lint/style/noDefaultExport: a bee is its module's default export
export { default } from '../../../bees/finance/bee.ts'

/** The input of the benchmark's task, about 250 bytes of JSON. */
export function workerInput(id: string) {
  return {
    id,
    amount: 1900,
    customer: { name: 'Ada Lovelace of the benchmark', plan: 'pro' as const },
    items: Array.from({ length: 4 }, (_, index) => ({ sku: `sku-${index}-0123456789`, count: index + 1 })),
  }
}

/** What Stripe would refuse. @throws RangeError when it does not hold */
export function expect(holds: boolean, message: string): asserts holds {
  if (!holds) throw new RangeError(message)
}

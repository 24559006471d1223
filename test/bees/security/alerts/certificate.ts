import { createHash, createSign, generateKeyPairSync, randomBytes } from 'node:crypto'

/** A DER value (ITU-T X.690): tag, length, content. */
function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content)
  const { length } = body
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...size]), body])
}

const sequence = (...content: readonly Buffer[]) => der(0x30, ...content)
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'))
const commonName = (name: string) => sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(name)))))
const time = (ms: number) => der(0x17, Buffer.from(`${new Date(ms).toISOString().replace(/\D/g, '').slice(2, 14)}Z`))
const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'))

export interface TestCertificate {
  readonly cert: string
  readonly key: string
}

/** A certificate for a name that vouches for itself: for servers of tests, valid for a day. */
export function selfSigned(name: string): TestCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const dayMs = 86_400_000
  const names = sequence(der(0x82, Buffer.from(name)))
  const isAuthority = sequence(der(0x01, Buffer.from([255])))
  const extensions = sequence(
    sequence(oid('551d13'), der(0x01, Buffer.from([255])), der(0x04, isAuthority)),
    sequence(oid('551d11'), der(0x04, names)),
    sequence(oid('551d0e'), der(0x04, der(0x04, createHash('sha1').update(spki).digest()))),
  )
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    commonName(name),
    sequence(time(Date.now() - dayMs), time(Date.now() + dayMs)),
    commonName(name),
    spki,
    der(0xa3, extensions),
  )
  const signature = createSign('SHA256').update(body).sign(privateKey)
  const whole = sequence(body, ecdsaWithSha256, der(0x03, Buffer.from([0]), signature))
  const lines = whole.toString('base64').replace(/.{64}/g, '$&\n')
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

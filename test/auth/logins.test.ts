/** Dashboard sessions and the limit on tries, with a clock that is moved by hand. */
import { expect, test } from "bun:test"
import { createLogins } from "../../src/auth/logins.ts"
import { Secret } from "../../src/exchange.ts"

function setUp() {
  const clock = { now: 1_000_000 }
  let count = 0
  const logins = createLogins({ clock: () => clock.now, newToken: () => `token ${++count}` })
  return { clock, logins, key: new Secret("the master key") }
}

test("a session holds for twelve hours and not a millisecond longer", () => {
  const { clock, logins, key } = setUp()
  const token = logins.begin("10.0.0.1", key)
  clock.now += 12 * 3_600_000 - 1
  expect(logins.holds(token, key)).toBe(true)
  clock.now += 1
  expect(logins.holds(token, key)).toBe(false)
})

test("a session ends by logging out, and with the master key it was opened by", () => {
  const { logins, key } = setUp()
  const [first, second] = [logins.begin("a", key), logins.begin("a", key)]
  logins.end(first, key)
  expect([logins.holds(first, key), logins.holds(second, key)]).toEqual([false, true])
  expect(logins.holds(second, new Secret("another master key"))).toBe(false)
  expect(logins.holds("token 99", key)).toBe(false)
})

test("the sixth failed try within a minute is refused, from that address only, until the first is a minute old", () => {
  const { clock, logins } = setUp()
  for (let count = 0; count < 5; count++) {
    logins.admit("10.0.0.1")
    clock.now += 1_000
  }
  const refused = { status: 429, headers: { "retry-after": "55" } }
  expect(() => logins.admit("10.0.0.1")).toThrow(expect.objectContaining(refused))
  logins.admit("10.0.0.2")
  clock.now += 55_000
  logins.admit("10.0.0.1")
})

test("of more than a thousand sessions the oldest ends", () => {
  const { logins, key } = setUp()
  const tokens = Array.from({ length: 1_001 }, () => logins.begin("a", key))
  expect([0, 1, 1_000].map((at) => logins.holds(tokens[at]!, key))).toEqual([false, true, true])
})

test("tries that succeed are not counted", () => {
  const { logins, key } = setUp()
  for (let count = 0; count < 20; count++) {
    logins.admit("10.0.0.1")
    logins.begin("10.0.0.1", key)
  }
})

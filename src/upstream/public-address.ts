/** Is this IP address one of the public internet's? Pure. Ranges: https://www.iana.org/assignments/iana-ipv4-special-registry, …/iana-ipv6-special-registry */
import { BlockList, isIP } from "node:net"

/** Loopback, private and shared networks, link-local (clouds' metadata services too), documentation, multicast, reserved. */
const V4 = `0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16
  198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4`
/** What embeds an IPv4 address (NAT64, 6to4, Teredo, mapped) may lead to any of the above. */
const V6 =
  "::/96 ::ffff:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 3fff::/20 5f00::/16 fc00::/7 fe80::/9 ff00::/8"

/** One list a version: a mapped range would cover every IPv4 address too. */
function listOf(ranges: string, family: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList()
  for (const range of ranges.split(/\s+/)) {
    const [network = "", bits] = range.split("/")
    list.addSubnet(network, Number(bits), family)
  }
  return list
}

const SPECIAL_4 = listOf(V4, "ipv4")
const SPECIAL_6 = listOf(V6, "ipv6")

export function isPublic(address: string): boolean {
  const version = isIP(address)
  if (version === 4) return !SPECIAL_4.check(address, "ipv4")
  return version === 6 && !SPECIAL_6.check(address, "ipv6")
}

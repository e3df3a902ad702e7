/** Set-up snippets run as they are printed, where the client is at hand. The command-line clients and Python have theirs in `test/clients/snippets.ts`. */
import { expect, test } from "bun:test"
import { SNIPPETS } from "../../src/dashboard/page/snippets.ts"
import { MASTER, REPOSITORY } from "../support/memproxy.ts"
import { useRig } from "../support/rig.ts"

const rig = useRig()
const COMMANDS: Readonly<Record<string, (text: string) => string[]>> = {
  "openai-js": (text) => [process.execPath, "-e", text],
  "anthropic-js": (text) => [process.execPath, "-e", text],
  ...(Bun.which("curl") && { curl: (text) => ["sh", "-c", text] }),
}

for (const { client, label, text } of SNIPPETS.filter(({ client }) => client !== null && COMMANDS[client]))
  test(`the snippet of ${label} gets an answer as it is`, async () => {
    const child = Bun.spawn(COMMANDS[client!]!(text(rig.proxy.url, "mock")), {
      cwd: REPOSITORY,
      env: { PATH: process.env["PATH"], MEMPROXY_KEY: MASTER },
      stdout: "pipe",
      stderr: "ignore",
    })
    const said = await new Response(child.stdout).text()
    expect([await child.exited, said]).toEqual([0, expect.stringContaining("Hello from memproxy.")])
    expect((await rig.proxy.rows({ client: client! }))[0]).toMatchObject({ model: "mock", status: 200 })
  })

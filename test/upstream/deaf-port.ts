/** A port whose program is stopped and whose queue is full: the kernel answers no further connection attempt, as behind a firewall that drops. */
import net from "node:net"

const program = `
const server = require("node:net").createServer(() => {})
server.listen({ port: 0, host: "127.0.0.1" }, () => {
  process.stdout.write(String(server.address().port) + "\\n", () => process.kill(process.pid, "SIGSTOP"))
})`

export async function deafPort(): Promise<{ port: number; stop(): void }> {
  const child = Bun.spawn([process.execPath, "-e", program], { stdout: "pipe", stderr: "inherit" })
  const { value } = await child.stdout.getReader().read()
  const port = Number(new TextDecoder().decode(value))
  const sockets: net.Socket[] = []
  // Bun gives every listener a queue of 512: fill it until an attempt stays unanswered.
  for (let full = false; !full && sockets.length < 2000;) {
    const socket = net.connect(port, "127.0.0.1")
    sockets.push(socket)
    full = await Promise.race([
      new Promise<boolean>((connected) => socket.once("connect", () => connected(false))),
      Bun.sleep(200).then(() => true),
    ])
  }
  return {
    port,
    stop() {
      for (const socket of sockets) socket.destroy()
      child.kill("SIGKILL")
    },
  }
}

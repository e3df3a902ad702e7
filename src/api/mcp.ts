/** `/mcp`: a streamable-HTTP MCP server without sessions, one for each request. Loaded at the first one; its tools are `mcp-tools.ts`. */
import { Server } from "@modelcontextprotocol/sdk/server/index.js"
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js"
import {
  CallToolRequestSchema,
  type CallToolResult,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
} from "@modelcontextprotocol/sdk/types.js"
import { Value } from "@sinclair/typebox/value"
import { Refusal } from "../exchange.ts"
import { MCP_TOOLS, type McpCaller } from "./mcp-tools.ts"

interface McpDeps {
  caller: McpCaller
  version: string
  log: (line: string, error: unknown) => void
}

const INSTRUCTIONS =
  "memproxy remembers what was said in the conversations that pass through it, for each user and project apart, and counts what they cost."

/** Requests are answered with JSON; there is no stream to listen to, which the protocol lets a server say with 405. */
export async function answerMcp(request: Request, deps: McpDeps): Promise<Response> {
  if (request.method !== "POST") return new Response(null, { status: 405, headers: { allow: "POST" } })
  const server = createMcpServer(deps)
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true })
  await server.connect(transport)
  const answer = await transport.handleRequest(request)
  await server.close()
  return answer
}

function createMcpServer(deps: McpDeps): Server {
  const server = new Server(
    { name: "memproxy", version: deps.version },
    { capabilities: { tools: {} }, instructions: INSTRUCTIONS },
  )
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: MCP_TOOLS.map(({ name, description, inputSchema, readOnly }) => ({
      name,
      description,
      inputSchema: inputSchema as unknown as { type: "object" },
      annotations: { readOnlyHint: readOnly, destructiveHint: name === "forget_memory", openWorldHint: false },
    })),
  }))
  server.setRequestHandler(CallToolRequestSchema, ({ params }) => callTool(params.name, params.arguments ?? {}, deps))
  return server
}

/** What the tool refuses is its result: the model reads it and does better. */
async function callTool(name: string, args: unknown, { caller, log }: McpDeps): Promise<CallToolResult> {
  const tool = MCP_TOOLS.find((one) => one.name === name)
  if (!tool) throw new McpError(ErrorCode.InvalidParams, `There is no tool "${name}".`)
  const wrong = Value.Errors(tool.inputSchema, args).First()
  if (wrong) return said(`${wrong.path.slice(1) || "arguments"}: ${wrong.message}`, true)
  try {
    return said(JSON.stringify(await tool.run(args, caller), null, 1))
  } catch (error) {
    if (error instanceof Refusal || (error instanceof Error && "reason" in error)) return said(error.message, true)
    log(`the tool ${name} failed`, error)
    return said("internal error", true)
  }
}

const said = (text: string, isError = false): CallToolResult => ({ content: [{ type: "text", text }], isError })

/** The first line of an answer, with its CRLF. */
const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  201: "Created",
  202: "Accepted",
  204: "No Content",
  304: "Not Modified",
  400: "Bad Request",
  401: "Unauthorized",
  402: "Payment Required",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  421: "Misdirected Request",
  422: "Unprocessable Content",
  426: "Upgrade Required",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
}

/** The reason may be empty, the space before it not (RFC 9112 §4). */
const write = (status: number) => `HTTP/1.1 ${status} ${REASONS[status] ?? ""}\r\n`
const LINES: Readonly<Record<number, string>> = Object.fromEntries(
  Object.keys(REASONS).map((status) => [status, write(Number(status))]),
)
export const statusLine = (status: number): string => LINES[status] ?? write(status)

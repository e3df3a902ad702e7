/** One headless Chromium for a test file. It has no network but this machine's, and notes what its pages complain of. */
import { existsSync } from "node:fs"
import { type Browser, chromium, type Page } from "playwright-core"

const PLACES = [
  process.env["CHROMIUM"],
  Bun.which("chromium"),
  Bun.which("chromium-browser"),
  Bun.which("google-chrome"),
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
]

/** null: there is none here. */
export const chromiumPath = (): string | null => PLACES.find((path) => !!path && existsSync(path)) ?? null

export const startBrowser = (executablePath: string): Promise<Browser> =>
  chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
      "--disable-background-networking",
    ],
  })

export interface Look {
  scheme?: "light" | "dark"
  width?: number
}

export interface Watched {
  page: Page
  /** errors on the console, uncaught ones, and requests to elsewhere */
  complaints: string[]
  close(): Promise<void>
}

export async function openPage(
  browser: Browser,
  base: string,
  { scheme = "light", width = 1280 }: Look = {},
): Promise<Watched> {
  const context = await browser.newContext({
    colorScheme: scheme,
    viewport: { width, height: width < 600 ? 844 : 900 },
    reducedMotion: "reduce",
    baseURL: base,
    locale: "en-GB",
  })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()))
  page.on("pageerror", (error) => complaints.push(String(error)))
  page.on(
    "request",
    (request) =>
      !/^(data|blob):/.test(request.url()) &&
      !request.url().startsWith(base) &&
      complaints.push(`asked ${request.url()}`),
  )
  return { page, complaints, close: () => context.close() }
}

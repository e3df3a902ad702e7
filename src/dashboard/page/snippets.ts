/** What each client needs in order to use this proxy: rows of text. As their makers document it. Pure. */

export interface Snippet {
  /** as `/api/clients` names it; null for what is no single client */
  client: string | null
  label: string
  /** where it goes */
  place: string
  text: (base: string, model: string) => string
}

const KEY = "$MEMPROXY_KEY"

export const SNIPPETS: readonly Snippet[] = [
  {
    client: "claude-code",
    label: "Claude Code",
    place: "in the shell",
    text: (base, model) =>
      `export ANTHROPIC_BASE_URL=${base}\nexport ANTHROPIC_AUTH_TOKEN=${KEY}\nexport ANTHROPIC_MODEL=${model}\nclaude`,
  },
  {
    client: "codex",
    label: "Codex",
    place: "in ~/.codex/config.toml; then `export MEMPROXY_KEY=…`",
    text: (base, model) =>
      `model = "${model}"\nmodel_provider = "memproxy"\n\n[model_providers.memproxy]\nname = "memproxy"\nbase_url = "${base}/v1"\nwire_api = "responses"\nenv_key = "MEMPROXY_KEY"`,
  },
  {
    client: "gemini-cli",
    label: "Gemini CLI",
    // Since a base URL alone selects a sign-in that it then refuses ("Invalid auth method selected."), its settings must name one.
    place: "in the shell; where it has settings already, choose “Use Gemini API Key” there with /auth",
    text: (base, model) =>
      `mkdir -p ~/.gemini\n[ -e ~/.gemini/settings.json ] || echo '{"security": {"auth": {"selectedType": "gemini-api-key"}}}' > ~/.gemini/settings.json\nexport GOOGLE_GEMINI_BASE_URL=${base}\nexport GEMINI_API_KEY=${KEY}\ngemini -m ${model}`,
  },
  {
    client: "opencode",
    label: "opencode",
    place: "in ~/.config/opencode/opencode.json",
    text: (base, model) =>
      JSON.stringify(
        {
          $schema: "https://opencode.ai/config.json",
          model: `memproxy/${model}`,
          provider: {
            memproxy: {
              npm: "@ai-sdk/openai-compatible",
              options: { baseURL: `${base}/v1`, apiKey: "{env:MEMPROXY_KEY}" },
              models: { [model]: {} },
            },
          },
        },
        null,
        2,
      ),
  },
  {
    client: "continue",
    label: "Continue",
    place: "in ~/.continue/config.yaml; the line MEMPROXY_KEY=… in ~/.continue/.env, or exported",
    text: (base, model) =>
      `name: memproxy\nversion: 1.0.0\nschema: v1\nmodels:\n  - name: ${model}\n    provider: openai\n    model: ${model}\n    apiBase: ${base}/v1\n    apiKey: \${{ secrets.MEMPROXY_KEY }}\n    roles: [chat, edit, apply]`,
  },
  {
    client: "cline",
    label: "Cline",
    place: "in the shell; in the editor: provider “OpenAI Compatible” with the same values",
    text: (base, model) => `cline auth -p openai-compatible -k "${KEY}" -m ${model} -b ${base}/v1`,
  },
  {
    client: "copilot-cli",
    label: "GitHub Copilot CLI",
    place: "in the shell",
    text: (base, model) =>
      `export COPILOT_PROVIDER_BASE_URL=${base}/v1\nexport COPILOT_PROVIDER_API_KEY=${KEY}\nexport COPILOT_MODEL=${model}\ncopilot`,
  },
  {
    client: "qwen-code",
    label: "Qwen Code",
    place: "in the shell",
    text: (base, model) =>
      `export OPENAI_BASE_URL=${base}/v1\nexport OPENAI_API_KEY=${KEY}\nexport OPENAI_MODEL=${model}\nqwen --auth-type openai`,
  },
  {
    client: "pi",
    label: "pi",
    place: "in ~/.pi/agent/models.json; then `pi --provider memproxy`",
    text: (base, model) =>
      JSON.stringify(
        {
          providers: {
            memproxy: {
              baseUrl: `${base}/v1`,
              api: "openai-completions",
              apiKey: "MEMPROXY_KEY",
              models: [{ id: model }],
            },
          },
        },
        null,
        2,
      ),
  },
  {
    client: "jetbrains-ai",
    label: "PyCharm and other JetBrains IDEs",
    place:
      "Settings → Tools → AI Assistant → Models: an OpenAI-compatible provider. No key field? Put the key into the URL.",
    text: (base) =>
      `URL      ${base}/v1\nAPI key  MEMPROXY_KEY\n\nwithout a key field:\nURL      ${base}/k/MEMPROXY_KEY/p/PROJECT/v1`,
  },
  {
    client: "openai-python",
    label: "OpenAI SDK (Python)",
    place: "in your program",
    text: (base, model) =>
      `import os\nfrom openai import OpenAI\n\nclient = OpenAI(base_url="${base}/v1", api_key=os.environ["MEMPROXY_KEY"])\nanswer = client.chat.completions.create(\n    model="${model}", messages=[{"role": "user", "content": "Hello!"}]\n)\nprint(answer.choices[0].message.content)`,
  },
  {
    client: "anthropic-python",
    label: "Anthropic SDK (Python)",
    place: "in your program",
    text: (base, model) =>
      `import os\nfrom anthropic import Anthropic\n\nclient = Anthropic(base_url="${base}", api_key=os.environ["MEMPROXY_KEY"])\nanswer = client.messages.create(\n    model="${model}", max_tokens=1024, messages=[{"role": "user", "content": "Hello!"}]\n)\nprint(answer.content[0].text)`,
  },
  {
    client: "google-genai",
    label: "Google Gen AI SDK (Python)",
    place: "in your program",
    text: (base, model) =>
      `import os\nfrom google import genai\n\nclient = genai.Client(api_key=os.environ["MEMPROXY_KEY"], http_options={"base_url": "${base}"})\nanswer = client.models.generate_content(model="${model}", contents="Hello!")\nprint(answer.text)`,
  },
  {
    client: "openai-js",
    label: "OpenAI SDK (JavaScript)",
    place: "in your program",
    text: (base, model) =>
      `import OpenAI from "openai"\n\nconst client = new OpenAI({ baseURL: "${base}/v1", apiKey: process.env.MEMPROXY_KEY })\nconst answer = await client.chat.completions.create({\n  model: "${model}",\n  messages: [{ role: "user", content: "Hello!" }],\n})\nconsole.log(answer.choices[0].message.content)`,
  },
  {
    client: "anthropic-js",
    label: "Anthropic SDK (JavaScript)",
    place: "in your program",
    text: (base, model) =>
      `import Anthropic from "@anthropic-ai/sdk"\n\nconst client = new Anthropic({ baseURL: "${base}", apiKey: process.env.MEMPROXY_KEY })\nconst answer = await client.messages.create({\n  model: "${model}",\n  max_tokens: 1024,\n  messages: [{ role: "user", content: "Hello!" }],\n})\nconsole.log(answer.content[0].text)`,
  },
  {
    client: "curl",
    label: "curl",
    place: "in the shell",
    text: (base, model) =>
      `curl ${base}/v1/chat/completions \\\n  -H 'content-type: application/json' \\\n  -H "authorization: Bearer ${KEY}" \\\n  -d '{"model": "${model}", "messages": [{"role": "user", "content": "Hello!"}]}'`,
  },
  {
    client: null,
    label: "A tool that can set nothing but a URL",
    place: "each part is optional, in any order",
    text: (base) => `${base}/k/MEMPROXY_KEY/u/USER/p/PROJECT/v1`,
  },
]

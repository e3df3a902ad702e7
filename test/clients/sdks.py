"""The official Python SDKs in a tool-call loop, streamed and not: `sdks.py BASE KEY`. Started by run.ts; prints what failed, exit 1 if anything did."""
import json
import sys

BASE, KEY = sys.argv[1], sys.argv[2]
ANSWER = "The tool has answered."
SCHEMA = {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]}
failed = 0


def check(name, text):
    global failed
    ok = text is not None and ANSWER in text
    failed += not ok
    print(f"{'ok  ' if ok else 'FAIL'} {name}: {text!r}"[:200])


def openai_chat(stream):
    from openai import OpenAI

    client = OpenAI(base_url=f"{BASE}/v1", api_key=KEY)
    tools = [{"type": "function", "function": {"name": "bash", "parameters": SCHEMA}}]
    messages = [{"role": "user", "content": "run it"}]

    def ask():
        if not stream:
            return client.chat.completions.create(model="chat", messages=messages, tools=tools).choices[0].message
        with client.chat.completions.stream(model="chat", messages=messages, tools=tools) as events:
            for _ in events:
                pass
            return events.get_final_completion().choices[0].message

    first = ask()
    call = first.tool_calls[0]
    assert json.loads(call.function.arguments)["command"]
    messages.append(first.model_dump(exclude_none=True, include={"role", "content", "tool_calls"}))
    messages.append({"role": "tool", "tool_call_id": call.id, "content": "tool-ran"})
    return ask().content


def openai_responses(stream):
    from openai import OpenAI

    client = OpenAI(base_url=f"{BASE}/v1", api_key=KEY)
    tools = [{"type": "function", "name": "bash", "parameters": SCHEMA, "strict": False}]
    items = [{"role": "user", "content": "run it"}]

    def ask():
        if not stream:
            return client.responses.create(model="responses", input=items, tools=tools)
        with client.responses.stream(model="responses", input=items, tools=tools) as events:
            for _ in events:
                pass
            return events.get_final_response()

    first = ask()
    call = next(item for item in first.output if item.type == "function_call")
    items.extend(json.loads(item.model_dump_json(exclude_none=True, exclude={"parsed_arguments"})) for item in first.output)
    items.append({"type": "function_call_output", "call_id": call.call_id, "output": "tool-ran"})
    return ask().output_text


def anthropic_messages(stream):
    from anthropic import Anthropic

    client = Anthropic(base_url=BASE, api_key=KEY)
    tools = [{"name": "bash", "input_schema": SCHEMA}]
    messages = [{"role": "user", "content": "run it"}]

    def ask():
        arguments = {"model": "claude", "max_tokens": 64, "messages": messages, "tools": tools}
        if not stream:
            return client.messages.create(**arguments)
        with client.messages.stream(**arguments) as events:
            return events.get_final_message()

    first = ask()
    call = next(block for block in first.content if block.type == "tool_use")
    messages.append({"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in first.content]})
    messages.append({"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "tool-ran"}]})
    assert client.messages.count_tokens(model="claude", messages=messages).input_tokens > 0
    return "".join(block.text for block in ask().content if block.type == "text")


def google_genai(stream):
    from google import genai
    from google.genai import types

    client = genai.Client(api_key=KEY, http_options=types.HttpOptions(base_url=BASE))
    declaration = types.FunctionDeclaration(name="bash", parameters_json_schema=SCHEMA)
    config = types.GenerateContentConfig(tools=[types.Tool(function_declarations=[declaration])])
    contents = [types.Content(role="user", parts=[types.Part(text="run it")])]

    def ask():
        if not stream:
            return client.models.generate_content(model="gem", contents=contents, config=config).candidates[0].content.parts
        parts = []
        for chunk in client.models.generate_content_stream(model="gem", contents=contents, config=config):
            parts.extend(chunk.candidates[0].content.parts or [])
        return parts

    first = ask()
    call = next(part.function_call for part in first if part.function_call)
    contents.append(types.Content(role="model", parts=first))
    contents.append(types.Content(role="user", parts=[types.Part.from_function_response(name=call.name, response={"output": "tool-ran"})]))
    return "".join(part.text or "" for part in ask())


for name, run in (("openai chat", openai_chat), ("openai responses", openai_responses), ("anthropic", anthropic_messages), ("google-genai", google_genai)):
    for stream in (False, True):
        try:
            check(f"{name}{' streamed' if stream else ''}", run(stream))
        except Exception as error:  # the report is the point: one SDK's failure must not hide the others
            failed += 1
            print(f"FAIL {name}{' streamed' if stream else ''}: {type(error).__name__}: {error}")
sys.exit(1 if failed else 0)

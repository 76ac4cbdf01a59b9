"""Makes the calls of a file with OpenAI's library for Python: python3 calls.py CALLS.json

Prints what became of each as one JSON object.
"""

import json
import sys

import openai

file = sys.argv[1]


def outcome(call):
    client = openai.OpenAI(
        base_url=call["baseUrl"],
        api_key=call["key"],
        timeout=call["timeoutMillis"] / 1000,
        max_retries=call["retries"],
    )
    request = {"model": call["model"], "messages": [{"role": "user", "content": call["text"]}]}
    if call["tool"]:
        function = {"name": call["tool"], "parameters": {}}
        request["tools"] = [{"type": "function", "function": function}]
    try:
        if call["stream"]:
            return joined(client.chat.completions.create(stream=True, **request))
        message = client.chat.completions.create(**request).choices[0].message
        calls = message.tool_calls or []
        return words(message.content, [(each.function.name, each.function.arguments) for each in calls])
    except openai.APIStatusError as failure:
        return f"{type(failure).__name__} {failure.status_code} {failure.code or ''}"
    except openai.APIError as failure:
        return type(failure).__name__


def joined(stream):
    content, calls = "", {}
    for chunk in stream:
        if not chunk.choices:
            continue
        delta = chunk.choices[0].delta
        content += delta.content or ""
        for piece in delta.tool_calls or []:
            name, arguments = calls.get(piece.index, ("", ""))
            calls[piece.index] = (name + (piece.function.name or ""), arguments + (piece.function.arguments or ""))
    return words(content, [calls[index] for index in sorted(calls)])


def words(content, calls):
    return f"tool {calls[0][0]} {calls[0][1]}" if calls else f"ok {content}"


with open(file, encoding="utf-8") as calls:
    print(json.dumps({call["name"]: outcome(call) for call in json.load(calls)}))

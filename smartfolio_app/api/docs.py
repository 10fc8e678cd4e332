"""The API's documentation: one page, drawn on the server from the OpenAPI description.

It holds no script and asks for nothing from elsewhere, so the strict content policy has nothing to block.
"""

from __future__ import annotations

import json
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from smartfolio_app.api.dependencies import Caller
from smartfolio_app.i18n import negotiate, translate

router = APIRouter(prefix="/api/docs", include_in_schema=False)

_STYLE = Path(__file__).with_name("docs.css")
_METHODS = ("get", "post", "put", "patch", "delete")
#: How deep examples of nested objects go.
_DEPTH = 6

Json = dict[str, Any]


@router.get("")
def docs_page(request: Request, access: Caller) -> HTMLResponse:
    """Show every route with its parameters, body and answers."""
    return HTMLResponse(page(request.app.openapi(), negotiate(access.language)))


@router.get("/style.css")
def docs_style() -> Response:
    """Give the page its looks."""
    return Response(_style(), media_type="text/css")


@cache
def _style() -> str:
    return _STYLE.read_text(encoding="utf-8")


def page(spec: Json, language: str) -> str:
    """Return the documentation of an OpenAPI description as HTML."""

    def say(key: str, **params: object) -> str:
        return escape(translate(language, f"api_docs.{key}", **params))

    groups: dict[str, list[str]] = {}
    for path, operations in spec["paths"].items():
        for method in _METHODS:
            operation = operations.get(method)
            if operation is not None:
                groups.setdefault(operation["tags"][0], []).append(
                    _operation(spec, method, path, operation, say)
                )
    contents = "".join(f'<li><a href="#{escape(tag)}">{escape(tag)}</a></li>' for tag in groups)
    sections = "".join(
        f'<section id="{escape(tag)}"><h2>{escape(tag)}</h2>{"".join(operations)}</section>'
        for tag, operations in groups.items()
    )
    return (
        f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{say("title")}</title><link rel="icon" href="/favicon.svg" type="image/svg+xml">'
        '<link rel="stylesheet" href="/api/docs/style.css"></head><body>'
        f"<header><h1>{say('title')}</h1><p>{say('intro')}</p>"
        f'<pre>curl -H "Authorization: Bearer $TOKEN" $ADDRESS/api/users/sources</pre>'
        f"<p>{say('amounts')} {say('errors')}</p>"
        f'<p><a href="/api/openapi.json">{say("description")}</a> · <a href="/">{say("back")}</a></p></header>'
        f'<nav aria-label="{say("contents")}"><ul>{contents}</ul></nav><main>{sections}</main></body></html>'
    )


def _operation(spec: Json, method: str, path: str, operation: Json, say: Any) -> str:
    parts = [f"<p>{escape(operation.get('description', ''))}</p>"]
    parameters = operation.get("parameters", [])
    if parameters:
        rows = "".join(_parameter(one, say) for one in parameters)
        parts.append(f"<h4>{say('parameters')}</h4><table>{rows}</table>")
    content = operation.get("requestBody", {}).get("content", {})
    for media_type, described in content.items():
        parts.append(
            f"<h4>{say('body')} <code>{escape(media_type)}</code></h4>{_example(spec, described['schema'])}"
        )
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            schema = answer.get("content", {}).get("application/json", {}).get("schema")
            parts.append(f"<h4>{say('answer')} <code>{escape(status)}</code></h4>")
            parts.append(_example(spec, schema) if schema else "")
    return (
        f'<details><summary><code class="{method}">{method.upper()}</code> <code>{escape(path)}</code> '
        f"<span>{escape(operation.get('summary', ''))}</span></summary>{''.join(parts)}</details>"
    )


def _parameter(parameter: Json, say: Any) -> str:
    schema = parameter.get("schema", {})
    needed = say("required") if parameter.get("required") else ""
    default = (
        f"{say('default')} <code>{escape(json.dumps(schema['default']))}</code>"
        if "default" in schema
        else ""
    )
    about = escape(parameter.get("description") or schema.get("description") or "")
    return (
        f"<tr><th><code>{escape(parameter['name'])}</code></th><td>{escape(_type(schema))}</td>"
        f"<td>{' · '.join(part for part in (needed, about, default) if part)}</td></tr>"
    )


def _type(schema: Json) -> str:
    """Name a schema in a word or two."""
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_type(one) for one in schema["anyOf"]))
    if "enum" in schema:
        return " | ".join(str(one) for one in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    return str(schema.get("format") or schema.get("type", ""))


def _example(spec: Json, schema: Json) -> str:
    """Show what a schema looks like, by an example made from it."""
    return f"<pre>{escape(json.dumps(_sample(spec, schema, _DEPTH), indent=2, ensure_ascii=False))}</pre>"


def _sample(spec: Json, schema: Json, depth: int) -> Any:
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return _sample(spec, spec["components"]["schemas"][name], depth - 1) if depth else {}
    if "anyOf" in schema:
        return _sample(spec, schema["anyOf"][0], depth)
    for word in ("default", "const"):
        if word in schema:
            return schema[word]
    for word in ("enum", "examples"):
        if word in schema:
            return schema[word][0]
    match schema.get("type"):
        case "object":
            fields = {name: _sample(spec, one, depth) for name, one in schema.get("properties", {}).items()}
            extra = schema.get("additionalProperties")
            return fields or ({"…": _sample(spec, extra, depth)} if isinstance(extra, dict) else {})
        case "array":
            return [_sample(spec, schema.get("items", {}), depth)]
        case "integer" | "number":
            return 0
        case "boolean":
            return False
    return {"date-time": "2026-01-02T03:04:05Z", "date": "2026-01-02", "binary": "…"}.get(
        schema.get("format", ""), "…"
    )

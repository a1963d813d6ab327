"""Pages that are plain HTML forms: the way in, and the keys; they work in every process and without any script."""

from urllib.parse import parse_qs

from fastapi import Request

MOST_BYTES = 4096
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Chargewise</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root {{ color-scheme: light dark }}
body {{ font: 16px system-ui, sans-serif; max-width: {width}; margin: {top} auto; padding: 0 1rem }}
label {{ display: block }}
input, select, button {{ font: inherit; width: 100%; box-sizing: border-box; padding: .6rem; margin: .4rem 0 }}
table {{ border-collapse: collapse; width: 100% }}
td, th {{ text-align: left; padding: .35rem .6rem .35rem 0; border-bottom: 1px solid #8884; overflow-wrap: break-word }}
td button {{ width: auto; padding: .2rem .6rem; white-space: nowrap }}
.wide {{ overflow-x: auto }}
.fields {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: 0 1rem }}
.problem {{ color: light-dark(#b71c1c, #ff8a80) }}
.key {{ font-family: monospace; overflow-wrap: anywhere; user-select: all }}
</style></head><body><h1>{heading}</h1>{content}</body></html>"""


def html_page(heading: str, content: str, width: str = "24rem", top: str = "15vh") -> str:
    """A whole page; what it is given is HTML already."""
    return PAGE.format(heading=heading, content=content, width=width, top=top)


async def form_of(request: Request) -> dict[str, str]:
    """What was typed into a form, each field's first value; nothing of what is no such form."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BYTES:
            return {}
        parts.append(part)
    text = b"".join(parts).decode("ascii", "replace")
    return {name: values[0].strip() for name, values in parse_qs(text, encoding="utf-8", errors="replace").items()}

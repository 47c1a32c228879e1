"""`copilot ask`: the same graph as the chat, on the command line."""

from __future__ import annotations

import asyncio
from typing import Annotated
from uuid import uuid4

import typer
from rich.markdown import Markdown

from cli.context import Context, of, out
from core.errors import CopilotError
from core.scope import LOCAL


def ask(
    context: typer.Context,
    question: Annotated[str, typer.Argument(help="What you want to know.")],
    thread: Annotated[str | None, typer.Option(help="Conversation to go on with; default a new one.")] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Markdown as it is, for pipes.")] = False,
) -> None:
    """Ask the copilot; the answer names its sources."""
    asyncio.run(_ask(of(context), question, thread or str(uuid4()), plain=plain))


async def _ask(ctx: Context, question: str, thread: str, *, plain: bool) -> None:
    from api.services import build_services

    services = build_services(ctx.settings, ctx.clock)
    text: list[str] = []
    sources: list[str] = []
    async for event in services.copilot.run(question, thread_id=thread, run_id=str(uuid4()), scope=LOCAL):
        if event.type == "text_delta":
            text.append(event.data["text"])
        elif event.type == "citation":
            page = f", p. {event.data['page']}" if event.data.get("page") else ""
            sources.append(f"[{event.data['number']}] {event.data['title']}, {event.data['section']}{page}")
        elif event.type == "run_failed":
            raise RunRefused(event.data["message"], remedy=event.data.get("remedy", ""))
    answer = "".join(text)
    if plain:
        typer.echo(answer)
        typer.echo("\n".join(sources))
        return
    out.print(Markdown(answer))
    for source in sources:
        out.print(source, style="dim", highlight=False, markup=False)


class RunRefused(CopilotError):  # noqa: N818  # the house names errors by what happened
    """The run ended with an error that its events already describe."""

    code, exit_code = "refused", 2

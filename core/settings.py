"""Typed settings. Every field is an environment variable COPILOT_<NAME> and stands in docs/reference/settings.md."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="COPILOT_", extra="ignore")

    home: Path = Field(
        Path(".copilot"), description="Workspace folder: lake, warehouse, models, documents, app database."
    )
    host: str = Field("127.0.0.1", description="Address the API listens on.")
    port: int = Field(8080, ge=0, le=65535, description="Port the API listens on; 0 takes a free one.")
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.")
    seed: int = Field(20260301, description="Seed of every random draw.")
    stale_after_hours: float = Field(2.0, gt=0, description="Readings older than this are called stale.")
    max_message_bytes: int = Field(16_384, gt=0, description="Longest chat message accepted, in bytes.")
    max_body_bytes: int = Field(1_048_576, gt=0, description="Longest request body accepted, in bytes.")
    query_max_rows: int = Field(200_000, gt=0, description="Rows one warehouse query may return.")
    query_max_seconds: float = Field(10.0, gt=0, description="Seconds one warehouse query may take.")
    run_max_seconds: float = Field(120.0, gt=0, description="Seconds one chat run may take.")
    routing_threshold: float = Field(0.45, ge=0, le=1, description="Below this confidence the copilot asks back.")
    refresh_minutes: float = Field(10.0, ge=0, description="`up` re-publishes marts and scores this often; 0 never.")
    live_interval_seconds: float = Field(60.0, ge=0, description="`up` feeds demo readings this often; 0 never.")
    llm_base_url: str | None = Field(
        None, description="OpenAI-compatible endpoint, e.g. http://127.0.0.1:11434/v1; unset: no language model."
    )
    llm_model: str = Field("gpt-4o-mini", description="Model name sent to the endpoint.")
    llm_api_key: SecretStr | None = Field(None, description="Key of the endpoint.")
    llm_timeout_seconds: float = Field(
        20.0, gt=0, description="Longest wait for the endpoint before the deterministic answer stands."
    )
